# shellcheck disable=SC2034 # what includes it reads these
enter_network() { # PID: by $enter a command is run in the network of a daemon, and by $inside one that reads files in $net
  state=$(tr "\0" "\n" 2>/dev/null <"$1/environ" | sed -n "s/^ROOTLESSKIT_STATE_DIR=//p")
  enter="" inside="" net=$1/net
  if [ -n "$state" ] && [ -f "$1/root$state/netns" ]; then # RootlessKit keeps it apart (--detach-netns); a device must not be opened
    enter="nsenter --net=$1/root$state/netns"
    inside=$enter net=self/net
  elif [ "$(readlink "$1/ns/net")" != "$(readlink self/ns/net)" ]; then
    enter="nsenter -t $1 -n"
  fi
}
