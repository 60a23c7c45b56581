# Each path that the engine may use goes into $wanted, as ROOT|PATH, and all are followed together. $root is where a
# daemon of root sees its files. `PID/WORD VALUE` is about a dockerd or containerd. ${long#*x} takes quadratic time.
# shellcheck disable=SC2020,SC2086,SC2154 # one word for each path; the prologue has set $daemons, and the probe engine $engine
cd /proc || exit
exec 2>/dev/null
tab=$(printf "\t")
IFS=$line_feed
root="" wanted="" files="" users="" pids=" $daemons " links="" units="" folders="" daemons=" $daemons "
want() { wanted="$wanted$line_feed$root|$1"; } # PATH
use() {                                        # PATH or unix://PATH; certificates may be in it
  case ${1#unix://} in /*) want "${1#unix://}" ;; *) return 0 ;; esac
  case $1 in */bin/* | */sbin/*) ;; *) [ ! -f "$root$1" ] || files=$files$line_feed$root$1 ;; esac # no program
}
arguments() { for word in $(tr "=\n\0" "\n \n" <"$1/cmdline"); do use "$word"; done; } # PID
daemon() {                                                                             # PID
  user="" group=""
  while IFS=" $tab" read -r key _ word _; do case $key in Uid:) user=$word ;; Gid:) group=$word ;; esac done <"$1/status"
  if [ "$user" = 0 ] && [ -d "$1/root/." ]; then root=/proc/$1/root; fi
  printf "%s\n" "$1/root $root" "$1/group $group"
  sed "s|^|$1/groups |" "$1/gid_map"
  unit_of "$1"
  [ -z "$unit" ] || printf "%s\n" "$1/unit $unit" "$1/manager $manager"
  case $unit:$manager in :*) ;; *:0) units=$units$line_feed$unit ;; *) users="$users$line_feed$manager|$unit" ;; esac
  configuration "$1"
  want /etc/docker
  want /run/containerd/containerd.sock
  want "${file%/*}"
  use "$file"
  arguments "$1"
  for word in $(grep -ohsE '"(unix://)?/[^"\\]+"' "$root$file" | tr -d '"'); do use "$word"; done
  for word in $seen; do case $word in "$1/socket "*) want "${word#* }" ;; esac done
  [ -n "$known" ] || [ "$user" = 0 ] || return 0
  printf "%s/registries %s\n" "$1" "$folder/certs.d"
  want "$folder/certs.d"
  set +f
  for place in "$root$folder/certs.d" "$root$folder"/certs.d/* "$root$folder"/certs.d/*/*; do
    case $place in *\*) continue ;; esac
    want "${place#"$root"}"
    [ ! -d "$place" ] || { [ -r "$place" ] && [ -e "$place/." ]; } || printf "%s/closed %s\n" "$1" "${place#"$root"}"
  done
  set -f
  [ -n "$known" ] || return 0
  printf "%s/tls %s\n" "$1" "$certificates"
  for word in key ca cert; do use "$certificates/$word.pem"; done
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
  case $path in */containerd | */containerd" "*) pids="$pids$pid " ;; esac
done
IFS=" $line_feed"
for pid in $pids; do links=$links$line_feed$pid/fd; done
seen=$({
  ls -ln self/exe $links
  grep -aHs " 00010000 .* /" $unix
} | awk -v daemons="$daemons" '
  /^[0-9]+\/fd:$/ { pid = $1; sub("/.*", "", pid) }
  !/^\/proc/ && (at = index($0, " -> ")) {
    name = substr($0, 1, at - 1); sub(".* ", "", name); to = substr($0, at + 4)
    if (sub("/ns/mnt$", "/mnt", name)) print name " " to
    else if (to ~ "^socket:") held[to] = held[to] " " pid
    else if (sub("/io[.]containerd[.]metadata[.]v1[.]bolt/meta[.]db$", "", to)) print pid "/held " to
  }
  /^[^:]*\/net\/unix:/ && (at = index($0, " /")) {
    path = substr($0, at + 1)
    split(held["socket:[" $7 "]"] (path ~ "/containerd[.]sock$|docker" ? daemons : ""), owner, " ")
    for (n in owner) if (!told[owner[n], path]++) print owner[n] "/socket " path
  }')
printf "%s\n" "$seen"
for pid in $pids; do
  IFS=$line_feed root=""
  case $daemons in
    *" $pid "*) [ ! -r "$pid/status" ] || daemon "$pid" ;; # it may have ended since it was listed
    *)
      arguments "$pid"
      file=$(option "$pid" --config)
      file=${file:-$(option "$pid" -c)}
      want "${file:=/etc/containerd/config.toml}"
      printf "%s/config %s\n" "$pid" "$file"
      ;;
  esac
