line_feed="
"
# shellcheck disable=SC2154 # what the probe docker_info answered
case $docker_info in *\"Swarm\":\{*\"LocalNodeState\":\"inactive\"*)
  echo '{"LocalNodeState":"inactive"}'
  exit 0
  ;;
esac
info=$(docker info --format '{{json .Swarm}}{{"\n"}}{{.DockerRootDir}}') || exit
printf "%s\n" "${info%%"$line_feed"*}"
case $info in *\"LocalNodeState\":\"inactive\"* | null*) exit 0 ;; esac
root=${info#*"$line_feed"}

for pid in ${daemons?}; do
  sed "s|^|$pid/state:|" "/proc/$pid/root$root/swarm/docker-state.json" 2>/dev/null
  echo
done

case $info in *\"ControlAvailable\":true*) ;; *) exit 0 ;; esac
node='"Hostname":{{json .Description.Hostname}},"Role":{{json .Spec.Role}},"ManagerStatus":{{json .ManagerStatus}}'
ids=$(docker node ls --quiet) || exit
# shellcheck disable=SC2086 # one word for each id
docker node inspect --format "node {$node}" $ids || exit
ids=$(docker service ls --quiet) || exit
[ -n "$ids" ] || exit 0
echo "services $(echo "$ids" | grep -c "")"
format='config {"ID":{{json .ID}},"Data":{{if le (len .Spec.Data) @MOST@}}{{json .Spec.Data}}{{else}}null{{end}}}'
# shellcheck disable=SC2046 # one word for each id
docker config inspect --format "$format" $(docker config ls --quiet) 2>/dev/null # what is not told is an error of its own
format='service {"ID":{{json .ID}},{{with .Spec}}"Name":{{json .Name}},"Labels":{{json .Labels}}'
format=$format',"Container":{{json .TaskTemplate.ContainerSpec}},"Log":{{json .TaskTemplate.LogDriver}}{{end}}}'
# shellcheck disable=SC2086 # one word for each id
docker service inspect --format "$format" $ids
