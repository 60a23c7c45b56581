# Only these fields: a service also has the values of its environment.
# shellcheck disable=SC2154 # what the probe docker_info answered
case $docker_info in *\"LocalNodeState\":\"inactive\"*) exit 0 ;; esac
ids=$(docker service ls --quiet) || exit
format='{"ID":{{json .ID}},"Spec":{"Name":{{json .Spec.Name}},"Mode":{{json .Spec.Mode}}'
format=$format',"TaskTemplate":{"RestartPolicy":{{json .Spec.TaskTemplate.RestartPolicy}}}}'
format=$format',"Endpoint":{"Ports":{{json .Endpoint.Ports}}}}'
# shellcheck disable=SC2086 # one word for each id
[ -z "$ids" ] || docker service inspect --format "$format" $ids