done

echo --units
IFS=$line_feed root="" init=""
[ ! -r 1/comm ] || read -r init <1/comm
properties=Id,MainPID,FragmentPath,DropInPaths,EnvironmentFiles,Triggers,TriggeredBy,Listen,SocketMode,SocketUser,SocketGroup
properties=--property=$properties,ExecCondition,ExecStartPre,ExecStart,ExecStartPost,ExecReload,ExecStop,ExecStopPost
told=$( # another mount may hide its folder from here
  if [ -d /run/systemd/system ]; then
    echo manager 0
    show 0 "$properties" -- docker.socket "*docker*.socket" docker.service snap.docker.dockerd.service $units
  elif [ "$init" != systemd ]; then
    echo unmanaged
  fi
  for line in $users; do
    echo "manager ${line%"|"*}"
    show "${line%"|"*}" "$properties" -- docker.socket "*docker*.socket" "${line#*"|"}"
  done
)
printf "%s\n" "$told"
IFS=" $line_feed"
set +f # for environment files there are patterns
for path in $(printf "%s\n" "$told" | sed -n "s/^Exec[A-Za-z]*={ path=\(\/[^;]*\) ;.*/\1/p
  s/^EnvironmentFiles=\(.*\) (.*/\1/p; s/^FragmentPath=//p; s/^DropInPaths=//p"); do want "$path"; done
set -f

names="containerd containerd-shim containerd-shim-runc-v1 containerd-shim-runc-v2 runc"
for path in $(printf "%s" "$engine" | grep -o '"path":"[^"\\]*'); do
  path=${path##*\"}
  case $path in /*) want "$path" ;; *) names="$names $path" ;; esac
done
for path in default/docker sysconfig/docker init.d/docker conf.d/docker containerd/config.toml; do want /etc/$path; done
[ -z "$data_root" ] || want "$data_root"
IFS=": $line_feed"
for path in $PATH$folders; do
  for name in $names; do [ ! -f "$path/$name" ] || want "$path/$name"; done
done

echo --nodes
IFS=$line_feed stats="" asked=""
while :; do # once for each link behind a link
  new=$(printf "%s\n" "$stats" "$asked" "$wanted" | awk -v "quote='" '
    function see(name) { if (!(name in asked) && !new[name]++) print name }
    /^\/[^|]*$/ { asked[$0] = 1 }
    /^[0-9a-f]+:/ {
      name = $0
      for (n = 0; n < 4; n++) name = substr(name, index(name, ":") + 1)
      gsub("^[\"" quote "]|[\"" quote "]$", "", name)
      at = index(name, quote " -> " quote)
      if (at) { target[substr(name, 1, at - 1)] = substr(name, at + 6); name = substr(name, 1, at - 1) }
      there[name] = 1
    }
    /^(\/[^|]*)?[|]/ {
      root = substr($0, 1, index($0, "|") - 1); rest = substr($0, length(root) + 2); at = ""; hops = 0
      see(root "/")
      while (rest != "" && hops < 40) {
        n = index(rest "/", "/"); part = substr(rest, 1, n - 1); rest = substr(rest, n + 1)
        name = root at "/" part
        if (part == "..") sub("/[^/]*$", "", at)
        if (part ~ "^[.]?[.]?$") continue
        if ((name in asked) && !(name in there)) break
        see(name)
        if (name in target) { rest = target[name] "/" rest; if (rest ~ "^/") at = ""; hops++ } else at = at "/" part
      }
    }')
  [ -n "$new" ] || break
  # shellcheck disable=SC2086 # one word for each file
  stats=$stats$(QUOTING_STYLE=shell-always stat -c "%f:%u:%g:%G:%N" $new 2>&1)$line_feed asked=$asked$line_feed$new
done
printf "%s" "$stats"
sockets=$(printf "%s" "$stats" | sed -n "s/^c...:[^\/]*\(\/.*[^']\)'*$/\1/p")

# shellcheck disable=SC2086 # one word for each file
{
  echo --acl
  [ -z "$sockets" ] || getfacl -n -p -a -E $sockets || { # other programs than that of coreutils show no plus sign
    ls --version | grep -q coreutils && ls -ldn $sockets | sed -n "s/^[^+ ]* [^\/]*/none:/p"
  }
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
