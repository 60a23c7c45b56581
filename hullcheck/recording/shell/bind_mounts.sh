# Where a file lies in truth if it, or a directory above it, is mounted from elsewhere: at the next start it is what has
# that other name then. What is seen in an overlay lies in its upper directory, or comes there when somebody writes to it.
# shellcheck disable=SC2034 # read by sources_of
mounts_of() { # PROCESS: remembers where it has a part of a file system mounted, or an overlay
  table=/proc/$1/mountinfo
  binds=$(sed -n -e "s/^[0-9]* [0-9]* [0-9:]* \/[^ ][^ ]* \(\/[^ ][^ ]*\) .*/ \1 /p" \
    -e "s/^[0-9]* [0-9]* [0-9:]* \/ \(\/[^ ][^ ]*\) .* - overlay .*upperdir=.*/ \1 /p" "$table" 2>/dev/null)
}

sources_of() { # PATH without links, as that process sees it: the others, one a line; `upper:DIRECTORY TAB REST`
  [ -n "$binds" ] || return 0
  case $binds in *\\*) ;; *) # no name of them has a blank: without a process
    above=$1
    until case $binds in *" $above "*) ;; *) [ -z "$above" ] ;; esac do above=${above%/*}; done
    [ -n "$above" ] || return 0
    ;;
  esac
  # The kernel writes a blank as \040. What is mounted below a mount point on the way to a path covers that; no line can
  # tell of a path with a line end.
  path=$1 awk '
    function plain(text,  name, digits) {
      while (match(text, /\\[0-7][0-7][0-7]/)) {
        digits = substr(text, RSTART + 1, 3)
        name = name substr(text, 1, RSTART - 1)
        name = name sprintf("%c", substr(digits, 1, 1) * 64 + substr(digits, 2, 1) * 8 + substr(digits, 3))
        text = substr(text, RSTART + 4)
      }
      return name text
    }
    function below(path, top) { return index(path "/", (top == "/" ? "" : top) "/") == 1 }
    function covered(path, place,  over) {
      for (over = 1; over <= NR; over++) if (below(path, point[over]) && length(point[over]) > length(place)) return 1
      return 0
    }
    {
      device[NR] = $3; top[NR] = plain($4); point[NR] = plain($5)
      for (part = 7; part < NF && $part != "-"; part++);
      if ($(part + 1) != "overlay" || !match($(part + 3), /(^|,)upperdir=[^,]*/)) next
      upper[NR] = plain(substr($(part + 3), RSTART, RLENGTH))
      sub(/^,?upperdir=/, "", upper[NR])
    }
    END {
      path = ENVIRON["path"]
      for (mount in upper) {
        if (point[mount] == "/" || !below(path, point[mount]) || covered(path, point[mount])) continue
        if (path upper[mount] !~ /[\n\t]/) print "upper:" upper[mount] "\t" substr(path, length(point[mount]) + 1)
      }
      for (mount = 1; mount <= NR; mount++) {
        if (top[mount] !~ /^\/./ || point[mount] == "/" || !below(path, point[mount])) continue
        for (other = 1; other <= NR; other++) {
          if (device[other] != device[mount] || !below(top[mount], top[other])) continue
          source = substr(top[mount], top[other] == "/" ? 1 : length(top[other]) + 1)
          source = (point[other] == "/" ? "" : point[other]) source substr(path, length(point[mount]) + 1)
          if (source ~ /\n/) continue
          if (source != path && !covered(source, point[other])) print source
        }
      }
    }' "$table"
}

upper_of() { # `upper:DIRECTORY TAB REST`, ROOT: what is there of it below the root, or above it, in $source
  tab=$(printf "\t")
  rest=${1#*"$tab"} source=${1%%"$tab"*}
  source=${source#upper:}
  [ -d "$2$source" ] || return 1 # it has this name elsewhere
  source=$source$rest
  until [ -d "$2${source%/*}" ]; do source=${source%/*}; done
}
