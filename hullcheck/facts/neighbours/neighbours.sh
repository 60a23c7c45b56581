# What else starts containers here: other engines, by their processes; namespaces of containerd, by the tasks that they
# have; what the engine does not list of its own namespace, and of the folders of runtimes; plugins, which an engine runs
# as containers of its own.
own=""
used=$(ls -ln /proc/[0-9]*/cwd 2>/dev/null | sed -n "s|.* -> \(/.*\)/io.containerd.runtime.v2.task/[^/]*/[^/]*$|\1|p")
for folder in $(printf "%s\n" /run/containerd /run/k3s/containerd "$used" | sort -u); do
  tasks=$folder/io.containerd.runtime.v2.task
  [ -d "$tasks" ] || continue
  [ -r "$tasks" ] || {
    echo "unread:$tasks"
    continue
  }
  for each in "$tasks"/*; do
    [ -d "$each" ] || continue
    set -- "$each"/*
    [ -d "$1" ] || continue
    echo "namespace:${each##*/} $#"
    case ${each##*/} in moby | moby-[0-9]*) own="$own $*" ;; esac
  done
done
for folder in /run/runc /run/crun; do
  [ ! -d $folder ] || [ -r $folder ] || echo unread:$folder
  own="$own $(echo $folder/*)"
done
line_feed="
"
ids=$(docker ps --all --quiet --no-trunc) || {
  own=""
  echo "unread:the containers of the engine"
}
for each in $own; do # those of a moment ago: one that has ended meanwhile is no other one
  case $line_feed$ids$line_feed in *"$line_feed${each##*/}$line_feed"*) continue ;; esac
  [ ! -d "$each" ] || echo "unlisted:$each"
done
for process in /proc/[0-9]*; do
  { read -r name <"$process/comm"; } 2>/dev/null || continue
  case $name in
    podman | conmon | crio | kubelet | k3s* | rke2* | buildkitd | lxd | incusd | nomad | systemd-nspawn)
      echo "process:$name ${process#/proc/}"
      ;;
  esac
done
docker plugin ls --format "plugin:{{.Enabled}} {{.Name}}" || echo "unread:the plugins of the engine"
exit 0
