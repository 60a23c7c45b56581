# shellcheck disable=SC2034,SC2154 # the prologue comes before it
# The host is asked while the engine works, and each of them two things at a time. What is said beside waits in dd(1),
# whose buffer of 16 MiB is written when it is full or complete, so that no probe's time runs out while it waits for a
# reader.
later() { dd ibs=65536 obs=16777216 2>/dev/null; }
ask() {
  try_programs
  ask_host | later | {
    ask_host_aside | later | {
      ask_first
      ask_aside | later | {
        ask_engine
        cat
      }
      cat
    }
    cat
  }
}
if [ "$1" = held ]; then exec 5<&0 </dev/null; else exec 5</dev/null; fi
hold <&5 >/dev/null 2>&1 &
holder=$!
exec 5<&-
trap stop HUP INT TERM
ask &
asking=$!
clock &
clock=$!
wait "$asking"
while kill -0 "$asking" 2>/dev/null; do wait "$asking"; done
trap "" HUP INT TERM
stop
kill "$clock" 2>/dev/null
wait
printf "%s complete\n" "$nonce"
