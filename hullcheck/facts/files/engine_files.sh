. bind_mounts.sh
. socket_relays.sh
. bound_sockets.sh
. waiting_sockets.sh
. unit_code.sh
cd /proc || exit
nonce=$(od -An -N16 -tx1 /dev/urandom | tr -d " \n")
[ ${#nonce} -eq 32 ] || exit
exec 3>&1
line_feed="
"
say() { printf "%s %s %s\n" "$nonce" "$1" "$2"; }
node() { printf "%s\0" "$root$1" >&4; }

acl() { # who else may use the file $at; nothing where that cannot be told
  if command -v getfacl >/dev/null; then
    say acl "$(getfacl -n -p -a -E "$root$at" 2>/dev/null)"
  else
    case $(ls -ldn "$root$at") in
      ??????????+*) ;;
      *) case $(ls --version 2>/dev/null) in *coreutils*) say acl none ;; esac ;; # others show no plus sign
    esac
  fi
}

walk() { # PATH: to its end, which is $at then
  say asked "$1"
  rest=$1 at="" links=0 passed=""
  node /
  while [ -n "$rest" ]; do
    part=${rest%%/*}
    case $rest in */*) rest=${rest#*/} ;; *) rest="" ;; esac
    case $part in "" | .) continue ;; ..)
      at=${at%/*}
      continue
      ;;
    esac
    next=$at/$part
    if [ -L "$root$next" ]; then
      links=$((links + 1))
      target=$(
        readlink "$root$next"
        echo .
      )
      case $target in *"$line_feed".) ;; *) links=99 ;; esac
      [ $links -le 40 ] || {
        say unread "$next"
        return 1
      }
      target=${target%??}
      node "$next"
      say link "$next"
      passed=$passed$line_feed$next
      case $target in /*) at="" ;; esac
      rest=$target/$rest
    elif [ -e "$root$next" ]; then
      at=$next
      node "$at"
    else
      case $(ls -d "$root$next" 2>&1) in
        *": No such file or directory" | *": Not a directory") say absent "$next" ;;
        *) say unread "$next" ;;
      esac
      return 1
    fi
  done
  say found "${at:-/}"
  sources_of "$at" | while IFS= read -r source; do
    case $source in upper:*) upper_of "$source" "$root" || continue ;; esac
    say mount "$source"
    while source=${source%/*} && [ -n "$source" ]; do node "$source"; done
  done
  [ ! -S "$root$at" ] || acl
}

private() { # whether the file $at holds a private key, beside what else is in it
  [ -f "$root$at" ] || return 0
  grep -q "PRIVATE KEY-----" "$root$at" 2>/dev/null
  case $? in 0) say private "" ;; 1) ;; *) say private unread ;; esac
}

list() { # PATH DEPTH: it and all that lies below
  walk "$1" || return 0
  private
  case $2$1 in
    2*/hosts.toml) # names files elsewhere: to be told as some of here
      grep -o "[\"'][^\"']*/[^\"']*[\"']" "$root$at" 2>/dev/null | tr -d "\"'" | while IFS= read -r entry; do
        case $entry in /*) entry=../../../../../../../..$entry ;; esac
        [ ! -f "$root${at%/*}/$entry" ] || (list "${1%/*}/$entry" 0)
      done
      ;;
  esac
  [ -d "$root$at" ] || return 0
  if [ ! -r "$root$at" ] || [ ! -x "$root$at" ] || [ "$2" -gt 5 ]; then
    say closed "$1"
    return 0
  fi
  for entry in "$root$at"/* "$root$at"/.[!.]* "$root$at"/..?*; do
    if [ -e "$entry" ] || [ -L "$entry" ]; then list "$1/${entry##*/}" $(($2 + 1)); fi
  done
}

