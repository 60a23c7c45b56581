# shellcheck disable=SC2034 # what includes it reads these
enter_network() { # PID: by $enter a command is run in the network of a daemon, and by $inside one that reads files in $net
  # It is the word of a user: with a blank in it, or as a second one, it would be a command that root runs.
  state=$(tr "\0" "\n" 2>/dev/null <"$1/environ" | sed -n "/^ROOTLESSKIT_STATE_DIR=[A-Za-z0-9/._-]*$/{s|.*=|$1/root|p;q;}")
  enter="" inside="" net=$1/net
  if [ -f "$state/netns" ]; then # RootlessKit keeps it apart (--detach-netns); a device must not be opened
    enter="nsenter --net=$state/netns"
    inside=$enter net=self/net
  elif [ "$(readlink "$1/ns/net")" != "$(readlink self/ns/net)" ]; then
    enter="nsenter -t $1 -n"
  fi
}
