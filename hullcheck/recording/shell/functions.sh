# shellcheck disable=SC2020,SC2034,SC2154 # what the prologue, the probe engine or who calls a function has set
# What the engine says, as JSON: by curl from $engine_socket, which takes a tenth of the time, or by the docker command.
api() { # PATH...: the document at each, in a line of its own; of one that failed, {"message": ...}
  for each; do printf "url = \"http://docker%s\"\n" "$each"; done |
    curl -q --silent --fail-early --globoff --noproxy "*" --unix-socket "$engine_socket" --config - && return
  set -- $? "Cannot connect to the Docker daemon at unix://$engine_socket. Is the docker daemon running?"
  [ "$1" = 7 ] || set -- "$1" "curl ended with the status $1"
  echo "$2" >&2
  return "$1"
}
ids() { # containers or images: the ids of all, as the engine said before if there was room for it
  list=$(printf "%s\n" "$engine" | sed -n "/^--$1\$/,/^--/p")
  case $list in *["{ "]*) ;; --*"$line_feed"--*) list=${list#*"$line_feed"} && printf "%s" "${list%--*}" && return ;; esac
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

# The images, in the stores of the engine and of containerd.
say() { printf "%s\n" "$@"; }
find_store() { # ID...: in $store the folder of their documents, in $kind `own`, that of the engine, or `containerd`
  store="" kind=containerd content=io.containerd.content.v1.content/blobs/sha256
  for each in "$data_root"/image/*/imagedb/content/sha256 "$data_root/containerd/daemon/$content" "/var/lib/containerd/$content"; do
    [ -n "$store" ] || [ ! -r "$each/${1#sha256:}" ] || store=$each
  done
  case $store in */imagedb/*) kind=own ;; esac
}
there() { while read -r name; do [ ! -r "$name" ] || say "$name"; done; }
named_by() { xargs grep -aoh '"digest"[ ]*:[ ]*"sha256:[0-9a-f]*"' /dev/null | sed "s/.*sha256://; s/\"//"; }
json() { # of these files; but for statements on images, which may be long
  xargs head -c 1 /dev/null | awk '/^==> / { name = $2 } /^[{]/ { print name }' | xargs grep -L '"_type"' | there
}
walk() { # NAMES: $told gets the documents that tell of these images, $below and $lowest all that they name
  told=$1
  if [ "$kind" = containerd ]; then
    below=$(say "$told" | named_by | there)
    middle=$(say "$below" | json)
    lowest=$(say "$middle" | named_by | there)
    told=$(say "$told" "$middle" "$(say "$lowest" | json)" | grep . | sort -u)
  fi
}

# What a dockerd was told: `option` gives the last value of one. The folder is /proc, IFS a line feed, and -f is set.
option() { tr "=\n\0" "\n \n" <"$1/cmdline" | sed -n "/^$2\$/{n;h;}; \${x;p;}"; }
configuration() { # PID: $file, and in $folder, $home and $certificates what an engine of a user has elsewhere
  home=/root xdg="" rootless="" certificates="" client=""
  known=$(tr "\n\0" " \n" <"$1/environ")
  for word in $known; do
    case $word in
      HOME=*) home=${word#*=} ;;
      XDG_CONFIG_HOME=*) xdg=${word#*=} ;;
      ROOTLESSKIT_STATE_DIR=?*) rootless=yes ;;
      DOCKER_CERT_PATH=*) certificates=${word#*=} ;;
      DOCKER_CONFIG=*) client=${word#*=} ;;
    esac
  done
  folder=/etc/docker certificates=${certificates:-${client:-$home/.docker}}
  [ -z "$rootless" ] || folder=${xdg:-$home/.config}/docker
  file=$(option "$1" --config-file)
  file=${file:-$folder/daemon.json}
}
unit_of() { # PID: $unit, and $manager, the user whose systemd runs it, or 0
  unit="" manager=0
  while read -r line; do case $line in *.service | *.service/*) unit=${line%.service*}.service ;; esac done <"$1/cgroup"
  case $unit in */user@*.service/*) manager=${unit##*/user@} manager=${manager%%.*} ;; esac
  unit=${unit##*/}
}
show() { # MANAGER ARGUMENT...: of systemd, as that user, but not by --machine, which logs the user in
  manager=$1 && shift
  [ "$manager" = 0 ] || set -- --user "$@"
  set -- systemctl show "$@"
  case $manager in 0 | "$(id -u)") ;; *) set -- setpriv "--reuid=$manager" "--regid=$manager" --clear-groups "$@" ;; esac
  XDG_RUNTIME_DIR=/run/user/$manager "$@"
}

# The sockets that processes hold, as `PID/fd/N socket:[INODE]`, in $sockets. The find(1) of busybox cannot print them.
# A line feed in the name of an open file must not look like a line of ls(1): busybox never prints one, others with -q.
find_sockets() {
  cd /proc || exit
  list="ls -ln"
  if ls -dq / >/dev/null 2>&1; then list="ls -lnq"; fi
  sockets=$(find [0-9]*/fd -lname "socket:*" -printf "%p %l\n" 2>/dev/null)
  [ -n "$sockets" ] || sockets=$($list [0-9]*/fd 2>/dev/null | awk '
    /^[0-9]+\/fd:$/ { folder = substr($0, 1, length($0) - 1) }
    /^l.* [0-9]+ -> socket:\[[0-9]+\]$/ { print folder "/" $(NF - 2), $NF }')
}
