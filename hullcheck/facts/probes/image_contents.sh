say() { printf "%s\n" "$@"; }
ids=$(docker image ls --quiet --no-trunc) || exit
unnamed=$(docker image ls --quiet --no-trunc --filter dangling=true) || exit
used=$(docker ps --all --no-trunc --format "{{.Image}}") || exit # also those that lost their names
# shellcheck disable=SC2086 # one word for each id
[ -z "$used" ] || used=$(docker image inspect --format "{{.Id}}" $used 2>/dev/null)
ids=$(printf "%s\n%s\n%s\n" "$ids" "$unnamed" "$used" | grep . | sort -u)
known="" new=""
for id in $ids; do
  hex=${id#sha256:}
  # shellcheck disable=SC2154 # set for all probes
  case " $known_images " in
    *" ${hex%"${hex#????????????????}"} "*) known="$known $id" ;;
    *) new="$new $id" ;;
  esac
done
status=0
# shellcheck disable=SC2086 # one word for each id
[ -z "$known" ] || docker image inspect --format 'known {{.Id}} {{json .RootFS}}' $known || status=$?
[ -n "$new" ] || exit $status
# shellcheck disable=SC2086 # one word for each id
images=$(docker image inspect --format 'image {{.Id}} {{json .RootFS}}' $new) || status=$?
say "$images"
. data_root.sh
engine=${engine:-$(docker info --format "{{json .}}")} || exit
enter() {
  cd "$1" 2>/dev/null && return
  echo "the layers lie below $1, which cannot be entered; it takes root, and those of Podman are not read" >&2
  return 1
}
each_once() { awk '!seen[$0]++'; }
databases="lib/apk/db/installed usr/lib/apk/db/installed"
packages_of() {
  echo "packages $1"
  grep "^P:" && echo "end"
}
there() { while read -r name; do [ ! -f "$name" ] || say "$name"; done; }

# ---- the engine's own store
own_store() {
  enter "$root/image" || return
  layers=$(say "$images" | tr '",' "\n" | grep "^sha256:" | each_once)
  # shellcheck disable=SC2035 # no name begins with a dash
  places=$(grep -H "" */layerdb/sha256/*/diff) || return
  {
    say "$layers"
    echo
    say "$places"
  } | awk '
    $0 == "" { listed = 1; next }
    !listed { order[++count] = $0; next }
    { at = index($0, "/diff:"); place[substr($0, at + 6)] = substr($0, 1, at) }
    END { for (i = 1; i <= count; i++) if (order[i] in place) print order[i], place[order[i]] }' |
    while read -r layer place; do
      echo "layer $layer"
      base64 "${place}tar-split.json.gz" && echo "end"
      read -r cache <"${place}cache-id"
      for each in overlay2/$cache/diff fuse-overlayfs/$cache/diff vfs/dir/$cache btrfs/subvolumes/$cache; do
        for file in $databases; do
          [ ! -f "$root/$each/$file" ] || [ -L "$root/$each/$file" ] ||
            packages_of "$layer" <"$root/$each/$file"
        done
      done
    done
}

# ---- the store of containerd
named_by() { xargs grep -aoh '"digest"[ ]*:[ ]*"sha256:[0-9a-f]*"' | sed "s/.*sha256://; s/\"//"; }
documents() { there | xargs head -c 1 /dev/null | awk '/^==> / { name = $2 } /^[{]/ { print name }'; }
. containerd_root.sh
enter_store() { # the one that has any of the images: there may be several containerds
  content=io.containerd.content.v1.content/blobs/sha256
  running=$(ls -l /proc/[0-9]*/exe 2>/dev/null |
    sed -n "s/ (deleted)$//; s|.* /proc/\([0-9]*\)/exe -> .*/[cd]o[a-z]*erd$|\1|p")
  for process in $running; do
    place=$(containerd_root "/proc/$process")
    # shellcheck disable=SC2086 # one word for each id
    [ -z "$place" ] || ! cd "$place/$content" 2>/dev/null || [ -z "$(say $new | sed "s/^sha256://" | there)" ] || return 0
  done
  cd "$root/containerd/daemon/$content" 2>/dev/null || enter "/var/lib/containerd/$content"
}
store_of_containerd() {
  case $(tar --version 2>&1) in
    *GNU*) ;;
    *)
      echo "the layers in the store of containerd can only be listed with GNU tar" >&2
      return 1
      ;;
  esac
  enter_store || return
  echo "containerd"
  # shellcheck disable=SC2086 # one word for each id
  tops=$(say $new | sed "s/^sha256://" | there)
  below=$(say "$tops" | named_by | each_once | there)
  middle=$(say "$below" | documents)
  lowest=$(say "$middle" | named_by | each_once | there)
  told=$(say "$lowest" | documents)
  told=$(say "$tops" "$middle" "$told" | grep . | each_once)
  say "$told" | xargs grep -aH ""
  {
    say "$told"
    echo
    say "$below" "$lowest" | grep .
  } | awk '
    $0 == "" { listed = 1; next }
    !seen[$0]++ && listed' |
    while read -r layer; do
      echo "layer sha256:$layer"
      listing=$(tar -tv --xattrs-include=security.capability --numeric-owner --quoting-style=c -f "$layer" 2>/dev/null)
      ended=$?
      [ "$(sha256sum "$layer")" = "$layer  $layer" ] || ended=1 # a plain archive may end anywhere, and tar sees nothing
      printf "%s\nstatus %d\n" "$listing" $ended | gzip -c | base64 && echo "end"
      for file in $databases; do
        case $listing in
          *"\"$file\""*) ;;
          *"\"./$file\""*) file=./$file ;;
          *) continue ;;
        esac
        list=$(tar -xO -f "$layer" "$file") && say "$list" | packages_of "sha256:$layer"
      done
    done
}

exec 4>&1
result=$({
  {
    case $engine in
      *'["driver-type","io.containerd.snapshotter.'*) store_of_containerd ;;
      *) own_store ;;
    esac
    echo $? >&5
  } 4>&- | head -c @MOST@ 5>&- >&4
} 5>&1)
[ "${result:-0}" -eq 0 ] || exit "$result" # none where there was more: what is cut off is not read
exit $status
