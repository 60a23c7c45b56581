PATH=$PATH:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/snap/bin
LC_ALL=C
null=/dev/null # a short name, for what the probes throw away
export PATH LC_ALL null
limit=@SECONDS@
nonce=$(od -An -N16 -tx1 /dev/urandom | tr -d " \n")
[ "${#nonce}" -eq 32 ] || {
  echo "no nonce: od, tr or /dev/urandom is missing" >&2
  exit 1
}
command -v sleep >/dev/null || {
  echo "no clock: sleep is missing" >&2
  exit 1
}
[ "$(echo on | cat)" = on ] || {
  echo "no answer: cat is missing, or does not work" >&2
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
[ -S "$engine_socket" ] && [ -w "$engine_socket" ] && case $(curl -q -V 2>/dev/null) in
  *UnixSockets*) ;;
  *) false ;;
esac || engine_socket=""
export engine_socket

# Several probes ask for the daemons, so they are looked for once.
daemons=""
for process in /proc/[0-9]*; do
  { read -r name <"$process/comm"; } 2>/dev/null && [ "$name" = dockerd ] && daemons="$daemons ${process#/proc/}"
done
export daemons

# The clock sends SIGURG, which does nothing to a process that did not ask for it, to the process group every second.
# Each probe has a shell that counts the seconds, ends the probe when there are too many, and waits for it. Once the
# holder has ended, what runs is ended and nothing is asked any more. Its starter may have the script ignore any signal
# but SIGKILL, so the holder has no child that this would leave, and the clock ends without a signal, if a second later.
# shellcheck disable=SC2154 # the epilogue sets $asking and $holder
clock() {
  trap 'kill "$!" 2>/dev/null' TERM
  while kill -0 "$$" 2>/dev/null && kill -0 "$asking" 2>/dev/null; do
    kill -URG 0
    sleep 1 &
    wait "$!" || wait "$!"
  done 2>/dev/null
  kill -0 "$$" 2>/dev/null || {
    kill -KILL "$holder" 2>/dev/null
    kill -URG 0
  }
}
running() { kill -0 "$$" 2>/dev/null && kill -0 "$holder" 2>/dev/null; }
stop() {
  [ -n "$holder" ] || return 0
  kill -KILL "$holder" 2>/dev/null
  wait "$holder" 2>/dev/null
  holder=""
  kill -URG 0
}
hold() { # ends when the standard input does, where its first line says that it is kept open
  read -r word && [ "$word" = hold ] || exec sleep 2147483647
  read -r word
  kill "$$"
}

