command -v systemctl >/dev/null || exit 0
show="show --property=Id,MainPID,ExecStart,NeedDaemonReload,Listen --"
units=docker.socket
# shellcheck disable=SC2086 # one word for each option
for pid in ${daemons?}; do
  unit=$(sed -n "s/^[0-9]*:\(name=systemd\)\{0,1\}:\(.*[.]service\)$/\2/p" "/proc/$pid/cgroup" | tail -n 1)
  user=${unit#*/user@} become=""
  user=${user%%.*}
  case $unit in
    */user@*)
      [ "$user" = "$(id -u)" ] || become="setpriv --reuid=$user --regid=$user --clear-groups"
      XDG_RUNTIME_DIR=/run/user/$user $become systemctl --user $show "${unit##*/}"
      echo
      ;;
    *) units="$units ${unit##*/}" ;;
  esac
done 2>/dev/null
# shellcheck disable=SC2086 # one word for each unit
systemctl $show $units 2>/dev/null
exit 0
