# shellcheck disable=SC2154 # who includes it has set $ids and $root
# $store gets the folder of the documents of the images $ids, $kind whose that is: `own`, the engine's, or `containerd`; $root is known.
say() { printf "%s\n" "$@"; }
# shellcheck disable=SC2086 # one word for each id
set -- $ids
first=${1#sha256:} content=io.containerd.content.v1.content/blobs/sha256
store="" kind=own
for each in "$root"/image/*/imagedb/content/sha256 containerd "$root/containerd/daemon/$content" "/var/lib/containerd/$content"; do
  [ "$each" != containerd ] || kind=containerd
  [ -n "$store" ] || [ ! -r "$each/$first" ] || store=$each:$kind
done
# The data of a containerd may lie elsewhere: it holds its database there open.
[ -n "$store" ] || for each in $(ls -l /proc/[0-9]*/fd 2>/dev/null |
  sed -n "s|.* -> \(/.*\)/io[.]containerd[.]metadata[.]v1[.]bolt/meta[.]db$|\1|p"); do
  [ ! -r "$each/$content/$first" ] || store=$each/$content:containerd
done
kind=${store##*:} store=${store%:*}
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
