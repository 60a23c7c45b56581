# The engine itself. Later probes look into this answer, as far as the networks, which may be many.
endpoint=${DOCKER_HOST:-${engine_socket:+unix://$engine_socket}}
[ -n "$endpoint" ] || endpoint=$(docker context inspect --format "{{.Endpoints.docker.Host}}" 2>/dev/null)
printf -- "--endpoint\n\"%s\"\n" "$endpoint"
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