from_daemon() { # PATH: as the daemon takes it
  case $1 in
    "") ;;
    unix:///*) walk "${1#unix://}" ;;
    /*) walk "$1" ;;
    *) [ -z "$directory" ] || walk "$directory/$1" ;;
  esac
}

changed() { # PATH, of TLS: also when it was changed, and the links to it
  [ -n "$1" ] && from_daemon "$1" && [ -f "$root$at" ] || return 1
  printf "%s\n" "$at$passed" | while IFS= read -r place; do
    say changed "$(stat -c "%y|%z" "$root$place")"
    while place=${place%/*} && [ -n "$place" ]; do say above "$(stat -c "%y|%z" "$root$place")"; done
  done
}

certificate() { # PATH: also the certificates in it, and nothing else that may be in the same file
  changed "$1" || return 0
  private
  say pem "$(sed "s/[[:space:]]*$//" "$root$at" | sed -n "/^-----BEGIN CERTIFICATE-----/,/^-----END CERTIFICATE-----/{
    /PRIVATE/q
    /^[A-Za-z0-9+\/=]*$/p
    /^-----[BEGIND]* CERTIFICATE-----$/p
  }")"
}

command_line() { # what the command line names: its file in $file, certificates, keys, others in $others
  file="" certificates_named="" keys_named="" others="" before=""
  set -f
  IFS=$line_feed
  for word in $(tr "\n\0" " \n" <"$folder/cmdline" | sed "s/^\(--[a-z-]*\)=\(.\)/\1\n\2/"); do
    case $before in
      --config-file) file=$word ;;
      --tlscacert | --tlscert) certificates_named=$certificates_named$line_feed$word ;;
      --tlskey) keys_named=$keys_named$line_feed$word ;;
      --containerd) others=$others$line_feed$word ;;
      -H | --host) case $word in unix://*) others=$others$line_feed$word ;; esac ;;
    esac
    before=$word
  done
  unset IFS
  set +f
}

environment() { # the variables that name directories
  rootless="" home="" xdg="" certificates="" client=""
  known=$(tr "\n\0" " \n" 2>/dev/null <"$folder/environ")
  set -f
  IFS=$line_feed
  for word in $known; do
    case $word in
      ROOTLESSKIT_STATE_DIR=?*) rootless=yes ;;
      HOME=*) home=${word#*=} ;;
      XDG_CONFIG_HOME=*) xdg=${word#*=} ;;
      DOCKER_CERT_PATH=*) certificates=${word#*=} ;;
      DOCKER_CONFIG=*) client=${word#*=} ;;
    esac
  done
  unset IFS
  set +f
  [ -n "$home" ] || [ -z "$known" ] ||
    home=$(sed -n "s/^[^:]*:[^:]*:$user:[^:]*:[^:]*:\([^:]*\):.*/\1/p" /etc/passwd | head -n 1)
}

sockets() { # those that it holds, or by their names may hold; and those that may be containerd's
  held=$(ls -ln "$folder/fd" 2>/dev/null | sed -n "s/.*-> socket:\[\([0-9]*\)\]$/ \1 /p")
  bound=$(bound_sockets "$folder")
  listening="^[0-9a-f]*: [0-9A-F]* [0-9]* 00010000 [0-9]* [0-9]* *\([0-9]*\) \([^@].*\)"
  sed -n "s/$listening/\1 \2/p" "$folder/net/unix" | {
    lost="" own=$line_feed
    while IFS= read -r line; do
      case "$held $line " in
        *" ${line%% *} "*" $line "* | *"/containerd.sock ")
          from_daemon "${line#* }" || continue
          if was_replaced "$bound" "${line%% *}" "$root$at"; then
            lost=$lost$at//${line#* }$line_feed
          else
            case $held in *" ${line%% *} "*) own=$own$at$line_feed ;; esac
          fi
          ;;
        *docker*) [ -n "$held" ] || from_daemon "${line#* }" ;;
      esac
    done
    # The daemon may itself have put its own in the place of that which systemd made for it.
    printf "%s" "$lost" | while IFS= read -r line; do
      case $own in *"$line_feed${line%%//*}$line_feed"*) ;; *) say replaced "${line#*//}" ;; esac
    done
  }
  walk /run/containerd/containerd.sock
  socket_relays "$folder" "$held" | while IFS= read -r line; do
    say relay "$line"
    case $line in *" /"*) from_daemon "${line#* }" ;; esac
  done
}

value_of() { # NAME: the text that the configuration in $text gives for it
  printf "%s" "$text" | sed -n "s/.*\"$1\"[[:space:]]*:[[:space:]]*\"\([^\"\\\\]*\)\".*/\1/p"
}

