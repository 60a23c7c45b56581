# What the engine says of its containers, and what the kernel shows of their main processes.
. engine.sh
cd /proc || exit
echo "--inside" # where the target is a container itself, by programs that the smallest image has
inside=""
if [ -e /.dockerenv ] || [ -e /run/.containerenv ]; then
  inside=yes
  grep -aHs "" /proc/1/mountinfo /proc/self/mountinfo
  while read -r _ _ _ _ point _; do
    at=${point%/}
    for name in docker containerd podman; do
      for each in "$point" "$at/$name.sock" "$at"/*/"$name.sock" "$at"/run/*/"$name.sock"; do
        [ ! -S "$each" ] || printf "mounted %s\n" "$each"
      done
    done
  done </proc/self/mountinfo
fi
counted() { printf "%s\n" "$1" | sed -n 's/.*"Containers":\([0-9][0-9]*\).*/\1/p'; }
# Something between here and the engine may show some of them alone. Containers come and go, so the engine is asked again.
# shellcheck disable=SC2154 # what the engine said of itself
count=$(counted "$engine")
# shellcheck disable=SC2046 # one word for each id
for _ in 1 2 3; do
  ids=$(ids containers) || {
    status=$?
    [ -n "$inside" ] || exit "$status"
    echo "--end"
    exit
  }
  set -- $(printf "%s" "$ids")
  [ "$count" != $# ] || break
  info=$(documents info) || exit
  count=$(counted "$info")
done
printf -- "--counted\n%s\n--listed\n%s\n--inspect\n" "$count" "$ids"
said=$(documents containers "$@" 2>&1)
printf "%s\n--volumes\n" "$said"
volumes="[]"
case $said in *\"Type\":\"volume\"*) volumes=$(documents volumes) ;; esac
printf "%s\n--users\n" "$volumes"
# One that does not run and whose user has a name: the number by its own passwd.
case $said in *\"Pid\":0,*)
  printf "%s\n" "$said" |
    sed -n 's/^{"Id":"\([0-9a-f]*\)".*"Pid":0,.*"Domainname":"[^"]*","User":"\([A-Za-z_][^":\\]*\)[":].*/\1 \2/p' |
    sed 100q | while read -r id user; do
    uid=$(docker cp --follow-link "$id:/etc/passwd" - 2>/dev/null | tar -xO 2>/dev/null |
      while IFS=: read -r name _ number _ || [ -n "$name" ]; do [ "$name" != "$user" ] || echo "$number"; done | sed 1q)
    printf "%s %s\n" "$id" "$uid"
  done
  ;;
esac

# The files of running containers as `KIND NAME`; listeners are looked for in networks that others may reach without a port.
networks=$engine
case $engine in *--end*) ;; *) networks=$(documents networks 2>/dev/null) ;; esac # it was cut off for the environment
found=$(printf "%s\n" "$networks" "$volumes" "$said" |
  grep -oE '"(Id|Pid|Driver|device|Source|NetworkID|NetworkMode)": ?("[^"\\]*"|[0-9]+)|"nat-unprotected"' | awk -F '"' '
  function all(kind, names, each, name) {
    split(names, name, " ")
    for (each in name) print kind, pid "/" name[each]
  }
  function listeners() { if (pid && !said[pid]++) all("net", "net/tcp net/tcp6 net/udp net/udp6") }
  $2 == "Id" { id = $4; pid = 0 }
  $2 == "Pid" && (pid = substr($3, 2) + 0) {
    all("file", "mountinfo attr/current uid_map"); all("group", "cgroup")
    all("link", "ns/ipc ns/net ns/pid ns/user ns/uts")
  }
  $2 ~ /^(device|Source)$/ && $4 ~ "^/" && !named[$4]++ { print "source", $4 }
  $2 == "Driver" && $4 !~ /^(bridge|host|null|overlay|default|local)$/ || $2 == "nat-unprotected" { outside[id] }
  $2 == "NetworkID" && ($4 in outside) { listeners() }
  $2 == "NetworkMode" && $4 == "host" && pid && !host { host = pid; listeners() }
  END { if (host) print "host" }')
names() { printf "%s\n" "$found" | sed -n "s/^$1 //p"; } # KIND
files() { tr "\n" "\0" | xargs -0r "$@"; }               # COMMAND: with the names that it reads
echo "--proc"
v2=/sys/fs/cgroup # the limits of a control group, and of those above
[ ! -d $v2/unified ] || v2=$v2/unified
{
  names file
  names group | files grep -Hs "" | awk -F : -v v2=$v2 '
    { top = "/sys/fs/cgroup/" $3; names = ""; kinds = "," $3 ","; sub(/^[^:]*:[^:]*:[^:]*:/, "") }
    kinds == ",," { top = v2; names = "memory.max pids.max cpu.max cpu.weight cgroup.controllers" }
    kinds ~ /,cpu,/ { names = "cpu.shares cpu.cfs_quota_us cpu.cfs_period_us" }
    kinds ~ /,pids,/ { names = "pids.max" }
    kinds ~ /,memory,/ { names = "memory.limit_in_bytes" }
    {
      split(names, name, " ")
      for (at = $0; at ~ "/." && !seen[top at]++; sub("/[^/]*$", "", at))
        for (each in name) print top at "/" name[each]
    }'
} | files grep -aHs "" | sed "s/ - overlay .*/ - overlay overlay -/"
names link | files ls -ln 2>/dev/null
names net | files grep -aHs -e local_a -e " 0A " -e " 07 "
case $found in *host) # who holds the sockets in its network
  . sockets.sh
  printf "%s\n" "$sockets"
  ;;
esac
(
  . data_root.sh
  grep -aHos '"NoNewPrivileges":[a-z]*' "$root"/containers/*/config.v2.json
)
echo "--paths"
real() { # SOURCE
  folder=${1%/*} rest=${1##*/} end=""
  if cd -P "$1" 2>/dev/null; then
    end=$PWD
  elif [ -L "$1" ]; then
    end=$(readlink -f "$1")
  else # a file, or what is made when the container starts: below the last folder of its path that is there
    until cd -P "${folder:-/}" 2>/dev/null || [ -z "$folder" ]; do rest=${folder##*/}/$rest folder=${folder%/*}; done
    if [ ! -L "${rest%%/*}" ] && { [ "$folder" = "${1%/*}" ] || [ ! -e "${rest%%/*}" ]; }; then end=${PWD%/}/$rest; fi
  fi
  [ -z "$end" ] || printf "real %s\t%s\n" "$1" "$end"
}
names source | while IFS= read -r source; do real "$source"; done
# Sockets but those of shims, by their paths without linked folders: a daemon may listen at /var/run/docker.sock.
{
  # shellcheck disable=SC2046,SC2086 # one word for each process
  sed -n '/\/containerd\/s\//d; s|^[^ ]* [^ ]* [^ ]* 00010000 [^ ]* [^ ]* *[0-9]* \(/.*\)|\1|p' self/net/unix \
    $(printf "%s/net/unix " ${daemons-}) 2>/dev/null
  names source
} | sort -u | while IFS= read -r socket; do
  if cd -P "${socket%/*}/" 2>/dev/null && [ -S "${socket##*/}" ]; then printf "%s\0" "${PWD%/}/${socket##*/}"; fi
done | xargs -0r stat -L -c "socket %d:%i %h %n" 2>/dev/null
echo "--end"
