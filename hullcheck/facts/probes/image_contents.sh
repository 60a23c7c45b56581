# shellcheck disable=SC2086,SC2154 # one word for each id; the prologue has set the rest
fail() { echo "$1" >&2 && exit 1; }
ids=$(ids images) || exit
known="" new="" status=0
for id in $ids; do
  hex=${id#sha256:}
  case " $known_images " in *" ${hex%"${hex#????????????????}"} "*) known="$known $id" ;; *) new="$new $id" ;; esac
done
[ -z "$known" ] || { echo known && documents images $known; } || status=$?
[ -n "$new" ] || exit $status
images=$(documents images $new) || status=$?
find_store $new
say new "$images"
[ -n "$store" ] || fail "the layers cannot be read; it takes root, and those of Podman are not read"
[ "$kind" = own ] || tar --version 2>&1 | grep -q GNU ||
  fail "the layers in the store of containerd can only be listed with GNU tar"
packages_of() { echo "packages $1" && grep "^P:" && echo "end"; } # LAYER: those in a database of Alpine

if [ "$kind" = own ]; then
  cd "${store%/imagedb/*}" || exit
  say "$images" "" "$(grep -H "" layerdb/sha256/*/diff)" | awk -F '"' '
    $0 == "" { listed = 1; next }
    !listed { for (i = 1; i <= NF; i++) if ($i ~ "^sha256:" && !seen[$i]++) order[++count] = $i; next }
    { at = index($0, "/diff:"); place[substr($0, at + 6)] = substr($0, 1, at) }
    END { for (i = 1; i <= count; i++) if (order[i] in place) print order[i], place[order[i]] }' |
    while read -r layer place; do
      echo "layer $layer"
      base64 "${place}tar-split.json.gz" && echo "end"
      read -r cache <"${place}cache-id"
      for each in overlay2/$cache/diff fuse-overlayfs/$cache/diff vfs/dir/$cache btrfs/subvolumes/$cache; do
        for file in "$data_root/$each/lib/apk/db/installed" "$data_root/$each/usr/lib/apk/db/installed"; do
          [ ! -f "$file" ] || [ -L "$file" ] || packages_of "$layer" <"$file"
        done
      done
    done
else
  cd "$store" || exit
  echo "containerd"
  walk "$(for id in $new; do say "${id#sha256:}"; done | there)"
  say "$told" | xargs grep -aH ""
  say "$told" - "$below" "$lowest" | awk '$0 == "-" { listed = 1; next } !seen[$0]++ && listed && $0 != ""' |
    while read -r layer; do
      echo "layer sha256:$layer"
      listing=$(tar -tv --xattrs-include=security.capability --numeric-owner --quoting-style=c -f "$layer" 2>/dev/null)
      ended=$?
      [ "$(sha256sum "$layer")" = "$layer  $layer" ] || ended=1 # a plain archive may end anywhere, and tar sees nothing
      printf "%s\nstatus %d\n" "$listing" $ended | gzip -c | base64 && echo "end"
      for file in lib/apk/db/installed usr/lib/apk/db/installed ./lib/apk/db/installed ./usr/lib/apk/db/installed; do
        case $listing in *"\"$file\""*) tar -xO -f "$layer" "$file" | packages_of "sha256:$layer" ;; esac
      done
    done
fi | head -c 167772160
exit $status
