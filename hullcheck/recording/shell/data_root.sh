# Where the engine keeps its data, in $root. `${engine#*x}` would take the square of its length.
# shellcheck disable=SC2154 # what the probe engine answered
root=$(printf "%s\n" "$engine" | sed -n 's|.*"DockerRootDir":"\(/[^"\\]*\)".*|\1|p')
[ -n "$root" ] || {
  echo "the engine does not say where its data is" >&2
  exit 1
}
