# The engine itself. Later probes look into this answer, as far as the networks, which may be many.
. engine.sh
endpoint=${DOCKER_HOST:-${engine_socket:+unix://$engine_socket}}
if [ -n "$endpoint" ]; then
  printf -- "--endpoint\n\"%s\"\n" "$endpoint"
else
  part endpoint docker context inspect --format "{{json .Endpoints.docker.Host}}"
fi
if [ -n "$engine_socket" ]; then
  api /version /info /plugins /networks 2>&1 | awk '
    BEGIN { count = split("version info plugins networks", name, " ") }
    /^[{[]/ { print "--" name[++at]; print; next }
    { why = $0 }
    END { while (at < count) print "--" name[++at] "\nfailed:" why }'
else
  for name in version info plugins networks; do part "$name" documents "$name"; done
fi
echo "--end"
