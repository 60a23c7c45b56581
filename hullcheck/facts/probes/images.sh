ids=$(docker image ls --all --quiet --no-trunc) || exit
unnamed=$(docker image ls --quiet --no-trunc --filter dangling=true) || exit
ids=$(printf "%s\n%s\n" "$ids" "$unnamed" | grep . | sort -u)
[ -n "$ids" ] || exit 0
printf "%s\n" "$ids"
# the client of 29 knows no Parent: where `index` fails on what it knows, it gives all that the engine said
# shellcheck disable=SC2086 # one word for each id
docker image inspect --format 'image {{json .}}{{if index . "Parent"}}{{end}}' $ids
status=$?

echo "--blobs"
. data_root.sh
first=$(printf "%s\n" "$ids" | sed -n "1s/^sha256://p")
content=io.containerd.content.v1.content/blobs/sha256
store=""
for each in "$root"/image/*/imagedb/content/sha256 "$root/containerd/daemon/$content" \
  "/var/lib/containerd/$content"; do
  [ ! -r "$each/$first" ] || store=$each
done
if [ -z "$store" ]; then
  step='{"created_by":{{json .CreatedBy}},"comment":{{json .Comment}},"size":{{json .Size}}}'
  for id in $ids; do
    echo "history $id"
    docker history --no-trunc --format "$step" "$id" || status=$?
  done
  exit $status
fi
cd "$store" || exit
there() { while read -r name; do [ ! -r "$name" ] || printf "%s\n" "$name"; done; }
# An index names manifests, a manifest its configuration.
named_by() {
  xargs awk '
    function tell(   digest) {
      if (text !~ "\"manifests\"") text = match(text, "\"config\"[ \t]*:[ \t]*[{][^}]*[}]") ? substr(text, RSTART, RLENGTH) : ""
      while (match(text, "\"digest\"[ \t]*:[ \t]*\"sha256:[0-9a-f]+\"")) {
        digest = substr(text, RSTART, RLENGTH - 1)
        text = substr(text, RSTART + RLENGTH)
        sub(".*:", "", digest)
        print digest
      }
      text = ""
    }
    FNR == 1 { tell() }
    { text = text $0 }
    END { tell() }' /dev/null
}
images=$(printf "%s\n" "$ids" | sed "s/^sha256://" | there)
printf "%s\n" "$images" | grep . | xargs stat -c "came %Y %n" # when each was brought here
named=$(printf "%s\n" "$images" | named_by | there)
below=$(printf "%s\n" "$named" | named_by | there)
printf "%s\n" "$images" "$named" "$below" | grep . | sort -u | xargs grep -aH ""
exit $status
