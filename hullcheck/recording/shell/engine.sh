# What the engine says, as JSON: by curl from $engine_socket, which takes a tenth of the time, or by the docker command.
api() { # PATH...: the document at each, in a line of its own; of one that failed, {"message": ...}
  for each; do printf "url = \"http://docker%s\"\n" "$each"; done |
    curl -q --silent --fail-early --globoff --noproxy "*" --unix-socket "$engine_socket" --config - && return
  set -- $? "Cannot connect to the Docker daemon at unix://$engine_socket. Is the docker daemon running?"
  [ "$1" = 7 ] || set -- "$1" "curl ended with the status $1"
  echo "$2" >&2
  return "$1"
}
ids() { # containers or images: the ids of all
  if [ -n "$engine_socket" ]; then
    list=$(api "/$1/json?all=1") || return
    case $list in \[*) ;; *) printf "%s\n" "$list" >&2 && return 1 ;; esac
    printf "%s\n" "$list" | grep -o '"Id":"[a-z0-9]*:\{0,1\}[0-9a-f]\{64\}"' | cut -d '"' -f 4
  elif [ "$1" = containers ]; then
    docker ps --all --quiet --no-trunc
  else
    list=$(docker image ls --all --quiet --no-trunc) && printf "%s\n" "$list" | sort -u
  fi
}
documents() { # KIND [ID...]: version, info; all networks, plugins, ...; or the containers or images of these ids
  kind=$1 && shift
  case $kind$# in containers0 | images0) return 0 ;; esac
  if [ -n "$engine_socket" ]; then
    # shellcheck disable=SC2046 # one word for each
    if [ $# = 0 ]; then api "/$kind"; else api $(printf "/$kind/%s/json " "$@"); fi
    return
  fi
  case $kind in
    version) docker version --format "{{json .Server}}" ;;
    info) docker info --format "{{json .}}" ;;
    containers) docker inspect --type container --format "{{json .}}" "$@" ;;
    # the client of 29 knows no Parent: where `index` fails on what it knows, it gives all that the engine said
    images) docker image inspect --format '{{json .}}{{if index . "Parent"}}{{end}}' "$@" ;;
    *)
      list=$(docker "${kind%s}" ls --quiet) || return
      # shellcheck disable=SC2086 # one word for each id
      if [ -z "$list" ]; then echo "[]"; else docker "${kind%s}" inspect $list; fi
      ;;
  esac
}
part() { # NAME COMMAND...: its section; where it failed, why stands behind `failed:` in the last line
  echo "--$1" && shift
  { why=$("$@" 2>&1 >&3 3>&-) || printf "\nfailed:%s\n" "$(printf "%s" "$why" | tr "\n" " ")"; } 3>&1
  echo
}
