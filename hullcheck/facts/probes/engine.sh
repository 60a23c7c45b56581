# The engine itself. Later probes look into this answer, as far as the networks, which may be many.
. engine.sh
kinds="version info plugins networks"
endpoint() {
  endpoint=${DOCKER_HOST:-${engine_socket:+unix://$engine_socket}}
  if [ -n "$endpoint" ]; then printf "\"%s\"\n" "$endpoint"; else docker context inspect --format "{{json .Endpoints.docker.Host}}"; fi
}
part endpoint endpoint
if [ -n "$engine_socket" ]; then
  api /version /info /plugins /networks 2>&1 | awk -v "names=$kinds" '
    BEGIN { count = split(names, name, " ") }
    /^[{[]/ { print "--" name[++at]; print; next }
    { why = $0 }
    END { while (at < count) print "--" name[++at] "\nfailed:" why }'
else
  for name in $kinds; do part "$name" documents "$name"; done
fi
echo "--end"