configuration() { # its file, the directories of it, and what it names
  if [ -z "$file" ]; then
    file=/etc/docker/daemon.json
    [ -z "$rootless" ] || file=${xdg:-$home/.config}/docker/daemon.json
  fi
  case $file in /*) walk "${file%/*}/" ;; */*) from_daemon "${file%/*}/" ;; *) from_daemon ./ ;; esac
  walk /etc/docker/
  from_daemon "$file" && [ -f "$root$at" ] || return 0
  text=$(head -c 1000000 "$root$at" 2>/dev/null | tr "\n" " ")
  others=$others$line_feed$(printf "%s" "$text" | grep -o "\"unix://[^\"\\\\]*" | tr -d "\"")
  certificates_named=$certificates_named$line_feed$(value_of tlscacert)$line_feed$(value_of tlscert)
  keys_named=$keys_named$line_feed$(value_of tlskey)
  others=$others$line_feed$(value_of containerd)
}

named() { # what the options name, and what stands in for those that are missing
  set -f
  IFS=$line_feed
  for word in $others; do from_daemon "$word"; done
  for word in $keys_named; do changed "$word"; done
  for word in $certificates_named; do certificate "$word"; done
  unset IFS
  set +f
  [ -n "$known" ] || [ "$user" = 0 ] || return 0
  registries=/etc/docker/certs.d
  [ -z "$rootless" ] || registries=${xdg:-$home/.config}/docker/certs.d
  say registries "$registries"
  list "$registries" 0
  [ -n "$known" ] || return 0
  say tls "${certificates:-${client:-$home/.docker}}"
  changed "${certificates:-${client:-$home/.docker}}/key.pem"
  for word in ca cert; do certificate "${certificates:-${client:-$home/.docker}}/$word.pem"; done
}

unit_of() { # the unit in whose control group it is: $unit; the user whose systemd that is: $manager
  service="\(.*\.service\)\(\/.*\)*$"
  unit=$(sed -n -e "s/^[0-9]*:name=systemd:$service/\1/p" -e "s/^0::$service/\1/p" "$folder/cgroup" |
    tail -n 1)
  manager=0
  case $unit in */user@*.service/*) manager=${unit##*/user@} manager=${manager%%.service/*} ;; esac
  unit=${unit##*/}
  case $unit in -* | user@* | *[!A-Za-z0-9:_.@-]*) unit="" ;; esac
  case $manager in "" | *[!0-9]*) unit="" ;; esac
  [ -z "$unit" ] || say manager_of_unit "$manager"
}