# A process is ended after those below it, when each has been waited for by its own parent: what outlives its parent
# becomes a child of process 1, and in a container that may wait for nobody. So the parent is stopped while they end,
# and goes on for the moment in which it waits for them.
halt() { # PID: stops it, and returns when it stands still
  kill -STOP "$1" 2>/dev/null
  turns=0
  while { read -r line <"/proc/$1/stat"; } 2>/dev/null && [ "$turns" -lt 1000 ]; do
    case ${line##*)} in " T"* | " t"* | " Z"*) break ;; esac
    turns=$((turns + 1))
  done
}
below() { # PID: $below has the processes that it started and has not waited for
  below=""
  for folder in /proc/[0-9]*; do
    { read -r line <"$folder/stat"; } 2>/dev/null || continue
    # shellcheck disable=SC2086 # one word for each field
    set -- "$1" ${line##*)}
    [ "$3" != "$1" ] || below="$below ${folder#/proc/}"
  done
}
end() { # PID: ends it and all below it
  halt "$1"
  below "$1"
  while [ -n "$below" ] && [ "$rounds" -lt 300 ]; do
    rounds=$((rounds + 1))
    # shellcheck disable=SC2086 # one word for each process
    set -- "$1" $below
    for each in $below; do end "$each"; done
    kill -CONT "$1" 2>/dev/null
    turns=0
    while [ -d "/proc/$2" ] && [ "$turns" -lt 1000 ]; do turns=$((turns + 1)); done
    halt "$1"
    below "$1"
  done
  kill -KILL "$1" 2>/dev/null
}
tried="sh cat"
named() { # PROGRAMS SCRIPT: whether it names one of them; $each is that
  for each in $1; do
    case " $2 " in *[!A-Za-z0-9_./-]"$each"[!A-Za-z0-9_./-]*) return 0 ;; esac # and not /etc/docker or docker.sock
  done
  return 1
}
unended() { # PID: $hung gets the programs that run below it and wait for no other; $waiting those that usually work
  below "$1"
  [ -n "$below" ] || {
    read -r name <"/proc/$1/comm" || return 0
    if named "$name" "$tried"; then waiting="$waiting $name"; else hung="$hung $name"; fi
  } 2>/dev/null
  for child in $below; do unended "$child"; done
}
said() { printf "\n%s %d" "$nonce" "$1" >&2; }
watch() { # SCRIPT: runs it; behind its errors it says how it ended, or 124 where it was ended
  seconds=0
  trap 'seconds=$((seconds + 1))' URG
  {
    /bin/sh -c "$1" 3>&-
    said $?
  } &
  while running && [ "$seconds" -le "$limit" ]; do
    before=$seconds
    wait "$!" 2>/dev/null
    [ "$seconds" -ne "$before" ] || return 0 # no second woke it: the probe ended, and its number may have a new owner
  done
  kill -0 "$!" 2>/dev/null || return 0
  hung="" waiting=""
  unended "$!"
  printf "\ndid not end:%s\n" "${hung:-$waiting}" >&2
  rounds=0
  end "$!"
  { wait "$!" || wait "$!"; } 2>/dev/null
  said 124
}

# A list that a broken program makes shorter looks like a short list. So each is tried once, and a probe that names one
# that failed, or did not end, is not asked.
broken=""
try() { # NAME EXPECTED SCRIPT
  tried="$tried $1"
  [ "$2" = "$(watch "$3" 2>/dev/null)" ] || broken="$broken $1"
}
sample="b:2:y${line_feed}a:1:x${line_feed}b:2:y"
# shellcheck disable=SC2016 # the shell that tries it expands $sample
try_programs() {
  export sample
  try sort "a:1:x${line_feed}b:2:y" 'printf "%s\n" "$sample" | sort -u'
  try cut "b:y${line_feed}a:x${line_feed}b:y" 'printf "%s\n" "$sample" | cut -d : -f 1,3'
  try grep a:1:x 'printf "%s\n" "$sample" | grep -e ^a'
  try sed "1${line_feed}x" 'printf "%s\n" "$sample" | sed -n "s/^a:\([0-9]*\):/\1\\
/p"'
  try awk "y1${line_feed}x2${line_feed}y3" 'printf "%s\n" "$sample" | awk -F : "{ print \$3 NR }"'
  try tr b-2-y,a-1-x,b-2-y, 'printf "%s\n" "$sample" | tr ":\n" -,'
  try head b:2:y 'printf "%s\n" "$sample" | head -n 1'
  try tail "a:1:x${line_feed}b:2:y" 'printf "%s\n" "$sample" | tail -n 2'
  try ls / 'ls -d /'
  try xargs / 'printf "/\0" | xargs -0 ls -d'
  try readlink / 'readlink -f /'
  try stat / 'stat -c %n /'
  try find / 'find / -prune'
  ! command -v getent >/dev/null || # a host may do without it
    try getent works 'case $(getent passwd) in *:*:*:*) echo works ;; esac'
}

late=0 once="" twice=""
# shellcheck disable=SC2154 # the script sets $parts, and eval $part
whole() { # SCRIPT: $script is that with the parts that several probes have, each in its place
  script=$1
  for each in $parts; do
    eval "part=\$$each"
    case $script in *"@$each@"*) script=${script%%"@$each@"*}$part${script#*"@$each@"} ;; esac
  done
}
answer() { # NAME SCRIPT [engine]
  printf "%s begin %s\n" "$nonce" "$1"
  whole "$2"
  if ! running; then
    status=124 message="not asked: the audit was ended before"
  elif [ "$late" -gt 1 ] && [ "$3" = engine ]; then
    status=124 message="not asked: the engine did not answer other questions in time"
  elif named "$broken" "$script"; then
    status=127 message="$each is missing on the target, or does not work"
  elif named "$twice" "$script"; then
    status=124 message="not asked: $each did not end in two other questions"
  else
    { message=$(watch "$script" 2>&1 1>&3 </dev/null); } 3>&1
    case $message in *"$line_feed$nonce "*) status=${message##*"$nonce "} ;; *) status=137 ;; esac
    message=${message%%"$line_feed$nonce "*}
    while [ "$message" != "${message%"$line_feed"}" ]; do message=${message%"$line_feed"}; done
    [ "$3 $status" != "engine 124" ] || late=$((late + 1))
    case $status$message in 124*"did not end:"*) ended=${message##*"did not end:"} ;; *) ended="" ;; esac
    for each in ${ended%%"$line_feed"*}; do
      if named "$each" "$tried"; then continue; fi
      if named "$each" "$once"; then twice="$twice $each"; else once="$once $each"; fi
    done
  fi
  printf "\n%s status %d\n%s\n%s end %s\n" "$nonce" "$status" "$message" "$nonce" "$1"
}
share() { # answer ...: as that; the probes after it find in the variable of its name what was answered
  frame=$(
    "$@"
    echo .
  )
  printf "%s" "${frame%.}"
  case $4$frame in engine*"$line_feed$nonce status 124$line_feed"*) late=2 ;; esac
  case $frame in *"$line_feed$nonce status 0$line_feed"*) ;; *) return 0 ;; esac
  frame=${frame%%"$line_feed$nonce status "*}
  frame=${frame#*"$line_feed"}
  [ ${#frame} -le 100000 ] || frame=$(printf "%.100000s" "$frame") # a variable has room for 128 KiB
  export "$2=$frame"
}
printf "\n%s %s\n" "@MAGIC@" "$nonce"
