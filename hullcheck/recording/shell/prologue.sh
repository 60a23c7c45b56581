PATH=$PATH:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/snap/bin
export PATH LC_ALL=C
for each in od tr sleep setsid grep; do
  command -v "$each" >/dev/null || { echo "the script needs $each, which is missing" >&2 && exit 1; }
done
nonce=$(od -An -N16 -tx1 /dev/urandom | tr -d " \n")
[ "${#nonce}" -eq 32 ] || { echo "no nonce: od, tr or /dev/urandom does not work" >&2 && exit 1; }
line_feed="
"

# The socket of the engine, if curl may ask there: who names no other, or a socket.
engine_socket=${DOCKER_HOST#unix://}
if [ -z "$DOCKER_HOST$DOCKER_CONTEXT" ] && ! grep -qs '"currentContext"' "${DOCKER_CONFIG:-$HOME/.docker}/config.json"; then
  engine_socket=/var/run/docker.sock
fi
[ -S "$engine_socket" ] && [ -w "$engine_socket" ] && command -v curl >/dev/null || engine_socket=""

# The processes of the daemons, and the sockets in their networks and in that of the script.
daemons=$(grep -lsx dockerd /proc/[0-9]*/comm | tr -dc "0-9\n" | tr "\n" " ")
unix=/proc/self/net/unix script=$$
# shellcheck disable=SC3013
for pid in $daemons; do [ "/proc/$pid/ns/net" -ef /proc/self/ns/net ] || unix="$unix$line_feed/proc/$pid/net/unix"; done
export engine_socket daemons unix line_feed script limit

# The script is to stop once the process `holder` has ended: at a signal, or with a standard input that is held open.
hold() {
  read -r word && [ "$word" = hold ] || exec sleep 2147483647
  read -r word
}
# shellcheck disable=SC2154 # the epilogue sets $holder
stop() {
  kill -KILL "$holder"
  wait "$holder"
} 2>/dev/null
running() {
  kill -0 "$script" || kill -KILL "$holder"
  kill -0 "$holder"
} 2>/dev/null

late=0
# shellcheck disable=SC2154 # $common is below
ask() {               # NAME SCRIPT [engine]: sends the frame of its answer; it runs as a process group of its own
  trap : HUP INT TERM # of a terminal or timeout(1), to the whole group: the epilogue acts on them
  printf "%s begin %s\n" "$nonce" "$1"
  status=124
  if ! running; then
    said="not asked: the audit was ended before"
  elif [ "$late" -gt 1 ] && [ -n "$3" ]; then
    said="not asked: the engine did not answer other questions in time"
  else
    { said=$(setsid /bin/sh -c "$common$2" </dev/null 2>&1 >&3 3>&-); } 3>&1
    status=$?
    case $status in 124 | 137 | 143) status=124 said="$said${line_feed}did not end" ;; esac
    [ "$3 $status" != "engine 124" ] || late=$((late + 1))
  fi
  printf "\n%s status %d\n%s\n%s end %s\n" "$nonce" "$status" "$said" "$nonce" "$1"
}
share() { # engine SCRIPT engine: the questions after it find the answer in $engine, and a part of it in $data_root
  frame=$(ask "$@")
  case $frame in *"curl ended with the status 2$line_feed"*) engine_socket="" && frame=$(ask "$@") ;; esac # an old curl
  printf "%s\n" "$frame"
  case $frame in *"$line_feed$nonce status 124$line_feed"*) late=2 ;; esac
  frame=${frame#*"$line_feed"}
  engine=$(printf "%.100000s" "${frame%"$line_feed$nonce status "*}") # a variable has room for 128 KiB
  data_root=$(printf "%s\n" "$engine" | sed -n 's|.*"DockerRootDir":"\(/[^"\\]*\)".*|\1|p')
  export engine data_root
}
