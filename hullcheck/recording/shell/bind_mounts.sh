# Where a file lies in truth if it, or a directory above it, is mounted from elsewhere: at the next start it is what has
# that other name then.
# shellcheck disable=SC2034 # read by sources_of
mounts_of() { # PROCESS: remembers where it has a part of a file system mounted
  table=/proc/$1/mountinfo
  binds=$(sed -n "s/^[0-9]* [0-9]* \([0-9:]*\) \(\/[^ ][^ ]*\) \(\/[^ ][^ ]*\) .*/\1 \2 \3/p" "$table" 2>/dev/null)
}

sources_of() { # PATH without links, as that process sees it: the others, one a line
  [ -n "$binds" ] || return 0
  printf "%s\n" "$binds" | while read -r device from point; do
    case $1/ in "$point"/*) ;; *) continue ;; esac
    sed -n "s/^[0-9]* [0-9]* $device \(\/[^ ]*\) \(\/[^ ]*\) .*/\1 \2/p" "$table" | while read -r top place; do
      case $from/ in "${top%/}"/*) ;; *) continue ;; esac
      source=${place%/}${from#"${top%/}"}${1#"$point"}
      # the kernel writes a blank as \040; no line can tell of a name with a line feed
      case $source in "$1" | *\\012*) continue ;; esac
      covered "$source" "$place" || printf "%b\n" "$(printf "%s" "$source" | sed "s/\\\\\([0-7][0-7][0-7]\)/\\\\0\1/g")"
    done
  done
}

covered() { # PATH POINT: whether something is mounted below this mount point on the way to it, which hides it
  sed -n "s/^[0-9]* [0-9]* [^ ]* [^ ]* \(\/[^ ]*\) .*/\1/p" "$table" | (
    while read -r over; do
      case $1/ in "${over%/}"/*) [ ${#over} -le ${#2} ] || exit 0 ;; esac
    done
    exit 1
  )
}
