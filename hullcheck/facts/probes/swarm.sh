# The swarm as this node sees it, but for what `docker info` says of it.
. engine.sh
# shellcheck disable=SC2154 # what the probe engine answered
case $engine in *\"LocalNodeState\":\"[!i\"]*) ;; *)
  echo "--end" # in no swarm
  exit 0
  ;;
esac
. data_root.sh

echo "--state"
for pid in ${daemons?}; do
  state=""
  { IFS= read -r state <"/proc/$pid/root$root/swarm/docker-state.json"; } 2>/dev/null
  printf "%s:%s\n" "$pid" "$state"
done
case $engine in *\"ControlAvailable\":true*)
  for name in nodes services configs; do part $name documents $name; done
  ;;
esac
echo "--end"
