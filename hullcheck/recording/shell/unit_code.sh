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
