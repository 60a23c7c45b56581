grep -Hs "" /proc/sys/net/ipv4/ip_forward /proc/sys/fs/suid_dumpable /proc/sys/kernel/randomize_va_space |
  sed "s/^/running:/"
set -- /etc/sysctl.d/*.conf
for file in /usr/local/lib/sysctl.d/*.conf /usr/lib/sysctl.d/*.conf /lib/sysctl.d/*.conf; do
  [ -e "/etc/sysctl.d/${file##*/}" ] || set -- "$@" "$file" # that of the site takes its place
done
[ -d /run/systemd/system ] || set -- "$@" /etc/sysctl.conf # which systemd does not read
for file in "$@"; do
  [ ! -e "$file" ] || [ -r "$file" ] || echo "unread:$file"
done
grep -HsE "ip_forward|suid_dump|randomize" "$@" | sed "s/^/line:/"
exit 0
