PATH=$PATH:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/snap/bin
LC_ALL=C
export PATH LC_ALL
for each in od tr sleep setsid grep; do
  command -v "$each" >/dev/null || {
    echo "the script needs $each, which is missing" >&2
    exit 1
  }
done
nonce=$(od -An -N16 -tx1 /dev/urandom | tr -d " \n")
[ "${#nonce}" -eq 32 ] || {
  echo "no nonce: od, tr or /dev/urandom does not work" >&2
  exit 1
}
line_feed="
"

# The socket of the engine, if curl may ask there: who names no other, or a socket.
engine_socket=${DOCKER_HOST#unix://}
client=${DOCKER_CONFIG:-$HOME/.docker}/config.json
if [ -z "$DOCKER_HOST$DOCKER_CONTEXT" ] && { [ ! -f "$client" ] || ! grep -q '"currentContext"' "$client"; }; then
  engine_socket=/var/run/docker.sock
fi
[ -S "$engine_socket" ] && [ -w "$engine_socket" ] && curl -q -V 2>/dev/null | grep -q UnixSockets || engine_socket=""
export engine_socket

# The processes of the daemons, for which several questions ask.
daemons=$(grep -lsx dockerd /proc/[0-9]*/comm | tr -dc "0-9\n" | tr "\n" " ")
export daemons

# Each question runs as a process group of its own. A shell waits for it, counts the seconds, and ends the group when
# there are too many, or when the script is to stop, which is so once the process `holder` has ended. Every second the
# clock sends SIGURG, which does nothing to a process that did not ask for it, to the group of the script.
# shellcheck disable=SC2154 # the epilogue sets $asking and $holder
clock() {
  trap 'kill "$!" 2>/dev/null' HUP INT TERM
  more=5 # seconds to end what runs after the script itself was killed
  while kill -0 "$asking" && [ "$more" -gt 0 ]; do
    kill -0 "$$" || {
      more=$((more - 1))
      kill -KILL "$holder"
    }
    kill -URG 0
    sleep 1 &
    wait "$!" || wait "$!"
  done 2>/dev/null
}
hold() { # ends when the standard input does, where its first line says that it is kept open
  read -r word && [ "$word" = hold ] || exec sleep 2147483647
  read -r word
  kill "$$"
}
running() { kill -0 "$$" 2>/dev/null && kill -0 "$holder" 2>/dev/null; }
stop() {
  [ -n "$holder" ] || return 0
  kill -KILL "$holder" 2>/dev/null
  wait "$holder" 2>/dev/null
  holder=""
  kill -URG 0
}

# A group is ended from the last of its processes up, so that each is waited for by its own parent: what outlives that
# becomes a child of process 1, and in a container that may wait for nobody.
leaves() { # GROUP: those of its processes that have no child, and `alive` if there is any
  cat /proc/[0-9]*/stat | sed "s/(.*)/name/" | awk -v group="$1" '
    $5 == group { parents[$4]; if ($3 != "Z") alive[$1] }
    END { for (pid in alive) { if (!(pid in parents)) print pid; last = "alive" } print last }'
}
end() { # GROUP: by SIGTERM, and after a second by SIGKILL
  seconds=0 signal=TERM
  kill -TERM "$1"
  while [ -n "$(leaves "$1")" ] && [ "$seconds" -lt 4 ]; do
    kill -STOP "-$1" # so that none has a child that is not seen
    found=$(leaves "$1")
    [ "$seconds" -lt 2 ] || signal=KILL
    # shellcheck disable=SC2086 # one word for each process
    kill -"$signal" ${found%alive}
    kill -CONT "-$1"
  done
  kill -KILL "-$1"
  wait "$1" || wait "$1"
}
# It says its own status at the end of its errors, for a shell that waits may lose it when a signal wakes it meanwhile.
traps="trap 'printf \"\\n$nonce %d\" \$? >&2' EXIT
trap 'trap - EXIT; wait; exit' TERM
"
# shellcheck disable=SC2154 # the line before this script sets $limit
watch() { # SCRIPT: runs it, and ends it in time
  seconds=0
  trap : HUP INT TERM
  trap 'seconds=$((seconds + 1))' URG
  setsid /bin/sh -c "$traps$1" </dev/null 3>&- &
  while running && [ "$seconds" -le "$limit" ]; do
    wait "$!" 2>/dev/null
    status=$?
    kill -0 "$!" 2>/dev/null || {
      kill -KILL "-$!" 2>/dev/null # what it left behind
      printf "\n%s %d" "$nonce" "$status" >&2
      return
    }
  done
  end "$!" 2>/dev/null
  printf "\n%s late" "$nonce" >&2
}

late=0
ask() {               # NAME SCRIPT [engine]: sends the frame of its answer
  trap : HUP INT TERM # of a terminal or timeout(1), to the whole group: the epilogue acts on them
  printf "%s begin %s\n" "$nonce" "$1"
  status=124
  if ! running; then
    said="not asked: the audit was ended before"
  elif [ "$late" -gt 1 ] && [ -n "$3" ]; then
    said="not asked: the engine did not answer other questions in time"
  else
    { message=$(watch "$2" 2>&1 >&3); } 3>&1
    said=${message%%"$line_feed$nonce "*}
    status=${message#"$said$line_feed$nonce "}
    status=${status%%"$line_feed"*}
    case $message in *"$nonce late") status=124 said="$said${line_feed}did not end" ;; esac
    case $status in "" | *[!0-9]*) status=137 ;; esac # what watched it was killed
    [ "$3 $status" != "engine 124" ] || late=$((late + 1))
  fi
  printf "\n%s status %d\n%s\n%s end %s\n" "$nonce" "$status" "$said" "$nonce" "$1"
}
share() { # NAME SCRIPT [engine]: so that the questions after it find the answer in the variable of its name
  frame=$(
    ask "$@"
    echo "$status"
  )
  status=${frame##*"$line_feed"} frame=${frame%"$line_feed"*}
  printf "%s\n" "$frame"
  [ "$3 $status" != "engine 124" ] || late=2
  [ "$status" -eq 0 ] || return 0
  frame=${frame%"$line_feed$nonce status "*}
  frame=${frame#*"$line_feed"}
  [ ${#frame} -le 100000 ] || frame=$(printf "%.100000s" "$frame") # a variable has room for 128 KiB
  export "$1=$frame"
}
