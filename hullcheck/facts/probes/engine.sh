# The engine, with the ids of containers and images. Later probes look into this answer, as far as there is room.
endpoint=${DOCKER_HOST:-${engine_socket:+unix://$engine_socket}}
[ -n "$endpoint" ] || endpoint=$(docker context inspect --format "{{.Endpoints.docker.Host}}" 2>/dev/null)
printf -- "--endpoint\n\"%s\"\n" "$endpoint"
if [ -n "$engine_socket" ]; then
  api /version /info /plugins "/containers/json?all=1" "/images/json?all=1" /networks 2>&1 | awk '
    BEGIN { count = split("version info plugins containers images networks", name, " ") }
    { if (!/^[{[]/) { why = $0; next } print "--" name[++at] }
    at < 4 || at > 5 || /^[{]/ { print; next }
    {
      n = split($0, part, "\"Id\":\"")
      for (i = 2; i <= n; i++) if (part[i] ~ /^(sha256:)?[0-9a-f]+"/ && (end = index(part[i], "\"")) > 64) print substr(part[i], 1, end - 1)
    }
    END { while (at < count) print "--" name[++at] "\nfailed:" why }'
else
  for name in version info plugins networks; do part "$name" documents "$name"; done
fi
echo "--end"
