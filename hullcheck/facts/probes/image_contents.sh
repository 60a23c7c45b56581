. engine.sh
ids=$(ids images) || exit
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
if [ -n "$known" ]; then
  echo known
  documents images $known || status=$?
fi
[ -n "$new" ] || exit $status
# shellcheck disable=SC2086 # one word for each id
images=$(documents images $new) || status=$?
ids=$new
. data_root.sh
. image_store.sh
say new "$images"
if [ -z "$store" ]; then
  echo "the layers cannot be read; it takes root, and those of Podman are not read" >&2
  exit 1
fi
databases="lib/apk/db/installed usr/lib/apk/db/installed"
packages_of() {
  echo "packages $1"
  grep "^P:" && echo "end"
}

own_store() {
  cd "${store%/imagedb/*}" || return
  {
    say "$images"
    echo
    grep -H "" layerdb/sha256/*/diff
  } | awk -F '"' '
    $0 == "" { listed = 1; next }
    !listed { for (i = 1; i <= NF; i++) if ($i ~ "^sha256:" && !seen[$i]++) order[++count] = $i; next }
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

store_of_containerd() {
  cd "$store" || return
  echo "containerd"
  walk "$(for id in $new; do say "${id#sha256:}"; done | there)"
  say "$told" | xargs grep -aH ""
  {
    say "$told"
    echo
    say "$below" "$lowest" | grep .
  } | awk '$0 == "" { listed = 1; next } !seen[$0]++ && listed' |
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

[ "$kind" = own ] || case $(tar --version 2>&1) in
  *GNU*) ;;
  *)
    echo "the layers in the store of containerd can only be listed with GNU tar" >&2
    exit 1
    ;;
esac
if [ "$kind" = own ]; then own_store; else store_of_containerd; fi | head -c 167772160
exit $status
