# The folders in which running containers have written, of at most 100 that may.
# shellcheck disable=SC2154
ids=$(ids containers) || exit
# shellcheck disable=SC2086
documents containers $ids |
  sed -n '/"ReadonlyRootfs":false/s/^{"Id":"\([0-9a-f]*\)".*"Running":true.*"Pid":\([0-9]*\),.*/\1 \2/p' |
  sed 100q | while read -r id pid; do
  if [ -n "$engine_socket" ]; then
    api "/containers/$id/changes" | head -c 50000000 | grep -aoE '^(\[|null)|"(Kind|Path)": ?("([^"\\]|\\.)*"|.)'
  else
    docker diff "$id" && echo "["
  fi | awk -v "id=$id" -v "mounts=/proc/$pid/mountinfo" '
  function above(path) { sub("/[^/]*$", "", path); return path }
  function written(folder, at, part) { # cut before a fourth or a strange name
    split(folder, part, "/")
    folder = ""
    for (at = 2; at < 5 && part[at] != "" && part[at] !~ /[\001-\037\177\\"]/; at++) folder = folder "/" part[at]
    if (!seen[folder]++ && count++ < 50) found = found "\t" (folder ? folder : "/")
  }
  BEGIN {
    while ((getline <mounts) > 0) for (name = $5; name != ""; name = above(name)) mounted[name]
  }
  /^(\[|null)/ { answered = 1 }
  /^"Kind"/ { kind = substr("CAD", substr($0, length($0)) + 1, 1) }
  /^"Path"/ { path = $0; gsub(/^"Path": ?"|"$/, "", path) }
  kind && path { $0 = kind " " path; kind = path = "" }
  /^[ACD] \// {
    name = substr($0, 3)
    delete waiting[above(name)] # named for what is in it
    if (name in mounted) next
    if (/^C/) waiting[name]; else written(above(name))
  }
  END {
    for (name in waiting) written(above(name))
    if (answered) print id found "\t."
  }'
done
