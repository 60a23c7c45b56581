. auditor.sh
if command -v systemctl >/dev/null &&
  enabled=$(systemctl list-unit-files --type=service,socket --state=enabled --no-legend --no-pager --plain) &&
  running=$(systemctl list-units --type=service --state=running --no-legend --no-pager --plain); then
  echo systemd:
  printf "%s\n" "$enabled" | sed -n "s/^\([^ ][^ ]*\) .*/enabled:\1/p"
  printf "%s\n" "$running" | sed -n "s/^\([^ ][^ ]*\) .*/running:\1/p"
  systemctl list-sockets --show-types --no-legend --no-pager --plain |
    sed -n "s/^[0-9*[][^ ]*:\([0-9][0-9]*\) *\([SD]\)[a-z]* *\([^ ]*\.socket\) .*/socket:\2\1 \3/p"
fi

cd /proc || exit
# Names of programs may have a version: php-fpm8.4. `sed` writes for each descriptor of a listener whose it is.
# A line feed in the name of an open file must not look like a line of ls(1): busybox never prints one, others with -q.
list="ls -ln"
if ls -dq / >/dev/null 2>&1; then list="ls -lnq"; fi
wanted=""
for protocol in tcp tcp6 udp udp6; do
  [ -e 1/net/$protocol ] || continue
  lines=$(sed -n \
    "s/^ *[0-9]*: \([0-9A-F]*:[0-9A-F]*\) 0*:0000 0[A7] [^ ]* [^ ]* [^ ]* *[0-9]* *[0-9]* \([0-9]*\) .*/\1 \2/p" \
    1/net/$protocol) || exit
  echo "net:$protocol"
  [ -n "$lines" ] || continue
  printf "%s\n" "$lines" | sed "s/^/listener:$protocol /"
  wanted="$wanted $(printf "%s\n" "$lines" | sed -n "s/.* \([0-9]*\)$/-e socket:[\1]/p")"
done
if [ -n "$wanted" ]; then
  # shellcheck disable=SC2086 # one word for each option
  owners=$($list [0-9]*/fd 2>/dev/null | (
    set -f
    grep -F -e "/fd:" $wanted
  ) |
    sed -n -e "/\/fd:$/h" -e "/ socket:/{G;s/.*socket:\[\([0-9]*\)\]\n\([0-9]*\)\/fd:/\1 \2/p;}" | sort -u)
  [ -z "$owners" ] || printf "%s\n" "$owners" | sed "s/^/owner:/"
  pids=$(printf "%s\n" "$owners" | sed -n "s/.* \([0-9]*\)$/\1\/exe/p" | sort -u)
  # shellcheck disable=SC2086 # one word for each path
  [ -z "$pids" ] || $list $pids 2>/dev/null | sed -n "s/.* \([0-9]*\)\/exe -> /exe:\1 /p"
fi
$list [0-9]*/exe 2>/dev/null | sed -n "s/.* \([0-9]*\)\/exe -> /\1 /p" |
  grep -E "/(apache2|asterisk|beam[.]smp|caddy|clamd|cupsd|dovecot|epmd|exim|exim4|ftpd|gitlab-workhorse\
|grafana|haproxy|httpd|influxd|lighttpd|mariadbd|memcached|minio|mongod|mosquitto|mysqld|named|nats-server\
|nginx|nmbd|opensmtpd|oracle|pgbouncer|php-fpm|postgres|prometheus|proftpd|pure-ftpd|rabbitmq-server\
|redis-server|slapd|smbd|smtpd|sendmail|squid|tomcat|traefik|unbound|uwsgi|valkey-server|varnishd|vsftpd)[0-9.]*( \(deleted\))?$" |
  sed "s/^/application:/"
exit 0
