# shellcheck disable=SC2154 # who includes it has set $ids
# $store gets the folder of the documents of the images $ids, $kind `own` where that is of the engine, or `containerd`.
say() { printf "%s\n" "$@"; }
# shellcheck disable=SC2086 # one word for each id
set -- $ids
store="" kind=containerd content=io.containerd.content.v1.content/blobs/sha256
for each in "$data_root"/image/*/imagedb/content/sha256 "$data_root/containerd/daemon/$content" "/var/lib/containerd/$content"; do
  [ -n "$store" ] || [ ! -r "$each/${1#sha256:}" ] || store=$each
done
case $store in */imagedb/*) kind=own ;; esac
there() { while read -r name; do [ ! -r "$name" ] || say "$name"; done; }
named_by() { xargs grep -aoh '"digest"[ ]*:[ ]*"sha256:[0-9a-f]*"' /dev/null | sed "s/.*sha256://; s/\"//"; }
json() { # of these files; but for statements on images, which may be long
  xargs head -c 1 /dev/null | awk '/^==> / { name = $2 } /^[{]/ { print name }' | xargs grep -L '"_type"' | there
}
walk() { # NAMES: $told gets the documents that tell of these images, $below and $lowest all that they name
  told=$1
  if [ "$kind" = containerd ]; then
    below=$(say "$told" | named_by | there)
    middle=$(say "$below" | json)
    lowest=$(say "$middle" | named_by | there)
    told=$(say "$told" "$middle" "$(say "$lowest" | json)" | grep . | sort -u)
  fi
}
