# The folders in which running containers have written, of at most 100 whose root file system is not read-only.
# shellcheck disable=SC2154
ids=$(ids containers) || exit
# shellcheck disable=SC2086
documents containers $ids |
  sed -n '/"ReadonlyRootfs":false/s/^{"Id":"\([0-9a-f]*\)".*"Running":true.*"Pid":\([0-9]*\),.*/\1 \2/p' |
  sed 100q | while read -r id pid; do
  if [ -n "$engine_socket" ]; then
    api "/containers/$id/changes" | head -c 50000000 |
      grep -aoE '^(\[|null)|"(Kind|Path)": ?("([^"\\]|\\.)*"|[0-9])'
  else
    docker diff "$id" && echo "["
  fi | awk -v "id=$id" -v "mounts=/proc/$pid/mountinfo" '
    function above(path) { sub("/[^/]*$", "", path); return path }
    function changed(kind, path) {
      delete waiting[above(path)] # a folder that is named for what is in it
      if (path in mounted) return
      if (kind == "C" || kind == "0") waiting[path]; else written(above(path))
    }
    function written(folder, at, parts) { # of no more than three names, and none of them strange
      split(folder, parts, "/")
      folder = ""
      for (at = 2; at < 5 && parts[at] != "" && parts[at] !~ /[\001-\037\177\\"]/; at++) folder = folder "/" parts[at]
      if (!seen[folder]++ && count++ < 50) found = found "\t" (folder ? folder : "/")
    }
    BEGIN {
      while ((getline line < mounts) > 0) {
        split(line, field, " ")
        for (path = field[5]; path != ""; path = above(path)) mounted[path]
      }
    }
    /^(\[|null)/ { answered = 1 }
    /^[ACD] \// { changed(substr($0, 1, 1), substr($0, 3)) }
    /^"Kind"/ { kind = $0; gsub(/[^0-9]/, "", kind) }
    /^"Path"/ { path = $0; gsub(/^"Path": ?"|"$/, "", path) }
    kind != "" && path != "" { changed(kind, path); kind = path = "" }
    END {
      for (path in waiting) written(above(path))
      if (answered) print id found "\t."
    }'
done
