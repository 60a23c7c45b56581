# Each dockerd of the host: its process, its files, its unit; and what serves Podman's socket, which has no daemon.
# shellcheck disable=SC2013,SC2086,SC2154 # one word for each path; the prologue has set $daemons, and the probe engine $engine
cd /proc || exit
line_feed="
"
real() { # PATH: prints it without symbolic links; goes there, to need no program
  if [ -L "$1" ]; then
    readlink -f "$1"
  elif cd -P "${1%/*}/" 2>/dev/null; then
    printf "%s/%s\n" "${PWD%/}" "${1##*/}"
  else
    printf "%s\n" "$1"
  fi
}
given() { # NAME: what the daemon $pid was told by this option or variable
  printf "%s\n" "$words" | sed -n "s|^$pid/$1=||p;\|^$pid/$1\$|{n;s|^[^:]*:||p;}"
}
show() { # NAME PATH ROOT: what became of the file, its times, its lines, each after a blank, and the age of a link to it
  text=""
  if [ ! -p "$3$2" ] && [ ! -d "$3$2" ] && text=$(sed "s/^/ /" "$3$2" 2>&1); then # a pipe without a writer would block
    printf "%s/%s:read|%s|%s\n%s\n" "$pid" "$1" "$(stat -L -c "%y|%z" "$3$2")" "$2" "$text"
    [ ! -L "$3$2" ] || stat -c "link:%z" "$3$2"
    return
  fi
  case $text in
    *": No such file or directory" | *": Not a directory")
      printf "%s/%s:absent|%s|%s\n" "$pid" "$1" "$(stat -L -c "%y|%z" "$3${2%/*}/" 2>/dev/null || echo "-|-")" "$2"
      ;;
    *) printf "%s/%s:unread|-|-|%s\n" "$pid" "$1" "$2" ;;
  esac
}

endpoint=${DOCKER_HOST:-${engine_socket:+unix://$engine_socket}} path="" roots=""
case $endpoint$engine in "--endpoint$line_feed\""*) endpoint=${engine#*\"} && endpoint=${endpoint%%\"*} ;; esac
case $endpoint in unix://*) path=$(real "${endpoint#unix://}") ;; esac
links=self/ns/net tables=/dev/null
for pid in $daemons; do
  roots="$roots $pid/root$path"
  links="$links $pid/exe $pid/cwd $pid/ns/* $pid/fd/*"
  tables="$tables $pid/stat $pid/status $pid/net/unix $pid/net/tcp $pid/net/tcp6 $pid/mountinfo"
done
echo --asked
read -r uptime rest </proc/uptime && printf "clock:%s|%s\n" "$(stat -L -c %z self/)" "$uptime"
printf "endpoint:%s\npath:%s\n" "$endpoint" "$path"
[ -z "$path" ] || stat -L -c "file:%d:%i %n" "$path" $roots 2>/dev/null
echo --running
ls -dln $links 2>/dev/null | grep -e "/exe -> " -e "/cwd -> " -e "/ns/" -e "-> socket:"
# Sockets of containerd's shims, and mounts that the engine makes for each container, are left out: they are many.
tables=$(grep -aHs "" $tables | sed -n "/^[0-9]*\/stat:/p
  /^[0-9]*\/status:Uid:/p
  /^[0-9]*\/net\/unix:Num /p
  /^[0-9]*\/net\/unix:.* 00010000 /{/\/containerd\/s\//!p;}
  /^[0-9]*\/net\/tcp6*:.*\( 0A \|local_address\)/p
  /^[0-9]*\/mountinfo:/{/\/[0-9a-f]\{64\}[^ ]* .* - \(overlay\|tmpfs\) /d;/ - nsfs /d;p;}")
printf "%s\n--words\n" "$tables"
words=$(for pid in $daemons; do # not grep -z, which busybox has not everywhere
  for each in $pid/cmdline $pid/environ; do { tr "\n\0" " \n" <"$each" | sed "s|^|$each:|"; } 2>/dev/null; done
done |
  grep -ae "^[0-9]*/cmdline:" -e "^[0-9]*/environ:\(DOCKER_C[EO]\|HOME=\|ROOTLESSKIT_STATE\|XDG_CONFIG_HOME\|XDG_RUNTIME\)")
printf "%s\n--sockets\n" "$words"
(
  IFS=$line_feed
  set -f
  for line in $tables; do
    case $line in */net/unix:*" 00010000 "*" /"*) socket=/${line#*" 00010000 "*" /"} ;; *) continue ;; esac
    printf "%s\t" "$socket"
    real "$socket"
  done
)
echo --files
for pid in $daemons; do
  file=$(given cmdline:--config-file) profile=$(given cmdline:--seccomp-profile) root=""
  if [ -z "$file" ]; then
    file=/etc/docker/daemon.json home=$(given environ:XDG_CONFIG_HOME)
    [ -z "$(given environ:ROOTLESSKIT_STATE_DIR)" ] || file=${home:-$(given environ:HOME)/.config}/docker/daemon.json
  fi
  [ ! -d "$pid/root/." ] || root=$pid/root
  case $file in /*) ;; *) root=$pid/cwd/ ;; esac
  show config "$file" "$root"
  case $profile$text in
    /*) ;;
    *\"seccomp-profile\"*\"/*) profile=/${text#*\"seccomp-profile\"*\"/} ;;
  esac
  case $profile in /*) show profile "${profile%%\"*}" "$root" ;; esac
done
command -v systemctl >/dev/null && echo --units && {
  show="show --property=Id,MainPID,ExecStart,NeedDaemonReload,Listen --"
  units=docker.socket
  for pid in $daemons; do
    unit=$(grep -e "^0::.*[.]service$" -e ":name=systemd:.*[.]service$" "$pid/cgroup")
    user=${unit##*/user@} become=""
    user=${user%%.*}
    case $unit in
      */user@*)
        [ "$user" = "$(id -u)" ] || become="setpriv --reuid=$user --regid=$user --clear-groups"
        XDG_RUNTIME_DIR=/run/user/$user $become systemctl --user $show "${unit##*/}"
        echo
        ;;
      *) units="$units ${unit##*/}" ;;
    esac
  done
  systemctl $show $units
} 2>/dev/null
case $path in *podman*)
  echo --podman
  links="" tables=""
  for pid in $(grep -lsx podman [0-9]*/comm); do
    links="$links ${pid%/comm}/fd/* ${pid%/comm}/task/*/ns/*"
    tables="$tables ${pid%/comm}/task/*/net/unix ${pid%/comm}/mountinfo"
  done
  [ -z "$links" ] || ls -dln $links 2>/dev/null | grep -e "/ns/" -e "-> socket:"
  grep -aHs -e " 00010000 .* /" -e " - " /dev/null $tables
  ;;
esac
echo --end
