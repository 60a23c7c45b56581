ids=$(docker network ls --quiet --no-trunc) || exit
# shellcheck disable=SC2086 # one word for each id
[ -z "$ids" ] || docker network inspect --format "{{json .}}" $ids
