# Parts of the probe of the engine's files that are about units.
code_of() { # VARIABLES: what those make a program run that say where code lies; of others nothing is told
  for word in $1; do
    word=${word#[\"\']}
    case $word in PATH=* | LD_LIBRARY_PATH=* | LD_PRELOAD=* | LD_AUDIT=*) ;; *) continue ;; esac
    for path in $(printf "%s" "${word#*=}" | tr ":\"'" " "); do
      case $word:$path in
        LD_[PA]*:/*) program "$path" ;;
        *:/*) [ ! -d "$path" ] || folder "$path" ;;
      esac
    done
  done
}

program() { # PATH: of what a unit runs
  say program "$1"
  walk "$1"
}

folder() {
  say folder "$1"
  walk "$1"
}

unit_folders() { # FILE and names of a unit: where a new file would change it
  drop_ins "$1.d"
  [ "${manager?}" = 0 ] || return 0
  kind=${1##*.}
  for place in ${places?}; do
    if [ -d "$place" ]; then
      [ "$place" = "${1%/*}" ] || folder "$place"
      drop_ins "$place/$kind.d" # for all units of the kind
      for name in ${1##*/} $2; do
        [ "$place/$name" = "$1" ] || {
          not_read "$place/$name"
          drop_ins "$place/$name.d"
        }
        case $name in *@*) drop_ins "$place/${name%%@*}@.$kind.d" ;; esac
        while [ "$name" != "${name%-*}" ]; do
          name=${name%-*}
          drop_ins "$place/$name-.$kind.d"
        done
      done
    else
      until [ -d "$place/" ]; do place=${place%/*}; done
      case $place in /etc/systemd | /run/systemd) ;; *) folder "${place:-/}" ;; esac # those are on the way of others
    fi
  done
}

drop_ins() {
  [ -d "$1" ] || return 0
  folder "$1"
  set +f
  for file in "$1"/*.conf; do not_read "$file"; done
  set -f
}

not_read() { # PATH: what is there and systemd need not have read yet
  [ ! -f "$1" ] || {
    say match "$1"
    walk "$1"
  }
}
