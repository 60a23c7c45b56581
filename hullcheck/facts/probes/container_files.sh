. engine.sh
cd /proc || exit
# Of the engine's documents: `pid N`, `source PATH`, `listen N` for networks in which listeners are looked for, and `host`.
# shellcheck disable=SC2046 # one word for each id
found=$(
  {
    set -- $(ids containers)
    [ $# = 0 ] || {
      {
        documents networks
        documents volumes
      } | tr "}" "\n" # short lines: awk copies what is left of one
      documents containers "$@"
    }
  } 2>/dev/null | awk '
    {
      rest = $0
      pid = match(rest, /"Pid":[0-9]+/) ? substr(rest, RSTART + 6, RLENGTH - 6) + 0 : 0
      if (pid) print "pid " pid
      if (pid && /"NetworkMode":"host"/ && !host++) print "listen " pid
      while (match(rest, /"(Id|Driver|device|Source|NetworkID)": ?"[^"\\]*"|"nat-unprotected"/)) {
        split(substr(rest, RSTART, RLENGTH), word, "\""); rest = substr(rest, RSTART + RLENGTH)
        if (word[2] == "Id") id = word[4]
        else if (word[2] ~ /^(device|Source)$/) { if (word[4] ~ /^\//) print "source " word[4] }
        else if (word[2] == "NetworkID") { if (pid && (word[4] in outside) && !said[pid]++) print "listen " pid }
        else if (word[4] !~ /^(bridge|host|null|overlay|default|local)$/) outside[id]
      }
    }
    END { if (host) print "host" }'
)
each() { # KIND COMMAND: with what stands behind KIND in $found
  printf "%s\n" "$found" | while IFS= read -r line; do case $line in "$1 "*) "$2" "${line#"$1 "}" ;; esac done
}
echo "--proc"
seen=" " v2=/sys/fs/cgroup
[ ! -d $v2/unified ] || v2=$v2/unified
files_of() { # PID: and of its control groups, and those above
  printf "%s\0" "$1/mountinfo" "$1/attr/current" "$1/uid_map"
  while IFS=: read -r _ kinds group; do
    own=$group top=/sys/fs/cgroup/$kinds
    case ,$kinds, in
      ,,) top=$v2 names="memory.max pids.max cpu.max cpu.weight cgroup.controllers" ;;
      *,memory,*) names=memory.limit_in_bytes ;;
      *,pids,*) names=pids.max ;;
      *,cpu,*) names="cpu.shares cpu.cfs_quota_us cpu.cfs_period_us" ;;
      *) continue ;;
    esac
    while [ -n "${group%/}" ]; do
      case $seen in *" $top$group "*) break ;; esac
      [ "$group" = "$own" ] || seen="$seen$top$group "
      for name in $names; do printf "%s\0" "$top$group/$name"; done
      group=${group%/*}
    done
  done <"$1/cgroup"
}
sockets_of() { for name in tcp tcp6 udp udp6; do printf "%s\0" "$1/net/$name"; done; }
spaces_of() { for name in ipc net pid user uts; do printf "%s\0" "$1/ns/$name"; done; }
case $found in *"pid "*)
  each pid files_of 2>/dev/null | xargs -0 grep -aHs "" | sed "s/ - overlay .*/ - overlay overlay -/"
  each pid spaces_of | xargs -0 ls -ln 2>/dev/null
  ;;
esac
case $found in *"listen "*) each listen sockets_of | xargs -0 grep -aHs -e local_a -e " 0A " -e " 07 " ;; esac
case $found in *host) # who holds the sockets in its network
  printf "%s\0" [0-9]*/fd | xargs -0 ls -ln 2>/dev/null | awk '
    /^[0-9]+\/fd:$/ { folder = substr($0, 1, length($0) - 1) }
    /^l.* [0-9]+ -> socket:\[[0-9]+\]$/ { $(NF - 2) = folder "/" $(NF - 2); print }'
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
each source real
# Sockets by their paths without linked folders: a daemon may listen at /var/run/docker.sock.
{
  # shellcheck disable=SC2046,SC2086 # one word for each process
  sed -n 's|^[^ ]* [^ ]* [^ ]* 00010000 [^ ]* [^ ]* *[0-9]* \(/.*\)|\1|p' self/net/unix \
    $(printf "%s/net/unix " ${daemons-}) 2>/dev/null
  each source echo
} | sort -u | while IFS= read -r socket; do
  if cd -P "${socket%/*}/" 2>/dev/null && [ -S "${socket##*/}" ]; then printf "%s\0" "${PWD%/}/${socket##*/}"; fi
done | xargs -0 stat -L -c "socket %d:%i %h %n" 2>/dev/null
echo "--end"
