cd /proc || exit
line_feed="
"
links() { # PATH ROOT: the symbolic links on the way to the file
  rest=$1 at="" count=0
  case $1 in /*) ;; *) at=. ;; esac
  while [ -n "$rest" ] && [ $count -lt 40 ]; do
    part=${rest%%/*}
    case $rest in */*) rest=${rest#*/} ;; *) rest="" ;; esac
    [ -n "$part" ] || continue
    if [ -L "$2$at/$part" ]; then
      printf "%s\n" "$2$at/$part"
      count=$((count + 1))
      target=$(readlink "$2$at/$part")
      case $target in /*) at="" ;; esac
      rest=$target/$rest
    else
      at=$at/$part
    fi
  done
}
show() { # NAME PATH ROOT: what became of the file, its times, its lines, each after a blank, and links to it
  text=""
  if [ ! -p "$3$2" ] && text=$(cat "$3$2" 2>&1); then # any user may give a daemon a pipe that nobody writes to
    printf "%s:read|%s|%s\n" "$1" "$(stat -L -c "%y|%z" "$3$2")" "$2"
    case $(head -c 2 "$3$2" | od -An -tx1 | tr -d " \n") in
      fffe | feff) printf " utf-16:%s\n" "$(od -An -v -tx1 "$3$2" | tr -d " \n")" ;;
      *) [ -z "$text" ] || printf "%s\n" "$text" | sed "s/^/ /" ;;
    esac
    links=$(links "$2" "$3")
    [ -z "$links" ] || printf "%s\n" "$links" | tr "\n" "\0" | xargs -0 stat -c "link:%z"
    above=${2%/*}
    while [ -n "$above" ] && [ "$above" != "$2" ]; do
      stat -L -c "above:%y|%z" "$3$above"
      case $above in */*) above=${above%/*} ;; *) break ;; esac
    done
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
reloaded() { # what the daemon last wrote into its log of all its settings, as it does when it is told to reload
  case $(readlink "$folder/fd/2") in
    socket:*) # what it logs there for containers comes in another way
      journalctl --quiet --output=cat --lines=20000 "_PID=$folder" _TRANSPORT=stdout 2>/dev/null
      ;;
    /*) [ ! -f "$folder/fd/2" ] || tail -c 10000000 "$folder/fd/2" ;;
  esac | grep -a "^time=.*msg=\"Reloaded configuration" | tail -n 1 |
    sed -n "s/^time=\"\([^\"]*\)\" level=info \(msg=.*\)/reload:read|\1|-|\\$line_feed \2/p"
}
hosts() { # FOLDER: what lies in it on the ways to registries
  root=""
  [ ! -d "$folder/root/." ] || root=$folder/root
  if names=$(ls "$root$1" 2>&1); then
    [ -z "$names" ] || for name in "$root$1"/*; do
      if [ -d "$name" ] && [ ! -x "$name" ]; then
        printf "hosts:unread|-|-|%s/hosts.toml\n" "${name#"$root"}"
      elif [ -e "$name/hosts.toml" ] || [ -L "$name/hosts.toml" ]; then
        show hosts "${name#"$root"}/hosts.toml" "$root"
      fi
    done
    printf "registries:listed|%s\n" "$1"
    return
  fi
  case $names in
    *": No such file or directory" | *": Not a directory") printf "registries:absent|%s\n" "$1" ;;
    *) printf "registries:unread|%s\n" "$1" ;;
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
    elif [ -n "$environment" ]; then
      file=/etc/docker/daemon.json
    elif grep -q "^Uid:[[:space:]]*[0-9]*[[:space:]]*0[[:space:]]" "$folder/status"; then
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
  reloaded
  [ -n "$profile" ] || profile=$(printf "%s" "$text" | tr "\n" " " |
    sed -n "s/.*\"seccomp-profile\"[[:space:]]*:[[:space:]]*\"\(\/[^\"\\\\]*\)\".*/\1/p")
  case $profile in /*) show profile "$profile" "$root" ;; esac
  registries=/etc/docker/certs.d
  [ -z "$rootless" ] || registries=${xdg:-$home/.config}/docker/certs.d
  hosts "$registries"
done
exit 0
