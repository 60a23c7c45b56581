# The swarm as this node sees it, but for what `docker info` says of it.
# shellcheck disable=SC2154 # what the probe engine answered
case $engine in *\"LocalNodeState\":\"[!i\"]*) ;; *) echo "--end" && exit ;; esac # in no swarm
echo "--state"
for pid in ${daemons?}; do sed "s/^/$pid:/" "/proc/$pid/root$data_root/swarm/docker-state.json" && echo; done
case $engine in *\"ControlAvailable\":true*) for name in nodes services configs; do part $name documents $name; done ;; esac
echo "--end"
