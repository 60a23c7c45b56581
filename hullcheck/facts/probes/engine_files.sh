cd /proc || exit
line_feed="
"
tab=$(printf "\t")
set -f
nodes=$line_feed found_sockets="" tls_files=""
say() { printf "%s %s\n" "$1" "$2"; }
node() { case $nodes in *"$line_feed$root$1$line_feed"*) ;; *) nodes=$nodes$root$1$line_feed ;; esac }

walk() { # PATH: link by link to its end, which is $at then
  case $1 in *"$line_feed"*) return 1 ;; esac
  say asked "$1"
  rest=$1 at="" links=0
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
      target=$(readlink "$root$next")
      links=$((links + 1))
      case $links:$target in 41:* | *"$line_feed"*)
        say unread "$next"
        return 1
        ;;
      esac
      node "$next"
      say link "$next"
      case $target in /*) at="" ;; esac
      rest=$target/$rest
    elif [ -e "$root$next" ]; then
      at=$next
      node "$at"
    else
      if [ -d "$root$at/" ] && [ ! -x "$root$at/" ]; then say unread "$next"; else say absent "$next"; fi
      return 1
    fi
  done
  say found "${at:-/}"
  [ ! -S "$root$at" ] || found_sockets=$found_sockets$line_feed$root$at
}

from_daemon() { # PATH: as the daemon takes it
  case $1 in
    "") return 1 ;;
    unix:///*) walk "${1#unix://}" ;;
    /*) walk "$1" ;;
    *) [ -n "$directory" ] && walk "$directory/$1" ;;
  esac
}

tls() { # PATH, of a file of TLS
  from_daemon "$1" && [ -f "$root$at" ] && tls_files=$tls_files$line_feed$root$at
}

certificate() { # PATH: also the certificates in it, and nothing else that may be in the same file
  tls "$1" || return 0
  sed -n "s/[[:space:]]*$//;/^-----BEGIN CERTIFICATE-----/,/^-----END CERTIFICATE-----/{
    /PRIVATE/q
    /^[A-Za-z0-9+\/=]*$/s/^/pem /p
    /^-----[BEGIND]* CERTIFICATE-----$/s/^/pem /p
  }" "$root$at"
}

status_of() { # PROCESS
  parent="" user="" group=""
  while IFS=" $tab" read -r key first second _; do
    case $key in PPid:) parent=$first ;; Uid:) user=$second ;; Gid:) group=$second ;; esac
  done 2>/dev/null <"$1/status"
}

command_line() { # its file in $file; in $named the options that name others, each as OPTION|PATH
  file="" named="" before=""
  for word in $(tr "\n\0" " \n" <"$folder/cmdline"); do
    case $word in --*=*) before=${word%%=*} word=${word#*=} ;; esac
    case $before in
      --config-file) file=$word ;;
      --tlscacert | --tlscert | --tlskey | --containerd | -H | --host) named="$named$line_feed$before|$word" ;;
    esac
    before=$word
  done
}

environment() { # the variables that name directories
  rootless="" home="" xdg="" certificates="" client=""
  known=$(tr "\n\0" " \n" 2>/dev/null <"$folder/environ")
  for word in $known; do
    case $word in
      ROOTLESSKIT_STATE_DIR=?*) rootless=yes ;;
      HOME=*) home=${word#*=} ;;
      XDG_CONFIG_HOME=*) xdg=${word#*=} ;;
      DOCKER_CERT_PATH=*) certificates=${word#*=} ;;
      DOCKER_CONFIG=*) client=${word#*=} ;;
    esac
  done
  [ -n "$home" ] || [ -z "$known" ] ||
    home=$(sed -n "/^[^:]*:[^:]*:$user:/{s/^\([^:]*:\)\{5\}\([^:]*\).*/\2/p;q;}" /etc/passwd)
}

