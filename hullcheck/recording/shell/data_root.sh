# Where the engine keeps its data, in $root: as it was told once for all probes, or by asking again.
root=${docker_info#*'"DockerRootDir":"'}
root=${root%%'"'*}
case $root in [!/]* | *\\* | "") root=$(docker info --format "{{.DockerRootDir}}") || exit ;; esac
