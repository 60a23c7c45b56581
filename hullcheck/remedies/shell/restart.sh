#!/bin/sh
# Restarts the engine and starts the containers again that ran before. As root: sh restart.sh [--new-data] [UNIT]
# --new-data: the engine starts without them, as its data root is another one (userns-remap)
set -eu
umask 077
start=yes
if [ "${1:-}" = --new-data ]; then
  start=no
  shift
fi
unit=${1:-docker.service}
list=/run/hullcheck-restart.containers # kept until they run again, also where the engine does not start

answers() { docker version >/dev/null 2>&1; }
fail() {
  echo "restart.sh: $*; put the files back (sh apply.sh back), and run this again" >&2
  exit 1
}

if answers; then
  running=$(docker ps --quiet --no-trunc)
  vanishing=""
  for each in $running; do
    vanishing="$vanishing$(docker inspect --format "{{if .HostConfig.AutoRemove}} {{.Name}}{{end}}" "$each")"
  done
  if [ -n "$vanishing" ]; then
    echo "restart.sh: started with --rm, so that a restart removes them; stop them first:$vanishing" >&2
    exit 1
  fi
  [ -s "$list" ] || printf "%s\n" "$running" >"$list" # else the last restart failed, and began with more
  # Containers that outlive the engine keep it from taking over settings of its networks.
  if [ -n "$running" ] && [ "$(docker info --format "{{.LiveRestoreEnabled}}")" = true ]; then
    # shellcheck disable=SC2086 # ids
    docker stop $running >/dev/null
  fi
fi
systemctl daemon-reload
systemctl reset-failed "$unit" docker.socket 2>/dev/null || true
# A socket unit with other rights makes its socket again; it cannot be restarted while the engine listens on it.
systemctl stop "$unit"
if systemctl --quiet is-active docker.socket; then systemctl restart docker.socket; fi
systemctl start "$unit" || fail "the engine does not start"
count=0
until answers; do
  count=$((count + 1))
  [ $count -lt 60 ] || fail "the engine does not answer"
  sleep 1
done
missed=0
if [ $start = yes ] && [ -e "$list" ]; then
  while read -r each; do
    [ -z "$each" ] || docker start "$each" >/dev/null || missed=1
  done <"$list"
fi
rm -f -- "$list"
exit $missed
