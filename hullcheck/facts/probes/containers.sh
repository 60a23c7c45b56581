. engine.sh
ids=$(ids containers) || exit
# Something between here and the engine may show some of them alone. Containers come and go, so the engine is asked again.
# shellcheck disable=SC2154 # what the engine said of itself
counted=${docker_info#*\"Containers\":} counted=${counted%%[!0-9]*}
listed=0
for _ in $ids; do listed=$((listed + 1)); done
for _ in 1 2 3; do
  [ "$counted" != "$listed" ] || break
  counted=$(documents info) || exit
  counted=${counted#*\"Containers\":} counted=${counted%%[!0-9]*}
  ids=$(ids containers) || exit
  listed=0
  for _ in $ids; do listed=$((listed + 1)); done
done
printf -- "--counted\n%s\n--listed\n%s\n" "$counted" "$ids"
described=""
# shellcheck disable=SC2086 # one word for each id
[ -z "$ids" ] || described=$(documents containers $ids 2>&1)
printf -- "--inspect\n%s\n--volumes\n" "$described"
case $described in *\"Type\":\"volume\"*) documents volumes ;; *) echo "[]" ;; esac
echo "--users"
# One that does not run and whose user has a name: the number by its own passwd.
most=20
case $described in *\"Pid\":0,*)
  printf "%s\n" "$described" |
    sed -n 's/^{"Id":"\([0-9a-f]*\)".*"Pid":0,.*"Config":{"Hostname":"[^"]*","Domainname":"[^"]*","User":"\([A-Za-z_][^":\\]*\)[":].*/\1 \2/p' |
    while read -r id user && [ "$most" -gt 0 ]; do
      most=$((most - 1))
      uid=$(docker cp --follow-link "$id:/etc/passwd" - 2>/dev/null | tar -xO 2>/dev/null |
        awk -F: -v user="$user" '{ sub("^[ \t]*", "") } $1 == user { print $3; exit }')
      printf "%s %s\n" "$id" "$uid"
    done
  ;;
esac
echo "--end"