configuration() { # its file, the directories of it, and what it names
  if [ -z "$file" ]; then
    file=/etc/docker/daemon.json
    [ -z "$rootless" ] || file=${xdg:-$home/.config}/docker/daemon.json
  fi
  case $file in */*) from_daemon "${file%/*}/" ;; *) from_daemon ./ ;; esac
  walk /etc/docker/
  from_daemon "$file" && [ -f "$root$at" ] || return 0
  for word in $(tr "\n" " " 2>/dev/null <"$root$at" | grep -oE \
    "\"(tlscacert|tlscert|tlskey|containerd)\"[[:space:]]*:[[:space:]]*\"[^\"\\\\]+|\"unix://[^\"\\\\]+"); do
    word=${word#\"}
    named="$named$line_feed--${word%%\"*}|${word##*\"}"
  done
}

named() { # what the options name, and what stands in for those that are missing
  for word in $named; do
    case $word in
      --tlskey*) tls "${word#*|}" ;;
      --tls*) certificate "${word#*|}" ;;
      *unix://* | --containerd*) from_daemon "${word#*|}" ;;
    esac
  done
  [ -n "$known" ] || [ "$user" = 0 ] || return 0
  registries=/etc/docker/certs.d
  [ -z "$rootless" ] || registries=${xdg:-$home/.config}/docker/certs.d
  say registries "$registries"
  if walk "$registries"; then
    top=$root$at
    set +f
    for place in "$top" "$top"/* "$top"/*/*; do
      case $place in *\*) continue ;; esac
      walk "$registries${place#"$top"}" && [ -d "$root$at" ] || continue
      [ -r "$root$at" ] && [ -x "$root$at" ] || say closed "$registries${place#"$top"}"
    done
    set -f
  fi
  [ -n "$known" ] || return 0
  certificates=${certificates:-${client:-$home/.docker}}
  say tls "$certificates"
  tls "$certificates/key.pem"
  for word in ca cert; do certificate "$certificates/$word.pem"; done
}

sockets() { # those that it holds, and those that may be containerd's
  held=$(ls -ln "$folder/fd" 2>/dev/null | sed -n "s/.*-> socket:\[\([0-9]*\)\]$/ \1 /p")
  listening=$(sed -n "s/^[0-9a-f]*: [0-9A-F]* [0-9]* 00010000 [0-9]* [0-9]* *\([0-9]* [^@].*\)/\1/p" "$folder/net/unix")
  for line in $listening; do
    case "$held $line " in
      *" ${line%% *} "*" $line "* | *"/containerd.sock ") from_daemon "${line#* }" ;;
      " "*docker*) from_daemon "${line#* }" ;; # who may not see what the daemon holds
    esac
  done
  walk /run/containerd/containerd.sock
}

unit_of() { # the unit in whose control group it is: $unit; the user whose systemd that is: $manager
  unit="" manager=0
  while IFS=: read -r number controllers path; do
    case $number:$controllers:$path in
      0::*.service | 0::*.service/* | *:name=systemd:*.service | *:name=systemd:*.service/*) unit=${path%.service*}.service ;;
    esac
  done 2>/dev/null <"$folder/cgroup"
  case $unit in */user@*.service/*) manager=${unit##*/user@} manager=${manager%%.service/*} ;; esac
  unit=${unit##*/}
  case $unit in -* | user@* | *[!A-Za-z0-9:_.@-]*) unit="" ;; esac
  case $manager in "" | *[!0-9]*) unit="" ;; esac
  [ -z "$unit" ] || say manager_of_unit "$manager"
}

