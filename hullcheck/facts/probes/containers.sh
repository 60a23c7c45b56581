# What the engine says of its containers, and what the kernel shows of their main processes.
# shellcheck disable=SC2154
cd /proc || exit
echo "--inside" # where the target is a container itself, by programs that the smallest image has
inside=""
if [ -e /.dockerenv ] || [ -e /run/.containerenv ]; then
  inside=yes
  grep -aHs "" /proc/1/mountinfo /proc/self/mountinfo
  while read -r _ _ _ _ point _; do
    at=${point%/}
    for each in "$point" "$at/docker.sock" "$at"/*/docker.sock "$at"/*/containerd.sock "$at"/*/podman.sock \
      "$at"/run/*/containerd.sock "$at"/run/*/podman.sock; do [ ! -S "$each" ] || printf "mounted %s\n" "$each"; done
  done </proc/self/mountinfo
fi
ids=$(ids containers) || {
  [ -n "$inside" ] && echo "--end"
  exit
}
printf -- "--listed\n%s\n--inspect\n" "$ids"
# shellcheck disable=SC2086 # one word for each id
said=$(documents containers $ids 2>&1)
printf "%s\n--volumes\n" "$said"
volumes="[]"
case $said in *\"Type\":\"volume\"*) volumes=$(documents volumes) ;; esac
printf "%s\n--users\n" "$volumes"
# One that does not run and whose user has a name: the number by its own passwd.
printf "%s\n" "$said" | grep '"Pid":0,' |
  sed -n 's/^{"Id":"\([0-9a-f]*\)".*"Pid":0,.*"Domainname":"[^"]*","User":"\([A-Za-z_][^":\\]*\)[":].*/\1 \2/p' |
  sed 100q | while read -r id user; do
  uid=$(docker cp --follow-link "$id:/etc/passwd" - 2>/dev/null | tar -xO 2>/dev/null |
    awk -F : -v "user=$user" '$1 == user { print $3; exit }')
  printf "%s %s\n" "$id" "$uid"
done

# What to read, as `KIND NAME`; listeners are looked for in networks that others may reach without a port.
# shellcheck disable=SC2154 # what the engine said of itself
networks=$engine
case $engine in *--end*) ;; *) networks=$(documents networks 2>/dev/null) ;; esac # it was cut off for the environment
found=$(printf "%s\n" "$networks" "$volumes" "$said" |
  grep -oE '"(Id|Pid|Driver|device|Source|NetworkID|NetworkMode)": ?("([^"\\]|\\")*"|[0-9]+)|"nat-unprotected"' | awk -F '"' '
  function listeners() { if (pid && !said[pid]++) print "net", pid }
  $2 == "Id" { id = $4; pid = 0 }
  $2 == "Pid" && (pid = substr($3, 2) + 0) { print "main", pid }
  /^"(de|So)/ {
    gsub(/^"[^"]*": ?"|"$/, "")
    gsub(/\\"/, "\"")
    if (/^\// && !named[$0]++) print "source", $0
  }
  $2 == "Driver" && $4 !~ /^(bridge|host|null|overlay|default|local)$/ || $2 == "nat-unprotected" { outside[id] }
  $2 == "NetworkID" && ($4 in outside) { listeners() }
  $2 == "NetworkMode" && $4 == "host" && pid && !host { host = pid; listeners() }
  END { if (host) print "host" }')
names() { printf "%s\n" "$found" | sed -n "s/^$1 //p"; }               # KIND
files() { tr "\n" "\0" | xargs -0r "$@"; }                             # COMMAND: with the names that it reads
each() { for pid in $(names main); do printf "$pid/%s\n" "$@"; done; } # FILE...: of each main process
echo "--proc"
v2=/sys/fs/cgroup # limits and counts of control groups
[ ! -d $v2/unified ] || v2=$v2/unified
{
  each mountinfo attr/current uid_map
  each cgroup | files grep -Hs "" | awk -F : -v v2=$v2 '
    { top = "/sys/fs/cgroup/" $3; names = ""; kinds = "," $3 ","; sub(/^[^:]*:[^:]*:[^:]*:/, "") }
    kinds == ",," { top = v2; names = "memory.max cpu.max cpu.weight cgroup.controllers memory.peak memory.current" }
    kinds ~ /,cpu,/ { names = "cpu.shares cpu.cfs_quota_us cpu.cfs_period_us" }
    kinds ~ /^,,$|,pids,/ { names = names " pids.max pids.peak pids.current" }
    kinds ~ /,memory,/ { names = "memory.limit_in_bytes memory.max_usage_in_bytes" }
    {
      split(names, name, " ")
      for (at = $0; at ~ "/." && !seen[top at]++; sub("/[^/]*$", "", at))
        for (each in name) print top at "/" name[each]
    }'
} | files grep -aHs "" | sed "s/ - overlay .*/ - overlay overlay -/"
each ns/ipc ns/net ns/pid ns/user ns/uts | files ls -ln 2>/dev/null
for pid in $(names net); do printf "$pid/net/%s\n" tcp tcp6 udp udp6; done | files grep -aHs -e local_a -e " 0A " -e " 07 "
if [ "${found%host}" != "$found" ]; then # who holds the sockets in its network
  find_sockets
  printf "%s\n" "$sockets"
fi
[ -z "$data_root" ] || grep -aHos '"NoNewPrivileges":[a-z]*' "$data_root"/containers/*/config.v2.json
echo "--paths"
real() { # SOURCE, also where its last folders are only made when the container starts
  folder=$1 rest=""
  until cd -P "${folder:-/}" 2>/dev/null; do rest=/${folder##*/}$rest folder=${folder%/*}; done
  first=${rest#/} first=${first%%/*} end=${PWD%/}$rest
  [ ! -e "$first" ] || [ "/$first" = "$rest" ] || return 0 # a folder that may not be entered
  [ ! -L "$first" ] || end=$(readlink -f "$1") || return 0
  printf "real %s\t%s\n" "$1" "${end:-/}"
}
names source | while IFS= read -r source; do real "$source"; done
# Sockets but those of shims, by their paths without linked folders: a daemon may listen at /var/run/docker.sock.
{
  # shellcheck disable=SC2086,SC2154
  sed -n '/\/containerd\/s\//d; s|^[^ ]* [^ ]* [^ ]* 00010000 [^ ]* [^ ]* *[0-9]* \(/.*\)|\1|p' $unix
  names source
} | sort -u | while IFS= read -r socket; do
  if cd -P "${socket%/*}/" 2>/dev/null && [ -S "${socket##*/}" ]; then printf "%s\0" "${PWD%/}/${socket##*/}"; fi
done | xargs -0r stat -L -c "socket %d:%i %h %n" 2>/dev/null
echo "--end"
