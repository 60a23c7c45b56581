# shellcheck disable=SC2154 # what the probe docker_info answered
case $docker_info in *'"LocalNodeState":"inactive"'*) exit 0 ;; esac
ids=$(docker service ls --quiet) || exit
# shellcheck disable=SC2086 # one word for each id
[ -z "$ids" ] || docker service inspect --format '{"ID":{{json .ID}},"Spec":{"Name":{{json .Spec.Name}},"TaskTemplate":{"RestartPolicy":{{json .Spec.TaskTemplate.RestartPolicy}}}},"Endpoint":{"Ports":{{json .Endpoint.Ports}}}}' $ids
