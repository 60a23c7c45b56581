# The engine itself. Later probes look into this answer, as far as the networks, which may be many.
. engine.sh
endpoint() {
  if [ -n "$engine_socket" ]; then
    printf "\"unix://%s\"\n" "$engine_socket"
  else
    docker context inspect --format "{{json .Endpoints.docker.Host}}"
  fi
}
part endpoint endpoint
for name in version info plugins networks; do part $name documents $name; done
echo "--end"
