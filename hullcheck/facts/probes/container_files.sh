. engine.sh
. data_root.sh
cd /proc || exit
# Of the engine's documents: `pid N`, `source PATH`, `listen N` for networks in which listeners are looked for, and `host`.
# shellcheck disable=SC2046 # one word for each id
found=$(
  {
    set -- $(ids containers)
    if [ $# != 0 ]; then
      documents networks
      documents volumes
      documents containers "$@"
    fi
  } 2>/dev/null | awk '
    function take(pattern) { # the next "NAME":"TEXT" of the line
      if (!match(rest, pattern)) return 0
      name = text = substr(rest, RSTART + 1, RLENGTH - 2); rest = substr(rest, RSTART + RLENGTH)
      sub(/".*/, "", name); sub(/^[^"]*": ?"/, "", text)
      return 1
    }
    { rest = $0 }
    match($0, /"Pid":[0-9]+/) {
      pid = substr($0, RSTART + 6, RLENGTH - 6)
      if (pid > 0) print "pid " pid
      if (pid > 0 && /"NetworkMode":"host"/ && !host++) print "listen " pid
      while (take("\"(Source|NetworkID)\":\"[^\"\\\\]*\""))
        if (name == "Source" && text ~ /^\//) print "source " text
        else if (name == "NetworkID" && pid > 0 && (text in outside) && !said[pid]++) print "listen " pid
      next
    }
    {
      while (take("\"(Id|Driver|device)\": ?\"[^\"\\\\]*\"|\"nat-unprotected\""))
        if (name == "Id") id = text
        else if (name == "device") { if (text ~ /^\//) print "source " text }
        else if (name == "nat-unprotected" || text !~ /^(bridge|host|null|overlay|default|local)$/) outside[id]
    }
    END { if (host) print "host" }'
)
echo "--proc"
each() { printf "%s\n" "$found" | while read -r kind pid; do if [ "$kind" = "$1" ]; then "$2"; fi; done; }
seen=" "
groups() { # TOP PATH FILES: those of a control group and of the groups above it
  group=${2%/}
  while [ -n "$group" ]; do
    case $seen in *" $1$group "*) break ;; esac
    [ "$group" = "$2" ] || seen="$seen$1$group "
    for name in $3; do printf "%s\0" "$1$group/$name"; done
    group=${group%/*}
  done
}
unified=/sys/fs/cgroup
[ ! -d $unified/unified ] || unified=$unified/unified
main() {
  printf "%s\0" "$pid/mountinfo" "$pid/attr/current" "$pid/uid_map"
  while IFS=: read -r _ controllers path; do
    top=/sys/fs/cgroup/$controllers
    case ,$controllers, in
      ,,) groups $unified "$path" "memory.max pids.max cpu.max cpu.weight cgroup.controllers" ;;
      *,memory,*) groups "$top" "$path" "memory.limit_in_bytes" ;;
      *,pids,*) groups "$top" "$path" "pids.max" ;;
      *,cpu,*) groups "$top" "$path" "cpu.shares cpu.cfs_quota_us cpu.cfs_period_us" ;;
    esac
  done <"$pid/cgroup"
}
listening() { printf "%s\0" "$pid/net/tcp" "$pid/net/tcp6" "$pid/net/udp" "$pid/net/udp6"; }
namespaces() { printf "%s\0" "$pid/ns/ipc" "$pid/ns/net" "$pid/ns/pid" "$pid/ns/user" "$pid/ns/uts"; }
case $found in *"pid "*)
  each pid main 2>/dev/null | xargs -0 grep -aHs "" | sed "s/ - overlay .*/ - overlay overlay -/"
  each pid namespaces | xargs -0 ls -ln 2>/dev/null
  ;;
esac
case $found in *"listen "*) each listen listening | xargs -0 grep -aHs -e local_address -e " 0A " -e " 07 " ;; esac
case $found in *host) # who holds the sockets in its network
  printf "%s\0" [0-9]*/fd | xargs -0 ls -ln 2>/dev/null | awk '
    /^[0-9]+\/fd:$/ { folder = substr($0, 1, length($0) - 1) }
    /^l.* [0-9]+ -> socket:\[[0-9]+\]$/ { $(NF - 2) = folder "/" $(NF - 2); print }'
  ;;
esac
grep -aHos '"NoNewPrivileges":[a-z]*' "$root"/containers/*/config.v2.json
echo "--paths"
printf "%s\n" "$found" | while IFS= read -r source; do
  case $source in "source "*) source=${source#source } ;; *) continue ;; esac
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
  # shellcheck disable=SC2086 # one word for each process
  sed -n 's|^[^ ]* [^ ]* [^ ]* 00010000 [^ ]* [^ ]* *[0-9]* \(/.*\)|\1|p' self/net/unix $(printf "%s/net/unix " ${daemons-}) 2>/dev/null
  printf "%s\n" "$found" | while IFS= read -r source; do
    [ ! -S "${source#source }" ] || printf "%s\n" "${source#source }"
  done
} | sort -u | while IFS= read -r socket; do
  if cd -P "${socket%/*}/" 2>/dev/null && [ -S "${socket##*/}" ]; then printf "%s\0" "${PWD%/}/${socket##*/}"; fi
done | xargs -0 stat -L -c "socket %d:%i %h %n" 2>/dev/null
echo "--inside"
[ ! -e /.dockerenv ] && [ ! -e /run/.containerenv ] || {
  grep -aHs "" 1/mountinfo self/mountinfo
  while read -r _ _ _ _ point _; do
    at=${point%/}
    for each in "$point" "$at"/docker.sock "$at"/containerd.sock "$at"/*/docker.sock "$at"/*/containerd.sock \
      "$at"/*/podman.sock "$at"/podman.sock "$at"/run/*/containerd.sock "$at"/run/*/podman.sock; do
      [ ! -S "$each" ] || printf "mounted %s\n" "$each"
    done
  done <self/mountinfo
}
echo "--end"
