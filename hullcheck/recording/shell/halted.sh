# A process that was sent SIGSTOP, or whose control group is frozen, as that of a paused container, is there and does
# nothing.
halted() { # PID: whether it is so
  grep -q "^State:.[Tt]" "/proc/$1/status" 2>/dev/null && return
  while IFS=: read -r number controllers path; do
    case $number:$controllers in
      0:) places="/sys/fs/cgroup$path/cgroup.events /sys/fs/cgroup/unified$path/cgroup.events" ;;
      *freezer*) places=/sys/fs/cgroup/freezer$path/freezer.state ;;
      *) continue ;;
    esac
    # shellcheck disable=SC2086 # one word for each path
    grep -qs -e "^frozen 1" -e "^FR" $places && return
  done <"/proc/$1/cgroup"
  return 1
}
