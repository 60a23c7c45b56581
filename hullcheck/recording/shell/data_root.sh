# Where the engine keeps its data, in $root: as it was told once for all probes, or by asking again.
# shellcheck disable=SC2154 # what the probe docker_info answered
root=${docker_info#*\"DockerRootDir\":\"}
root=${root%%\"*}
case $root in [!/]* | *\\* | "") root=$(docker info --format "{{.DockerRootDir}}") || exit ;; esac
