# One process of each network, since a table of sockets is a network's; all that may be seen of their descriptors.
cd /proc || exit
networks=$(ls -ln self/ns/net [0-9]*/ns/net 2>/dev/null |
  sed -n "s|.* \([0-9a-z]*\)/ns/net -> \(net:.*\)|\2 \1|p" | sort -u -k 1,1) || exit
tables=$(printf "%s\n" "$networks" | sed "s|.* \(.*\)|\1/net/unix|")
# shellcheck disable=SC2086 # one word for each path
listening=$(grep -aHs " 00010000 [^ ]* [^ ]* *[0-9]* /" $tables)
[ -z "$listening" ] || printf "%s\n" "$listening"
descriptors=$(printf "%s\n" "$listening" | sed -n "s|^[^ ]* [^ ]* [^ ]* 00010000 [^ ]* [^ ]* *\([0-9]*\) /.*|socket:[\1]|p")
[ -z "$descriptors" ] || printf "%s\n" [0-9]*/fd/* | tr "\n" "\0" | xargs -0 ls -dln 2>/dev/null | grep -aF "$descriptors"
printf "%s\n" "$listening" | sed -n "s|^[^ ]* [^ ]* [^ ]* 00010000 [^ ]* [^ ]* *[0-9]* \(/.*\)|\1|p" | sort -u |
  while IFS= read -r socket; do
    cd -P "${socket%/*}/" 2>/dev/null || continue
    [ "${PWD%/}/${socket##*/}" = "$socket" ] || printf "real:%s\t%s/%s\n" "$socket" "${PWD%/}" "${socket##*/}"
  done
if ls 1/fd >/dev/null 2>&1; then echo "descriptors:all"; else echo "descriptors:some"; fi
printf "listed:%d\n" "$(printf "%s\n" "$listening" | grep -c .)"
exit 0
