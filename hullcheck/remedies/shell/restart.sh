#!/bin/sh
# Restarts the engine and starts the containers again that ran before. As root: sh restart.sh [--new-data] [UNIT]
# --new-data: the engine starts without them, as its data root is another one (userns-remap)
set -eu
start=yes
if [ "${1:-}" = --new-data ]; then
  start=no
  shift
fi
unit=${1:-docker.service}

containers() { docker ps --quiet --no-trunc; }
answers() { docker version >/dev/null 2>&1; }

running=$(containers)
vanishing=""
for each in $running; do
  vanishing="$vanishing$(docker inspect --format "{{if .HostConfig.AutoRemove}} {{.Name}}{{end}}" "$each")"
done
if [ -n "$vanishing" ]; then
  echo "restart.sh: started with --rm, so that a restart removes them; stop them first:$vanishing" >&2
  exit 1
fi
# Containers that outlive the engine keep it from taking over settings of its networks.
if [ -n "$running" ] && [ "$(docker info --format "{{.LiveRestoreEnabled}}")" = true ]; then
  # shellcheck disable=SC2086 # ids
  docker stop $running >/dev/null
fi
systemctl daemon-reload
# A socket unit with other rights makes its socket again; it cannot be restarted while the engine listens on it.
systemctl stop "$unit"
if systemctl --quiet is-active docker.socket; then systemctl restart docker.socket; fi
systemctl start "$unit"
count=0
until answers; do
  count=$((count + 1))
  if [ $count -gt 60 ]; then
    echo "restart.sh: the engine does not answer; sh apply.sh back puts the files back" >&2
    exit 1
  fi
  sleep 1
done
[ $start = yes ] || exit 0
missed=0
for each in $running; do
  docker start "$each" >/dev/null || missed=1
done
exit $missed
