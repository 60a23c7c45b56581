ids=$(docker network ls --quiet --no-trunc) || exit
[ -z "$ids" ] || docker network inspect --format "{{json .}}" $ids
