if command -v getent >/dev/null; then
  users=$(getent passwd) || exit
  groups=$(getent group) || exit
  sockets=$(cat /proc/net/unix 2>/dev/null | sed -n "s/^[^/]* 00010000 [^/]*\(\/.*\)$/\1/p")
  IFS="
"
  # shellcheck disable=SC2086 # one word for each line
  numbers=$(stat -L -c %g $sockets /run/docker.sock 2>/dev/null | sort -u)
  # shellcheck disable=SC2086 # one word for each number
  asked=$(getent group $numbers docker) # a directory of the network may answer for one group and not list it
else
  users=$(cat /etc/passwd) || exit
  groups=$(cat /etc/group) || exit
  asked=""
fi
passwords="s/^\([^:]*\):[^:!*][^:][^:]*:[0-9].*/password:\1/p"
printf "%s\n" "$groups" | sed -n "$passwords"
if [ -r /etc/gshadow ]; then
  passwords="s/^\([^:]*\):[^:!*][^:]*:.*/password:\1/p"
  sed -n -e "s/^\([^:]*\):[^:]*:\([^:][^:]*\):.*/admins:\1:\2/p" -e "$passwords" /etc/gshadow
elif [ -e /etc/gshadow ]; then
  echo unread:
fi
printf "%s\n" "$users" | cut -d : -f 1,3,4,7 | sed "s/^/user:/"
printf "%s\n%s\n" "$groups" "$asked" | cut -d : -f 1,3,4 | sed "s/^/group:/"
