# Where the engine keeps its data, in $root.
# shellcheck disable=SC2154 # what the probe engine answered
root=${engine#*\"DockerRootDir\":\"}
root=${root%%\"*}
case $root in [!/]* | *\\* | "")
  echo "the engine does not say where its data is" >&2
  exit 1
  ;;
esac
