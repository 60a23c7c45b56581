say() { printf "%s\n" "$@"; }
to_each() { tr "\n" "\0" | xargs -0 "$@"; } # COMMAND, for the lines of the standard input
ids=$(docker ps --all --quiet --no-trunc) || exit
# Something between here and the engine may show some of them alone. Containers come and go, so the engine is asked again.
# shellcheck disable=SC2154 # what the probe docker_info answered
counted=${docker_info#*\"Containers\":} counted=${counted%%,*}
for _ in 1 2 3; do
  [ "$counted" != "$(printf "%s" "$ids" | grep -c "")" ] || break
  counted=$(docker info --format "{{.Containers}}") || exit
  ids=$(docker ps --all --quiet --no-trunc) || exit
done
[ -n "$ids" ] || exit 0
echo "counted $counted"
say "$ids"
# shellcheck disable=SC2086 # one word for each id
described=$(docker inspect --type container --format '@FORMAT@' $ids)
status=$?
say "$described" | grep "^container "
say "$described" |
  sed -n 's/^container {"Pid":0,"NetworkMode":"[^"]*","Id":"\([0-9a-f]*\)","User":"\([A-Za-z_][^":]*\)[":].*/\1 \2/p' |
  while read -r id user; do
    uid=$(docker cp --follow-link "$id:/etc/passwd" - 2>/dev/null | tar -xO 2>/dev/null |
      awk -F: -v user="$user" '{ sub("^[ \t]*", "") } $1 == user { print $3; exit }')
    printf "user %s %s\n" "$id" "$uid"
  done
volumes=""
case $described in *\"Type\":\"volume\"*)
  names=$(docker volume ls --quiet) || exit
  format='volume {{json .}}{{with .Options}}{{with index . "device"}}{{"\n"}}source {{json .}}{{end}}'
  format=$format'{{with index . "o"}}{{range split . ","}}{{range split . ":"}}{{"\n"}}source {{json .}}'
  format=$format'{{end}}{{end}}{{end}}{{end}}'
  # shellcheck disable=SC2086 # one word for each name
  volumes=$(docker volume inspect --format "$format" $names)
  say "$volumes" | grep "^volume "
  ;;
esac

echo "--proc"
cd /proc || exit
pids_of() { sed -n 's/^container {"Pid":\([1-9][0-9]*\),.*/\1/p'; }
pids=$(say "$described" | pids_of)
unified=/sys/fs/cgroup
[ ! -d $unified/unified ] || unified=$unified/unified
list_groups() {
  for pid in $pids; do say "$pid/cgroup"; done | to_each cat 2>/dev/null |
    awk -F: -v unified=$unified '
    function list(top, path, names,   count, name, i) {
      count = split(names, name, " ")
      while (path != "" && path != "/" && !((top path) in seen)) {
        seen[top path] = 1
        for (i = 1; i <= count; i++) print top path "/" name[i]
        sub("/[^/]*$", "", path)
      }
    }
    { path = $0; sub("^[^:]*:[^:]*:", "", path); top = "/sys/fs/cgroup/" $2; controllers = "," $2 "," }
    controllers == ",," { list(unified, path, "memory.max pids.max cpu.max cpu.weight cgroup.controllers") }
    controllers ~ /,memory,/ { list(top, path, "memory.limit_in_bytes") }
    controllers ~ /,devices,/ { list(top, path, "devices.list") }
    controllers ~ /,pids,/ { list(top, path, "pids.max") }
    controllers ~ /,cpu,/ { list(top, path, "cpu.shares cpu.cfs_quota_us cpu.cfs_period_us") }'
}
list_networks() {
  say "$described" | grep '^container {"Pid":[1-9][0-9]*,"NetworkMode":"host"' | pids_of | head -n 1
  networks=$(say "$described" | grep -o '"NetworkID":"[0-9a-f]\{1,\}"' | sort -u | cut -d '"' -f 4)
  # shellcheck disable=SC2086 # one word for each id
  outside=$(docker network inspect --format "{{.Id}} {{.Driver}} {{json .Options}}" $networks 2>/dev/null |
    awk '$2 !~ /^(bridge|host|null|overlay)$/ || /^[^ ]* bridge .*nat-unprotected/ { print $1 }')
  [ -z "$outside" ] || say "$described" | grep "^container " | grep -F "$outside" | pids_of
}
if [ -n "$pids" ]; then
  {
    for pid in $pids; do say "$pid/mountinfo" "$pid/attr/current" "$pid/uid_map"; done
    list_groups
  } |
    to_each grep -aHs ""
  # The nodes of devices in the folder for them, with numbers as stat(1) has them.
  for pid in $pids; do say "$pid/root/dev/."; done |
    to_each sh -c 'find "$@" -xdev "(" -type b -o -type c ")" -exec stat -c "%n %F %t:%T" {} + 2>/dev/null' sh |
    sed -n "s|^\([0-9]*\)/root/dev/.* \([bc]\)[a-z]* special file \([0-9a-f]*:[0-9a-f]*\)$|\1/dev:\2 \3|p"
  for pid in $pids; do say "$pid/net/dev"; done | to_each grep -aHos "^ *[^ :|]*:"
  # The kernel walks all sockets of the machine for each net/tcp, and counts those of a network namespace for nothing.
  for pid in $pids; do say "$pid/net/sockstat" "$pid/net/sockstat6"; done |
    to_each grep -aHos "^TCP6*: inuse [1-9]" | sed "s|/sockstat\(6*\):.*|/tcp\1|" |
    to_each grep -als "^ *[0-9]*: [0-9A-F]*:0016 [0-9A-F]*:0000 0A " | sed "s|/net/.*|/net/ssh:|"
  for pid in $(list_networks); do say "$pid/net/tcp" "$pid/net/tcp6" "$pid/net/udp" "$pid/net/udp6"; done |
    to_each grep -aHs -e local_address -e " 0A " -e " 07 "
  for pid in $pids; do for name in ipc net pid user uts; do say "$pid/ns/$name"; done; done |
    to_each ls -ln 2>/dev/null
  # Of what runs in a container, the namespaces that are the daemon's: nsenter(1) leads there.
  links_of() { # NAMES, of the processes in the standard input
    while read -r pid; do for name in $1; do say "$pid/ns/$name"; done; done | to_each ls -ln 2>/dev/null
  }
  # shellcheck disable=SC2086 # one word for each daemon
  host=$(say ${daemons?} | links_of "ipc mnt net uts" | sed -n "s/.* -> \([a-z]*:\[[0-9]*\]\)$/\1/p" | sort -u)
  [ -z "$host" ] || grep -alsE "[0-9a-f]{64}" [0-9]*/cgroup | sed "s|/.*||" | links_of "ipc mnt net uts" | grep -aF "$host"
  # What SELinux makes of each label: a question to the kernel, which changes nothing (security_compute_av).
  if index=$(cat /sys/fs/selinux/class/process/index 2>/dev/null); then
    for pid in $pids; do tr -d "\0\n" <"$pid/attr/current" && echo; done 2>/dev/null | sort -u | while read -r label; do
      {
        printf "%s %s %s" "$label" "$label" "$index" >&4 && told=$(head -c 200 <&4) && printf "selinux:%s %s\n" "$label" "$told"
      } 4<>/sys/fs/selinux/access
    done 2>/dev/null
  fi
  case $described in *\"NetworkMode\":\"host\"*)
    say [0-9]*/fd/* | to_each ls -dln 2>/dev/null |
      grep -a '^l[-rwx]* .* [0-9]*/fd/[0-9]* -> socket:\[[0-9]*\]$'
    ;;
  esac
fi
# A runtime that is a script may change what it is told, whatever it is called.
printf "%s" "$docker_info" | grep -o '"path":"/[^"\\]*' | while IFS='"' read -r _ _ _ path; do
  [ "$(head -c 2 "$path" 2>/dev/null)" != "#!" ] || printf "script:%s\n" "$path"
done
case $described in *\"Running\":false*)
  (
    . data_root.sh
    grep -aHos '"NoNewPrivileges":[a-z]*' "$root"/containers/*/config.v2.json
  )
  ;;
esac

echo "--paths"
sources_of() { sed -n 's/^source "\([a-z]*dir[+]\{0,1\}=\)\{0,1\}\(\/[^"\\]*\)"$/\2/p'; }
parts_of_volumes() { # each subpath that a container names, in each folder that a volume names
  case $described in *\"Subpath\":\"*) ;; *) return ;; esac
  {
    say "$volumes" | sources_of
    echo
    say "$described" | grep -o '"Subpath":"[^"\\]*"'
  } |
    awk -F '"' '
    $0 == "" { listed = 1; next }
    !listed { sub("/$", ""); folder[++count] = $0; next }
    { for (i = 1; i <= count; i++) print folder[i] "/" $4 }'
}
given=$({
  printf "%s\n%s\n" "$described" "$volumes" | sources_of
  parts_of_volumes
} | sort -u)
sources=$({
  say "$given"
  say "$described" | sed -n "s/^own /source /p" | sources_of
} | grep . | sort -u)
[ -z "$sources" ] || say "$sources" |
  while IFS= read -r source; do
    folder=${source%/*}
    if cd -P "$source" 2>/dev/null; then
      printf "real %s\t%s\n" "$source" "$PWD"
    elif [ -L "$source" ]; then
      printf "real %s\t%s\n" "$source" "$(readlink -f "$source")"
    elif [ -e "$source" ] && cd -P "${folder:-/}" 2>/dev/null; then
      printf "real %s\t%s\n" "$source" "${PWD%/}/${source##*/}"
    else # it is made when the container starts: below the last folder of its path that is there
      rest=${source##*/}
      until cd -P "${folder:-/}" 2>/dev/null || [ -z "$folder" ]; do
        rest=${folder##*/}/$rest folder=${folder%/*}
      done
      [ -e "${rest%%/*}" ] || [ -L "${rest%%/*}" ] || printf "real %s\t%s\n" "$source" "${PWD%/}/$rest"
    fi
  done
sources_that() { # TEST: those that are a socket, say
  say "$sources" | while IFS= read -r source; do ! test "$1" "$source" || say "$source"; done
}
list_sockets() { # by their paths without linked folders: a daemon may listen at /var/run/docker.sock
  cd /proc || return
  {
    # shellcheck disable=SC2013 # no name in /proc has a blank
    for folder in $(grep -lsx -e dockerd -e containerd -e podman [0-9]*/comm); do
      sed -n 's|^[^ ]* [^ ]* [^ ]* 00010000 [^ ]* [^ ]* *[0-9]* \(/.*\)|\1|p' "${folder%comm}net/unix"
    done 2>/dev/null
    sources_that -S
  } | while IFS= read -r socket; do
    ! cd -P "${socket%/*}/" 2>/dev/null || say "${PWD%/}/${socket##*/}"
  done
}
sources_that -b |
  to_each stat -L -c "disk %t:%T %n" 2>/dev/null
# No folder of the host is waited for longer than this; no path begins with two slashes.
limit=""
[ "$(timeout 10 echo on 2>/dev/null)" != on ] || limit="timeout 10"
[ -z "$given" ] || say "$given" |
  to_each sh -c '$0 find -H "$@" -maxdepth 1 -type p 2>/dev/null; [ $? -lt 124 ] || echo //unread' "$limit" |
  sed -n "s|^//unread$|pipes unread|p; s|^/|pipe /|p"
list_sockets | sort -u | to_each stat -L -c "%F %d:%i %h %n" 2>/dev/null | grep "^socket "
exit $status
