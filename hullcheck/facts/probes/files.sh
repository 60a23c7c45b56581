# Each path that the engine may use goes into $wanted, as ROOT|PATH, and all are followed together. `PID/WORD VALUE` is about a
# dockerd or containerd. $root is where a daemon of root sees its files. ${long#*x} is slow: it takes the square of the length.
cd /proc || exit
exec 2>/dev/null
line_feed="
"
tab=$(printf "\t")
IFS=$line_feed
root="" wanted="" files="" of_users="" pids=" " links="" units="" tables="" folders="" daemons=" $daemons "
want() { wanted="$wanted$line_feed$root|$1"; } # PATH
use() {                                        # PATH or unix://PATH; certificates may be in it
  case ${1#unix://} in /*) want "${1#unix://}" ;; *) return 0 ;; esac
  case $1 in */bin/* | */sbin/*) ;; *) [ ! -f "$root$1" ] || files=$files$line_feed$root$1 ;; esac # no program
}
words() { # PID: uses what its arguments name; in $file its configuration
  file="" before=""
  for word in $(tr "\n\0" " \n" <"$1/cmdline"); do
    case $word in -*=*) before=${word%%=*} word=${word#*=} ;; esac
    case $before in --config-file | --config | -c) file=$word ;; esac
    before=$word
    use "$word"
  done
}
daemon() { # PID
  user="" group="" unit="" rootless="" home="" xdg="" certificates="" client="" manager=0
  while IFS=" $tab" read -r key _ word _; do
    case $key in Uid:) user=$word ;; Gid:) group=$word ;; esac
  done <"$1/status"
  if [ "$user" = 0 ] && [ -d "$1/root/." ]; then root=/proc/$1/root; fi
  printf "%s\n" "$1/root $root" "$1/group $group"
  while read -r line; do printf "%s/groups %s\n" "$1" "$line"; done <"$1/gid_map"
  while read -r line; do
    case $line in *.service | *.service/*) unit=${line%.service*}.service ;; esac
  done <"$1/cgroup"
  case $unit in */user@*.service/*) manager=${unit##*/user@} manager=${manager%%.service/*} ;; esac
  unit=${unit##*/}
  case $unit:$manager in
    :* | -* | user@* | *[!A-Za-z0-9:_.@-]* | *:*[!0-9]*) unit="" ;;
    *:0) units=$units$line_feed$unit ;;
    *) of_users="$of_users$line_feed$manager|${group:-$manager}|$unit" ;;
  esac
  [ -z "$unit" ] || printf "%s\n" "$1/unit $unit" "$1/manager $manager"
  known=$(tr "\n\0" " \n" <"$1/environ")
  for word in $known; do
    case $word in
      ROOTLESSKIT_STATE_DIR=?*) rootless=yes ;;
      HOME=*) home=${word#*=} ;;
      XDG_CONFIG_HOME=*) xdg=${word#*=} ;;
      DOCKER_CERT_PATH=*) certificates=${word#*=} ;;
      DOCKER_CONFIG=*) client=${word#*=} ;;
    esac
  done
  top=/etc/docker home=${home:-/root}
  [ -z "$rootless" ] || top=${xdg:-$home/.config}/docker
  want /etc/docker
  want /run/containerd/containerd.sock
  words "$1"
  file=${file:-$top/daemon.json}
  want "${file%/*}"
  use "$file"
  # shellcheck disable=SC2013 # a word is a line here
  for word in $(grep -ohsE '"(unix://)?/[^"\\]+"' "$root$file"); do
    word=${word#\"}
    use "${word%\"}"
  done
  for word in $seen; do
    case $word in "$1/socket "*) want "${word#* }" ;; esac
  done
  [ -n "$known" ] || [ "$user" = 0 ] || return 0
  printf "%s/registries %s\n" "$1" "$top/certs.d"
  want "$top/certs.d"
  set +f
  for place in "$root$top/certs.d" "$root$top"/certs.d/* "$root$top"/certs.d/*/*; do
    case $place in *\*) continue ;; esac
    want "${place#"$root"}"
    [ ! -d "$place" ] || { [ -r "$place" ] && [ -e "$place/." ]; } || printf "%s/closed %s\n" "$1" "${place#"$root"}"
  done
  set -f
  [ -n "$known" ] || return 0
  certificates=${certificates:-${client:-$home/.docker}}
  printf "%s/tls %s\n" "$1" "$certificates"
  for word in key ca cert; do use "$certificates/$word.pem"; done
}
show() { # WHOSE, then systemctl as a command, with units
  manager=$1
  shift
  printf "manager %s\n" "$manager"
  XDG_RUNTIME_DIR=/run/user/$manager "$@" docker.socket "*docker*.socket" "--property=Id,MainPID,FragmentPath,DropInPaths,EnvironmentFiles,Triggers,TriggeredBy,Listen,SocketMode,SocketUser,SocketGroup,ExecCondition,ExecStartPre,ExecStart,ExecStartPost,ExecReload,ExecStop,ExecStopPost"
}

