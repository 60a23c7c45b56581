# shellcheck disable=SC2086,SC2154 # one word for each line
if [ -d /run/systemd/system ]; then
  running=$(systemctl list-units --type=service --state=running --no-legend --plain) &&
    enabled=$(systemctl list-unit-files --type=service,socket --state=enabled --no-legend --plain) &&
    sockets=$(systemctl list-sockets --show-types --no-legend --plain) || exit
  properties=Id,LoadState,ActiveState,UnitFileState,MainPID,Result,ExecMainExitTimestamp
  shown=$(systemctl show --property=$properties @UNITS@) || exit
  echo --systemd
  # The list of files names no instances of templates and no scripts of System V; timers and paths are not listed.
  find /etc/systemd/system/*.[wr]*s/ /run/systemd/generator.late/*.wants/ -type l -exec ls -ln {} + 2>/dev/null
  set -f
  IFS=$line_feed
  printf "running:%s\n" $running
  printf "enabled:%s\n" $enabled
  printf "socket:%s\n" $sockets
  printf "%s\n%s\n" --show "$shown"
elif [ -d /run/openrc/started ]; then # not rc-status(8), which writes what it finds into a cache
  echo --openrc
  for each in /etc/runlevels/*/*; do [ ! -h "$each" ] || echo "enabled:${each##*/}"; done
  for each in /run/openrc/started/*; do [ ! -h "$each" ] || echo "running:${each##*/}"; done
fi
echo --end
