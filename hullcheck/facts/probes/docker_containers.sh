say() { printf "%s\n" "$@"; }
to_each() { tr "\n" "\0" | xargs -0 "$@"; } # COMMAND, for the lines of the standard input
ids=$(docker ps --all --quiet --no-trunc) || exit
# Something between here and the engine may show some of them alone. Containers come and go, so the engine is asked again.
# shellcheck disable=SC2154 # what the probe engine answered
counted=${engine#*\"Containers\":} counted=${counted%%,*}
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
  format='volume {{json .}}{{with .Options}}{{with index . "device"}}{{"\n"}}source {{json .}}{{end}}{{end}}'
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
  for pid in $(list_networks); do say "$pid/net/tcp" "$pid/net/tcp6" "$pid/net/udp" "$pid/net/udp6"; done |
    to_each grep -aHs -e local_address -e " 0A " -e " 07 "
  for pid in $pids; do for name in ipc net pid user uts; do say "$pid/ns/$name"; done; done |
    to_each ls -ln 2>/dev/null
  case $described in *\"NetworkMode\":\"host\"*)
    say [0-9]*/fd/* | to_each ls -dln 2>/dev/null |
      grep -a '^l[-rwx]* .* [0-9]*/fd/[0-9]* -> socket:\[[0-9]*\]$'
    ;;
  esac
fi
(
  . data_root.sh
  grep -aHos '"NoNewPrivileges":[a-z]*' "$root"/containers/*/config.v2.json
)

echo "--paths"
sources=$(printf "%s\n%s\n" "$described" "$volumes" | sed -n 's/^source "\(\/[^"\\]*\)"$/\1/p' | sort -u)
[ -z "$sources" ] || say "$sources" |
  while IFS= read -r source; do
    folder=${source%/*} rest=${source##*/}
    if cd -P "$source" 2>/dev/null; then
      printf "real %s\t%s\n" "$source" "$PWD"
    elif [ -L "$source" ]; then
      printf "real %s\t%s\n" "$source" "$(readlink -f "$source")"
    else # a file, or what is made when the container starts: below the last folder of its path that is there
      until cd -P "${folder:-/}" 2>/dev/null || [ -z "$folder" ]; do
        rest=${folder##*/}/$rest folder=${folder%/*}
      done
      if [ ! -L "${rest%%/*}" ] && { [ "$folder" = "${source%/*}" ] || [ ! -e "${rest%%/*}" ]; }; then
        printf "real %s\t%s\n" "$source" "${PWD%/}/$rest"
      fi
    fi
  done
# Sockets by their paths without linked folders: a daemon may listen at /var/run/docker.sock.
{
  for pid in ${daemons?} self; do say "/proc/$pid/net/unix"; done |
    to_each sed -n 's|^[^ ]* [^ ]* [^ ]* 00010000 [^ ]* [^ ]* *[0-9]* \(/.*\)|\1|p' 2>/dev/null
  say "$sources" | while IFS= read -r source; do [ ! -S "$source" ] || say "$source"; done
} | sort -u | while IFS= read -r socket; do
  ! cd -P "${socket%/*}/" 2>/dev/null || say "${PWD%/}/${socket##*/}"
done | sort -u | to_each stat -L -c "%F %d:%i %h %n" 2>/dev/null | grep "^socket "
exit $status
