bound_sockets() { # PID: " SOCKET:FILE " for each of its network, by the number of the file it was made with (sock_diag(7))
  network="nsenter --net=/proc/$1/ns/net"
  [ "$(readlink "/proc/$1/ns/net")" != "$(readlink /proc/self/ns/net)" ] || network=""
  $network ss -xlne 2>/dev/null | sed -n "s/.* \([0-9][0-9]*\) *\* 0 .* ino:\([0-9]*\) dev:.*/ \1:\2 /p" | tr -d "\n"
}

was_replaced() { # LIST SOCKET PATH: another file than that of the socket lies there
  case $1 in *" $2:"*) ;; *) return 1 ;; esac
  case $(stat -f -c %T "$3") in overlay*) return 1 ;; esac # it has numbers of its own
  case $1 in *" $2:$(($(stat -c %i "$3") % 4294967296)) "*) return 1 ;; esac
}