properties=@PROPERTIES@
properties=$properties,Names,Environment,WorkingDirectory
for command in Condition StartPre Start StartPost Reload Stop StopPre StopPost; do properties=$properties,Exec$command; done
show() { # WHOSE, then systemctl as a command: what systemd knows of units, and the files that it names
  manager=$1
  say manager "$manager"
  root=""
  mounts_of self
  runtime=/run/user/$manager
  shift
  set -f
  text=$(XDG_RUNTIME_DIR=$runtime "$@" --property=$properties 2>/dev/null) || text=""
  others=$(starters "$text" "$*" "$manager")
  if [ -n "$others" ]; then
    # shellcheck disable=SC2086 # one word for each unit
    text=$(XDG_RUNTIME_DIR=$runtime "$@" $others --property=$properties 2>/dev/null) || text=""
  fi
  [ "$manager" != 0 ] || places=$(systemctl show --property=UnitPath 2>/dev/null)
  places=${places#UnitPath=}
  places=${places:-/etc/systemd/system /run/systemd/system}
  [ -n "$text" ] || say silent ""
  work=$(printf "%s\n" "$text" | sed -n "s/^WorkingDirectory=!\{0,1\}\(\/..*\)/\1/p")
  printf "%s\n" "$text" | while IFS= read -r line; do
    case $line in
      Names=*) names=${line#*=} ;;
      Environment=*) code_of "${line#*=}" ;;
      Exec*path=/*) runs "${line#*path=}" ;;
      Exec* | WorkingDirectory=*) ;;
      *) [ -z "$text" ] || say property "$line" ;;
    esac
    case $line in
      FragmentPath=/*)
        walk "${line#*=}"
        unit_folders "${line#*=}" "$names"
        ;;
      DropInPaths=/*) for file in ${line#*=}; do walk "$file"; done ;;
      EnvironmentFiles=/*) environment_file "${line#*=}" ;;
    esac
  done
  set +f
}

runs() { # PATH ; argv[]=WORDS ; ...: a program, and the scripts that its words may be, or lie where they lead to
  words=${1#*" ; argv[]="} near=$work
  set -- "${1%%" ; argv[]="*}"
  program "$1"
  case ${1##*/} in dockerd) return 0 ;; esac # its files are judged elsewhere
  for word in $(printf "%s" "${words%%" ; ignore_errors="*}" | tr ";&|()<>{}\"'\`" " "); do
    case $word in
      "$1" | -*) ;;
      /*) if [ -f "$word" ]; then program "$word"; elif [ -d "$word" ]; then near="$near $word"; fi ;;
      *) for place in "" $near; do [ ! -f "$place/$word" ] || program "$place/${word#./}"; done ;;
    esac
  done
}

environment_file() { # PATTERN (...): the files that it stands for
  pattern=${1%" ("*}
  case $manager:$pattern in
    0:*) ;;
    *[*?[]*) # no user has root search the host
      say match "$pattern"
      say asked "$pattern"
      say unread "$pattern"
      return 0
      ;;
  esac
  IFS=$line_feed
  set +f
  for file in $pattern; do
    say match "$file"
    walk "$file" || {
      place=${file%/*}
      until [ -d "$place/" ]; do place=${place%/*}; done
      folder "${place:-/}"
    }
  done
  set -f
  unset IFS
}

{
  asked="docker.service snap.docker.dockerd.service docker.socket" scripts=""
  for folder in ${daemons?}; do
    status=$(cat "$folder/status" 2>/dev/null)
    [ -n "$status" ] || continue # it has ended since it was listed
    user=$(printf "%s\n" "$status" | sed -n "s/^Uid:[^0-9]*[0-9]*[^0-9]*\([0-9]*\).*/\1/p")
    root=""
    mounts_of self
    if [ "$user" = 0 ] && [ -d "$folder/root/." ]; then
      root=/proc/$folder/root
      mounts_of "$folder"
    fi
    say dockerd "$folder"
    say root "$root"
    group=$(printf "%s\n" "$status" | sed -n "s/^Gid:[^0-9]*[0-9]*[^0-9]*\([0-9]*\).*/\1/p")
    say group "$group"
    say groups "$(cat "$folder/gid_map" 2>/dev/null)"
    parent=$(printf "%s\n" "$status" | sed -n "s/^PPid:[^0-9]*//p")
    say parents "$parent $(sed -n "s/^PPid:[^0-9]*//p" "${parent:-self}/status" 2>/dev/null)"
    directory=$(readlink "$folder/cwd")
    say directory "$directory"
    place=$(readlink "$parent/cwd") # of runit, s6 and daemontools the directory of the script
    [ ! -d "$place/supervise" ] || scripts="$scripts $place/run $place/conf"
    command_line
    environment
    configuration
    named
    sockets
    unit_of
    case $unit:$manager in
      :*) ;;
      *:0) asked="$asked $unit" ;;
      *:"$(id -u)") show "$manager" systemctl --user show "$unit" docker.socket ;;
      *) # not --machine, which logs the user in
        become="setpriv --reuid=$manager --regid=${group:-$manager} --clear-groups"
        # shellcheck disable=SC2086 # a command with its options
        show "$manager" $become systemctl --user show "$unit" docker.socket
        ;;
    esac
  done
  root=""
  mounts_of self
  say host ""
  # Another mount may hide its folder from here.
  [ -d /run/systemd/system ] || grep -qsx systemd /proc/1/comm || {
    say unmanaged ""
    scripts="$scripts $(grep -ls dockerd /etc/init.d/* /etc/rc.local /etc/local.d/*.start /etc/inittab /etc/dinit.d/*)"
    for script in /etc/init.d/docker /etc/conf.d/docker /etc/sv/docker/run $scripts; do walk "$script"; done
  }
  walk /etc/default/docker
  walk /etc/sysconfig/docker
  # shellcheck disable=SC2086 # one word for each unit
  if [ -d /run/systemd/system ]; then show 0 systemctl show $asked; fi
} 4>&1 >&3 | sort -zu | xargs -0 sh -c 'stat -c "$0 stat %f:%u:%g:%G:%n" "$@"' "$nonce"
exit 0