echo --processes
started=$(ls -ln [0-9]*/exe |
  grep -E " [0-9]+/exe -> /(.*/)?(containerd-shim(-[a-z0-9-]*)?|(dockerd|containerd|runc)( [(]deleted[)])?)$")
set -f
for line in $started; do
  pid=${line%%/exe -> *} path=${line#*/exe -> }
  pid=${pid##* } links=$links$line_feed${pid##* }/ns/mnt
  case $folders: in *:"${path%/*}":*) ;; *) folders=$folders:${path%/*} ;; esac
  printf "%s/running %s\n" "$pid" "$path"
  case $path in */dockerd* | */containerd | */containerd" "*) pids="$pids$pid " ;; esac
done
IFS=" $line_feed"
for pid in $daemons; do case $pids in *" $pid "*) ;; *) pids="$pids$pid " ;; esac done
for pid in $pids; do links=$links$line_feed$pid/fd tables=$tables$line_feed$pid/net/unix; done
# shellcheck disable=SC2016,SC2086 # one word for each file
seen=$({
  ls -ln self/exe $links
  grep -aHs " 00010000 .* /" self/net/unix $tables
} | awk -v daemons="$daemons" '
  /^[0-9]+\/fd:$/ { pid = $1; sub("/.*", "", pid) }
  !/^[a-z0-9]+\/net/ && (at = index($0, " -> ")) {
    name = substr($0, 1, at - 1); sub(".* ", "", name); to = substr($0, at + 4)
    if (sub("/ns/mnt$", "/mnt", name)) print name " " to
    else if (to ~ "^socket:") held[pid " " to] = 1
    else if (sub("/io[.]containerd[.]metadata[.]v1[.]bolt/meta[.]db$", "", to)) print pid "/held " to
  }
  /^[0-9]+\/net\/unix:/ && (at = index($0, " /")) {
    pid = $1; sub("/.*", "", pid); path = substr($0, at + 1)
    if (held[pid " socket:[" $7 "]"] || index(daemons, " " pid " ") && path ~ "/containerd[.]sock$|docker")
      print pid "/socket " path
  }')
printf "%s\n" "$seen"
for pid in $pids; do
  IFS=$line_feed root=""
  case $daemons in
    *" $pid "*) [ ! -r "$pid/status" ] || daemon "$pid" ;; # it may have ended since it was listed
    *)
      words "$pid"
      want "${file:=/etc/containerd/config.toml}"
      printf "%s/config %s\n" "$pid" "$file"
      ;;
  esac
done

