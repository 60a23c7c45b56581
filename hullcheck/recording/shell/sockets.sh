# The sockets that processes hold, as `PID/fd/N socket:[INODE]`, in $sockets. The find(1) of busybox cannot print them.
# A line feed in the name of an open file must not look like a line of ls(1): busybox never prints one, others with -q.
cd /proc || exit
list="ls -ln"
if ls -dq / >/dev/null 2>&1; then list="ls -lnq"; fi
sockets=$(find [0-9]*/fd -lname "socket:*" -printf "%p %l\n" 2>/dev/null)
[ -n "$sockets" ] || sockets=$($list [0-9]*/fd 2>/dev/null | awk '
  /^[0-9]+\/fd:$/ { folder = substr($0, 1, length($0) - 1) }
  /^l.* [0-9]+ -> socket:\[[0-9]+\]$/ { print folder "/" $(NF - 2), $NF }')
