# Each dockerd of the host: its process, its files, its unit; and what serves the socket of Podman.
# shellcheck disable=SC2013,SC2086,SC2154 # one word for each path; the prologue has set $daemons, and the probe engine $engine
cd /proc || exit
real() { # PATH: prints it without symbolic links; goes there, to need no program
  if [ -L "$1" ]; then set -- "$(readlink -f "$1")"; elif cd -P "${1%/*}/" 2>/dev/null; then set -- "${PWD%/}/${1##*/}"; fi
  printf "%s\n" "$1"
}
file() { # NAME PATH ROOT: what became of the file, its times, and its lines, each after a blank
  text=""
  if [ ! -p "$3$2" ] && [ ! -d "$3$2" ] && text=$(sed "s/^/ /" "$3$2" 2>&1); then # a pipe without a writer would block
    printf "%s/%s:read|%s|%s\n%s\n" "$pid" "$1" "$(stat -L -c "%y|%z" "$3$2")" "$2" "$text"
    return
  fi
  case $text in
    *": No such file or directory" | *": Not a directory")
      printf "%s/%s:absent|%s|%s\n" "$pid" "$1" "$(stat -L -c "%y|%z" "$3${2%/*}/" || echo "-|-")" "$2"
      ;;
    *) printf "%s/%s:unread|-|-|%s\n" "$pid" "$1" "$2" ;;
  esac
}

endpoint=${DOCKER_HOST:-${engine_socket:+unix://$engine_socket}} path="" roots=""
case $endpoint$engine in *"--endpoint$line_feed\""*) endpoint=${engine#*\"} && endpoint=${endpoint%%\"*} ;; esac
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
for pid in $daemons; do # not grep -z, which busybox has not everywhere
  for each in $pid/cmdline $pid/environ; do { tr "\n\0" " \n" <"$each" | sed "s|^|$each:|"; } 2>/dev/null; done
done | grep -ae "^[0-9]*/cmdline:" -e "^[0-9]*/environ:\(DOCKER_C[EO]\|HOME=\|XDG_RUNTIME\)"
echo --sockets
printf "%s\n" "$tables" | sed -n "s|^[0-9]*/net/unix:.* 00010000 [^/]* \(/.*\)|\1|p" |
  while IFS= read -r socket; do printf "%s\t" "$socket" && real "$socket"; done
set -f
echo --files
for pid in $daemons; do
  IFS=$line_feed
  configuration "$pid"
  profile=$(option "$pid" --seccomp-profile) root=""
  [ ! -d "$pid/root/." ] || root=$pid/root
  case $file in /*) ;; *) root=$pid/cwd/ ;; esac
  file config "$file" "$root"
  case $profile$text in
    /*) ;;
    *\"seccomp-profile\"*\"/*) profile=/${text#*\"seccomp-profile\"*\"/} ;;
  esac
  case $profile in /*) file profile "${profile%%\"*}" "$root" ;; esac
  unset IFS
done 2>/dev/null
command -v systemctl >/dev/null && echo --units && {
  properties=--property=Id,MainPID,ExecStart,NeedDaemonReload,Listen units=docker.socket
  for pid in $daemons; do
    unit_of "$pid"
    case $manager in 0) units="$units $unit" ;; *) show "$manager" $properties -- "$unit" && echo ;; esac
  done
  show 0 $properties -- $units
} 2>/dev/null
case $path in *podman*)
  echo --podman
  set +f
  links="" tables=/dev/null
  for pid in $(grep -lsx podman [0-9]*/comm | tr -dc "0-9\n"); do
    links="$links $pid/fd/* $pid/task/*/ns/*" tables="$tables $pid/task/*/net/unix $pid/mountinfo"
  done
  [ -z "$links" ] || ls -dln $links 2>/dev/null | grep -e "/ns/" -e "-> socket:"
  grep -aHs -e " 00010000 .* /" -e " - " $tables
  ;;
esac
echo --end
