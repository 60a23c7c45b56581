line_feed="
"
if [ -d /run/systemd/system ]; then
  running=$(systemctl list-units --type=service --state=running --no-legend --plain) &&
    enabled=$(systemctl list-unit-files --type=service,socket --state=enabled --no-legend --plain) &&
    sockets=$(systemctl list-sockets --show-types --no-legend --plain) &&
    shown=$(systemctl show --property=Id,LoadState,ActiveState,UnitFileState,MainPID,Result,ExecMainExitTimestamp @UNITS@) || exit
  # The list of files names no instances of templates and no scripts of System V, and timers and paths are not asked for.
  set --
  for each in /etc/systemd/system/*.[wr]*s/* /run/systemd/generator.late/*.wants/*; do
    [ ! -h "$each" ] || set -- "$@" "$each"
  done
  echo --systemd
  set -f
  IFS=$line_feed
  # shellcheck disable=SC2086 # one word for each line
  printf "running:%s\n" $running
  # shellcheck disable=SC2086
  printf "enabled:%s\n" $enabled
  # shellcheck disable=SC2086
  printf "socket:%s\n" $sockets
  [ $# = 0 ] || ls -ln "$@"
  printf "%s\n%s\n" --show "$shown"
elif [ -d /run/openrc/started ]; then # not rc-status(8), which writes what it finds into a cache
  echo --openrc
  for each in /etc/runlevels/*/* /run/openrc/started/*; do
    [ ! -h "$each" ] || case $each in
      /etc/*) echo "enabled:${each##*/}" ;;
      *) echo "running:${each##*/}" ;;
    esac
  done
fi
echo --end
