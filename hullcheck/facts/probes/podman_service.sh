# Podman has no daemon: the process that answers on its socket sees what is "the host" to its containers.
cd /proc || exit
# shellcheck disable=SC2154 # what the probe engine answered
endpoint=${engine#--endpoint?\"}
endpoint=${endpoint%%\"*}
case $endpoint in "" | --*) endpoint=$(docker context inspect --format "{{.Endpoints.docker.Host}}" 2>/dev/null) ;; esac
endpoint=${endpoint#unix://}
case $endpoint in /*) endpoint=$(readlink -f "$endpoint") ;; esac
case $endpoint in
  /*podman*) printf "endpoint:%s\n" "$endpoint" ;;
  *) exit 0 ;;
esac
# shellcheck disable=SC2013 # no name in /proc has a blank
for process in $(grep -lsx podman [0-9]*/comm); do
  process=${process%/comm}
  # A thread that made the network of a container may have stayed in there, the first one too: most have not.
  thread=$(ls -dln "$process"/task/*/ns/net 2>/dev/null | sed "s|.* \([0-9]*/task/[0-9]*\)/ns/net -> |\1 |" | awk '
    { count[$2]++; thread[$2] = $1 }
    END { for (each in count) if (count[each] > most) { most = count[each]; found = thread[each] } print found }')
  grep -Hs " 00010000 .* /" "$thread/net/unix" || continue
  ls -dln "$process"/fd/* "$thread"/ns/* 2>/dev/null | grep -e "-> [a-z]*:\[[0-9]*\]$"
  grep -aHs "" "$process/mountinfo"
done
exit 0