echo --units
IFS=$line_feed root="" init=""
[ ! -r 1/comm ] || read -r init <1/comm
told=$( # another mount may hide its folder from here
  if [ -d /run/systemd/system ]; then
    # shellcheck disable=SC2086 # one word for each unit
    show 0 systemctl show docker.service snap.docker.dockerd.service $units
  elif [ "$init" != systemd ]; then
    echo unmanaged
  fi
  for line in $of_users; do
    manager=${line%%"|"*} group=${line#*"|"}
    if [ "$manager" = "$(id -u)" ]; then set --; else # not --machine, which logs the user in
      set -- setpriv "--reuid=$manager" "--regid=${group%%"|"*}" --clear-groups
    fi
    show "$manager" "$@" systemctl --user show "${line##*"|"}"
  done
)
printf "%s\n" "$told"
IFS=$line_feed
for line in $told; do
  IFS=" "
  case $line in
    Exec*path=/*) line=${line#*path=} line=${line%% ;*} ;;
    FragmentPath=/* | DropInPaths=/*) line=${line#*=} ;;
    EnvironmentFiles=/*) line=${line#*=} line=${line%" ("*} && set +f ;; # a pattern
    *) line="" ;;
  esac
  for path in $line; do want "$path"; done
  set -f
  IFS=$line_feed
done

data_root=$(
  . data_root.sh
  printf "%s" "$root"
)
names="containerd containerd-shim containerd-shim-runc-v1 containerd-shim-runc-v2 runc"
# shellcheck disable=SC2154 # what the question engine answered
for path in $(printf "%s" "$engine" | grep -o '"path":"[^"\\]*'); do
  path=${path##*\"}
  case $path in /*) want "$path" ;; *) names="$names $path" ;; esac
done
IFS=": $line_feed"
for path in default/docker sysconfig/docker init.d/docker conf.d/docker containerd/config.toml; do want /etc/$path; done
[ -z "$data_root" ] || want "$data_root"
for path in $PATH$folders; do
  for name in $names; do [ ! -f "$path/$name" ] || want "$path/$name"; done
done

echo --nodes
IFS=$line_feed stats="" last=""
while :; do # once for each link behind a link
  new=$(printf "%s\n" "$stats" "$wanted" | awk -v "quote='" '
    function see(name) { if (!(name in seen)) { seen[name] = 1; print name } }
    /^stat: / {
      name = substr($0, index($0, " " quote) + 2)
      gone[substr(name, 1, match(name, quote ": [^:]*$") - 1)] = 1
    }
    /^[0-9a-f]+:/ {
      name = $0
      for (n = 0; n < 4; n++) name = substr(name, index(name, ":") + 1)
      gsub("^[\"" quote "]|[\"" quote "]$", "", name)
      at = index(name, quote " -> " quote)
      if (at) { target[substr(name, 1, at - 1)] = substr(name, at + 6); name = substr(name, 1, at - 1) }
      seen[name] = 1
    }
    /^(\/[^|]*)?[|]/ {
      root = substr($0, 1, index($0, "|") - 1); rest = substr($0, length(root) + 2); at = ""; hops = 0
      see(root "/")
      while (rest != "" && hops < 40) {
        n = index(rest "/", "/"); part = substr(rest, 1, n - 1); rest = substr(rest, n + 1)
        name = root at "/" part
        if (part == "..") sub("/[^/]*$", "", at)
        if (part ~ "^[.]?[.]?$") continue
        if (name in gone) break
        see(name)
        if (name in target) { rest = target[name] "/" rest; if (rest ~ "^/") at = ""; hops++ } else at = at "/" part
      }
    }')
  [ -n "$new" ] && [ "$new" != "$last" ] || break # a name that stat(1) does not print as it is
  # shellcheck disable=SC2086 # one word for each file
  stats=$stats$(QUOTING_STYLE=shell-always stat -c "%f:%u:%g:%G:%N" $new 2>&1)$line_feed
  last=$new
done
printf "%s" "$stats"
sockets=""
for line in $stats; do
  case $line in c???:*/*) line=/${line#*/} sockets=$sockets$line_feed${line%"'"} ;; esac
done

# shellcheck disable=SC2086 # one word for each file
{
  echo --acl
  if [ -n "$sockets" ] && command -v getfacl >/dev/null; then
    getfacl -n -p -a -E $sockets
  elif [ -n "$sockets" ] && ls --version | grep -q coreutils; then # others show no plus sign
    ls -ldn $sockets | sed -n "s/^[^+ ]* [^\/]*/none:/p"
  fi
  echo --certificates
  [ -z "$files" ] || awk 'FNR == 1 || /PRIVATE/ { on = 0 }
    /^-----BEGIN CERTIFICATE-----/ { on = 1 }
    { sub("[ \t\r]+$", "") }
    on && /^([A-Za-z0-9+\/=]*|-----(BEGIN|END) CERTIFICATE-----)$/ { print FILENAME ":" $0 }
    /^-----END/ { on = 0 }' $files # and nothing else that may be in them
  echo --times
  [ -z "$files" ] || stat -L -c "%y|%z|%n" $files
  echo --devices
  lsblk -J -o KNAME,NAME,MAJ:MIN,TYPE
}
echo --end
