# The engine itself. Later probes look into this answer, as far as the networks, which may be many.
. engine.sh
kinds="version info plugins networks"
if [ -n "$engine_socket" ]; then
  printf "%s\n\"unix://%s\"\n" --endpoint "$engine_socket"
  api /version /info /plugins /networks 2>&1 | awk -v "names=$kinds" '
    BEGIN { count = split(names, name, " ") }
    /^[{[]/ { print "--" name[++at]; print; next }
    { why = $0 }
    END { while (at < count) print "--" name[++at] "\nfailed:" why }'
else
  endpoint() { docker context inspect --format "{{json .Endpoints.docker.Host}}"; }
  part endpoint endpoint
  for name in $kinds; do part "$name" documents "$name"; done
fi
echo "--end"
