# What the engine says, as JSON: by curl(1) from its socket, which is far cheaper than a docker command for each question, or
# by the docker command. The prologue has set $engine_socket, to nothing where curl cannot be used.
api() { # PATH...: the document at each, in a line of its own
  for each; do printf "url = \"http://docker%s\"\n" "$each"; done |
    curl --silent --show-error --globoff --unix-socket "$engine_socket" --config -
}
ids() { # KIND: the ids, or the names, of its containers, images, ...
  if [ -n "$engine_socket" ]; then
    case $1 in
      containers) api "/containers/json?all=1" ;;
      images) api "/images/json?all=1" ;;
    esac | grep -o '"Id":"[a-z0-9:]*"' | cut -d '"' -f 4
  else
    case $1 in
      containers) docker ps --all --quiet --no-trunc ;;
      images) docker image ls --all --quiet --no-trunc | sort -u ;;
    esac
  fi
}
documents() { # KIND [ID...]: version, info; all networks, volumes, nodes, ...; or the containers or images of these ids, a line each
  kind=$1
  shift
  if [ -n "$engine_socket" ]; then
    case $kind in
      containers | images)
        for id; do
          shift
          set -- "$@" "/$kind/$id/json"
        done
        api "$@"
        ;;
      *) api "/$kind" ;;
    esac
    return
  fi
  case $kind in
    version) docker version --format "{{json .Server}}" ;;
    info) docker info --format "{{json .}}" ;;
    containers) docker inspect --type container --format "{{json .}}" "$@" ;;
    # the client of 29 knows no Parent: where `index` fails on what it knows, it gives all that the engine said
    images) docker image inspect --format '{{json .}}{{if index . "Parent"}}{{end}}' "$@" ;;
    *)
      kind=${kind%s}
      # shellcheck disable=SC2046 # one word for each id
      set -- $(docker "$kind" ls --quiet)
      if [ $# = 0 ]; then echo "[]"; else docker "$kind" inspect "$@"; fi
      ;;
  esac
}