show() { # WHOSE, then systemctl as a command: what systemd knows of units, and the files that it names
  say manager "$1"
  root="" runtime=/run/user/$1
  shift
  text=$(properties_of "$@")
  [ -n "$text" ] || say silent ""
  IFS=" $line_feed" others=" "
  for name in $text; do
    name=${name#TriggeredBy=}
    case $name in -* | *[!A-Za-z0-9:_.@-]*) continue ;; *.socket) ;; *) continue ;; esac
    case " $* $others" in *" $name "*) ;; *) others="$others$name " ;; esac
  done
  # shellcheck disable=SC2086 # one word for each unit
  [ "$others" = " " ] || text="$text${line_feed}end$line_feed$(properties_of "$@" $others)"
  IFS=$line_feed
  for line in $text; do
    case $line in
      end) say property "" ;;
      program\ *)
        say program "${line#* }"
        walk "${line#* }"
        ;;
      *) say property "$line" ;;
    esac
    case $line in
      FragmentPath=/*) walk "${line#*=}" ;;
      DropInPaths=/*)
        IFS=" "
        for file in ${line#*=}; do walk "$file"; done
        IFS=$line_feed
        ;;
      EnvironmentFiles=/*) # a pattern
        line=${line#*=}
        set +f
        for file in ${line%" ("*}; do
          say match "$file"
          walk "$file"
        done
        set -f
        ;;
    esac
  done
}

properties_of() { # as that; with `end` after each unit but the last
  XDG_RUNTIME_DIR=$runtime "$@" "--property=@PROPERTIES@" 2>/dev/null |
    sed -e "s/^$/end/" -e "s/^Exec[A-Za-z]*={ path=\(\/[^;]*\) ;.*/program \1/" -e "/^Exec/d"
}

asked=docker.service${line_feed}snap.docker.dockerd.service${line_feed}docker.socket
for folder in ${daemons?}; do
  [ -r "$folder/status" ] || continue # it has ended since it was listed
  IFS=$line_feed root=""
  status_of "$folder"
  if [ "$user" = 0 ] && [ -d "$folder/root/." ]; then root=/proc/$folder/root; fi
  say dockerd "$folder"
  say root "$root"
  say group "$group"
  while read -r line; do say groups "$line"; done 2>/dev/null <"$folder/gid_map"
  own=$user:$group
  parents=$parent
  status_of "${parent:-self}"
  say parents "$parents $parent"
  user=${own%:*} group=${own#*:}
  directory=$(readlink "$folder/cwd")
  say directory "$directory"
  command_line
  environment
  configuration
  named
  sockets
  unit_of
  case $unit:$manager in
    :*) ;;
    *:0) case $line_feed$asked$line_feed in *"$line_feed$unit$line_feed"*) ;; *) asked=$asked$line_feed$unit ;; esac ;;
    *:"$(id -u)") show "$manager" systemctl --user show "$unit" docker.socket ;;
    *) # not --machine, which logs the user in
      show "$manager" setpriv "--reuid=$manager" "--regid=${group:-$manager}" --clear-groups \
        systemctl --user show "$unit" docker.socket
      ;;
  esac
done
IFS=$line_feed root=""
say host ""
read -r init 2>/dev/null </proc/1/comm
# Another mount may hide its folder from here.
[ -d /run/systemd/system ] || [ "$init" = systemd ] || {
  say unmanaged ""
  for file in /etc/init.d/docker /etc/conf.d/docker; do walk "$file"; done
}
for file in /etc/default/docker /etc/sysconfig/docker; do walk "$file"; done
# shellcheck disable=SC2086 # one word for each unit
if [ -d /run/systemd/system ]; then show 0 systemctl show $asked; fi
# shellcheck disable=SC2086 # one word for each path
{
  stat -c "stat %f:%u:%g:%G:%n" $nodes
  [ -z "$tls_files" ] || stat -c "changed %y|%z|%n" $tls_files
  if [ -n "$found_sockets" ] && command -v getfacl >/dev/null; then
    getfacl -n -p -a -E $found_sockets | sed -n "s/^./acl &/p"
  elif [ -n "$found_sockets" ]; then
    case $(ls --version) in *coreutils*) # others show no plus sign
      ls -ldn $found_sockets | sed -n "s/^[^+ ]* [^\/]*/acl none /p"
      ;;
    esac
  fi
} 2>/dev/null
exit 0
