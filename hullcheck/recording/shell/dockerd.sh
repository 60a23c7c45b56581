# What a dockerd was told. The folder is /proc, IFS a line feed, and no pattern is filled in.
# shellcheck disable=SC2020
option() { # PID NAME: the last value of an option
  tr "=\n\0" "\n \n" <"$1/cmdline" | sed -n "/^$2\$/{n;h;}; \${x;p;}"
}
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
