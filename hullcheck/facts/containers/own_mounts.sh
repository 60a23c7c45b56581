cat /proc/1/mountinfo || exit
echo "--self"
cat /proc/self/mountinfo || exit
echo "--sockets"
for each in /proc/1/net/tcp /proc/1/net/tcp6; do
  [ $each = /proc/1/net/tcp ] || [ -e $each ] || continue # without IPv6 there is none
  grep -qs local_address $each || echo "--unread"
  ! grep -qs "^ *[0-9]*: [0-9A-F]*:0016 [0-9A-F]*:0000 0A " $each || echo "--ssh"
done
[ -e /.dockerenv ] || [ -e /run/.containerenv ] || exit 0
names="docker.sock run/docker.sock containerd.sock containerd/containerd.sock run/containerd/containerd.sock
  podman.sock podman/podman.sock run/podman/podman.sock"
while read -r _ _ _ _ point _; do
  [ -S "$point" ] && printf "%s\n" "$point"
  for name in $names; do
    [ -S "${point%/}/$name" ] && printf "%s\n" "${point%/}/$name"
  done
  for each in "${point%/}"/*/docker.sock "${point%/}"/*/containerd.sock "${point%/}"/*/podman.sock; do
    [ ! -S "$each" ] || printf "%s\n" "$each"
  done
done </proc/self/mountinfo
exit 0
