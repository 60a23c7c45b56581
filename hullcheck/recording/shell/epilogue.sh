# shellcheck disable=SC2034,SC2154 # the prologue comes before it
if [ "$1" = held ]; then exec 5<&0 </dev/null; else exec 5</dev/null; fi
hold <&5 >/dev/null 2>&1 &
export holder=$!
exec 5<&-
trap stop HUP INT TERM
printf "\n%s %s\n" "@MAGIC@" "$nonce"
questions &
asking=$!
while kill -0 "$asking" 2>/dev/null; do wait "$asking"; done
trap "" HUP INT TERM
stop
wait
printf "%s complete\n" "$nonce"
