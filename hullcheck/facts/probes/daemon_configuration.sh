cd /proc || exit
line_feed="
"
show() { # NAME PATH ROOT: what became of the file, its times, its lines, each after a blank, and the age of a link to it
  text=""
  if [ ! -p "$3$2" ] && [ ! -d "$3$2" ] && text=$(sed "s/^/ /" "$3$2" 2>&1); then # a pipe without a writer would block
    printf "%s:read|%s|%s\n" "$1" "$(stat -L -c "%y|%z" "$3$2")" "$2"
    [ -z "$text" ] || printf "%s\n" "$text"
    [ ! -L "$3$2" ] || stat -c "link:%z" "$3$2"
    return
  fi
  case $text in
    *": No such file or directory" | *": Not a directory")
      times=$(stat -L -c "%y|%z" "$3${2%/*}/" 2>/dev/null) || times="-|-"
      printf "%s:absent|%s|%s\n" "$1" "$times" "$2"
      ;;
    *) printf "%s:unread|-|-|%s\n" "$1" "$2" ;;
  esac
}
for folder in ${daemons?}; do
  printf "dockerd:%s\n" "$folder"
  file="" profile="" rootless="" home="" xdg="" before=""
  IFS="$line_feed"
  set -f
  for word in $(tr "\n\0" " \n" <"$folder/cmdline" | sed "s/^\(--[a-z-]*\)=\(.\)/\1\n\2/"); do
    case $before in --config-file) file=$word ;; --seccomp-profile) profile=$word ;; esac
    before=$word
  done
  environment=$(tr "\n\0" " \n" 2>/dev/null <"$folder/environ")
  for word in $environment; do
    case $word in
      ROOTLESSKIT_STATE_DIR=?*) rootless=yes ;;
      HOME=*) home=${word#*=} ;;
      XDG_CONFIG_HOME=*) xdg=${word#*=} ;;
    esac
  done
  unset IFS
  set +f
  if [ -z "$file" ]; then
    if [ -n "$rootless" ]; then
      file=${xdg:-$home/.config}/docker/daemon.json
    elif [ -n "$environment" ] || grep -q "^Uid:[[:space:]]*[0-9]*[[:space:]]*0[[:space:]]" "$folder/status"; then
      file=/etc/docker/daemon.json
    else
      echo "config:unknown|-|-|"
      continue
    fi
  fi
  root=""
  [ ! -d "$folder/root/." ] || root=$folder/root
  case $file in /*) ;; *) root=$folder/cwd/ ;; esac
  show config "$file" "$root"
  [ -n "$profile" ] || case $text in
    *\"seccomp-profile\"*) profile=$(printf "%s" "$text" | tr "\n" " " |
      sed -n "s/.*\"seccomp-profile\"[[:space:]]*:[[:space:]]*\"\(\/[^\"\\\\]*\)\".*/\1/p") ;;
  esac
  case $profile in /*) show profile "$profile" "$root" ;; esac
done
exit 0
