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

cd /proc || exit
own=$(readlink self/ns/net)
for folder in ${daemons?}; do
  enter=""
  [ "$(readlink "$folder/ns/net")" = "$own" ] || enter="nsenter -t $folder -n"
  $enter ip -o address | sed -n "s|^[0-9]*: \([^ ]*\) *inet6* \([^ /]*\).*|$folder/address:\1 \2|p"
  # Cards without a network of their own.
  $enter ip -o -d link | sed -n "s/^[0-9]*: \([^ @]*\)@\([^ :]*\): .* \(macvlan\|macvtap\|ipvlan\|ipvtap\) .*/$folder\/upon:\1 \2/p"
  grep -Hs -e " 07 " "$folder/net/udp" "$folder/net/udp6"
  grep -Hs "" "$folder/net/route" "$folder/net/if_inet6"
  files=$folder/root$root/swarm
  sed "s|^|$folder/state:|" "$files/docker-state.json"
  echo
  sed -n "/BEGIN CERT/,/END CERT/s|^|$folder/certificate:|p" "$files/certificates/swarm-node.crt"
done 2>/dev/null

case $info in *\"ControlAvailable\":true*) ;; *) exit 0 ;; esac
# The names of files in which a key lies that unlocks managers, and of those that unlock this one by themselves.
unlocks() { # PATTERN FOLDERS
  # shellcheck disable=SC2086 # one word for each folder
  find $2 -xdev -maxdepth 4 -type f -size -128 -exec grep -lsE "$1" {} + | sed "s/^/unlocks:/"
}
case $info in
  *\"AutoLockManagers\":true*)
    found=$({
      unlocks "SWMKEY-1-[A-Za-z0-9+/]{20}" "/etc /root /home /opt /usr/local"
      unlocks "swarm[ /]unlock([^a-z-]|\$)" "/etc /opt /usr/local /var/spool/cron"
    } 2>/dev/null | sort -u)
    [ ! -r /root/. ] || echo "$found${line_feed}unlock:$(echo "$found" | grep -c .)"
    ;;
esac
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
settings='"Labels":{{json .Labels}},"Container":{{json .TaskTemplate.ContainerSpec}},"Log":{{json .TaskTemplate.LogDriver}}'
format='service {"ID":{{json .ID}},"Name":{{json .Spec.Name}},{{with .Spec}}'$settings'{{end}}'
format=$format',"Previous":{{with .PreviousSpec}}{'$settings'}{{else}}null{{end}}}'
# shellcheck disable=SC2086 # one word for each id
docker service inspect --format "$format" $ids || exit
format='task {"Service":{{json .ServiceID}},"Labels":null,{{with .Spec}}"Container":{{json .ContainerSpec}},"Log":{{json .LogDriver}}{{end}}}'
tasks() {
  # shellcheck disable=SC2086 # one word for each id
  tasks=$(docker service ps --quiet --no-trunc $ids) || return
  # shellcheck disable=SC2086
  [ -z "$tasks" ] || docker inspect --type task --format "$format" $tasks
}
found=$(tasks 2>/dev/null) || found=$(tasks) || exit # one that is forgotten meanwhile fails the first
printf "%s\n" "$found"
