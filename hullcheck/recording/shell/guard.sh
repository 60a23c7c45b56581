# Ends the group of a question, late or when the script is to stop: by SIGTERM, and a second later by SIGKILL.
# shellcheck disable=SC2154 # the script has set $limit, $script and $holder
guard() {
  trap 'kill -KILL "$!"; wait "$!"; exit' VTALRM
  seconds=0
  while [ "$seconds" -lt "$limit" ] && kill -0 "$script" && kill -0 "$holder"; do
    sleep 1 &
    wait "$!"
    seconds=$((seconds + 1))
  done
  kill -0 "$script" || kill -KILL "$holder" # which would outlive it
  trap "" TERM
  kill -TERM 0
  sleep 1 &
  wait "$!"
  kill -KILL 0
}
guard >/dev/null 2>&1 &
guard=$!
trap 'status=$?; kill -VTALRM "$guard"; wait "$guard" 2>/dev/null; trap "" TERM; kill -TERM 0; exit "$status"' EXIT
trap "exit 124" TERM
