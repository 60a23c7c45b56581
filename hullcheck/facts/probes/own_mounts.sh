cat /proc/1/mountinfo || exit
echo "--self"
cat /proc/self/mountinfo || exit
echo "--sockets"
[ -e /.dockerenv ] || [ -e /run/.containerenv ] || exit 0
while read -r _ _ _ _ point _; do
  at=${point%/}
  for each in "$point" "$at"/docker.sock "$at"/containerd.sock "$at"/*/docker.sock "$at"/*/containerd.sock \
    "$at"/*/podman.sock "$at"/podman.sock "$at"/run/*/containerd.sock "$at"/run/*/podman.sock; do
    [ ! -S "$each" ] || printf "%s\n" "$each"
  done
done </proc/self/mountinfo
exit 0
