. engine.sh
echo "--inside" # where the target is a container itself, by programs that the smallest image has
inside=""
if [ -e /.dockerenv ] || [ -e /run/.containerenv ]; then
  inside=yes
  grep -aHs "" /proc/1/mountinfo /proc/self/mountinfo
  while read -r _ _ _ _ point _; do
    at=${point%/}
    for name in docker containerd podman; do
      for each in "$point" "$at/$name.sock" "$at"/*/"$name.sock" "$at"/run/*/"$name.sock"; do
        [ ! -S "$each" ] || printf "mounted %s\n" "$each"
      done
    done
  done </proc/self/mountinfo
fi
# Something between here and the engine may show some of them alone. Containers come and go, so the engine is asked again.
# shellcheck disable=SC2154 # what the engine said of itself
count=$engine
# shellcheck disable=SC2046 # one word for each id
for _ in 1 2 3; do
  ids=$(ids containers) || {
    status=$?
    [ -n "$inside" ] || exit "$status"
    echo "--end"
    exit
  }
  set -- $(printf "%s" "$ids")
  count=${count#*\"Containers\":} count=${count%%[!0-9]*}
  [ "$count" != $# ] || break
  count=$(documents info) || exit
done
count=${count#*\"Containers\":}
printf -- "--counted\n%s\n--listed\n%s\n--inspect\n" "${count%%[!0-9]*}" "$ids"
said=$([ $# = 0 ] || documents containers "$@" 2>&1)
printf "%s\n--volumes\n" "$said"
case $said in *\"Type\":\"volume\"*) documents volumes ;; *) echo "[]" ;; esac
echo "--users"
# One that does not run and whose user has a name: the number by its own passwd.
case $said in *\"Pid\":0,*)
  printf "%s\n" "$said" |
    sed -n 's/^{"Id":"\([0-9a-f]*\)".*"Pid":0,.*"Domainname":"[^"]*","User":"\([A-Za-z_][^":\\]*\)[":].*/\1 \2/p' |
    sed 100q | while read -r id user; do
    uid=$(docker cp --follow-link "$id:/etc/passwd" - 2>/dev/null | tar -xO 2>/dev/null |
      while IFS=: read -r name _ number _ || [ -n "$name" ]; do [ "$name" != "$user" ] || echo "$number"; done | sed 1q)
    printf "%s %s\n" "$id" "$uid"
  done
  ;;
esac
echo "--end"
