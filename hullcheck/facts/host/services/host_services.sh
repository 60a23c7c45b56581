echo "auditor:$(id -u)"
echo "shell:$$"
. relay_files.sh
say() { printf "%s\n" "$1"; }
proxied=""
if command -v systemctl >/dev/null &&
  running=$(systemctl list-units --type=service --state=running --no-legend --plain) &&
  enabled=$(systemctl list-unit-files --type=service,socket --state=enabled --no-legend --plain); then
  echo systemd:
  say "$enabled" | sed -n "s/^\([^ ][^ ]*\) .*/enabled:\1/p"
  # what starts others, where it is not of the distribution
  for link in /etc/systemd/system/*.wants/*.timer /etc/systemd/system/*.wants/*.path; do
    [ ! -L "$link" ] || case $(readlink -f "$link") in /usr/lib/* | /lib/*) ;; *) echo "enabled:${link##*/}" ;; esac
  done
  # of templates the list names no instance
  for link in /etc/systemd/system/*.[wr]*s/*@?*.s[eo]*; do [ ! -L "$link" ] || echo "enabled:${link##*/}"; done
  # of scripts of System V those that a runlevel starts, and of users those that run without a login
  ls /run/systemd/generator.late/*.wants 2>/dev/null | sed -n "s/.*[.]service$/enabled:&/p"
  for user in /var/lib/systemd/linger/*; do
    for link in "$(getent passwd "${user##*/}" | cut -d : -f 6)"/.config/systemd/user/*.wants/*.s*; do
      [ ! -L "$link" ] || echo "enabled:${link##*/}"
    done
  done
  say "$running" | sed -n "s/^\([^ ][^ ]*\) .*/running:\1/p"
  systemctl list-sockets --show-types --no-legend --plain |
    sed -n "s/^[0-9*[][^ ]*:\([0-9][0-9]*\) *\([SD]\)[a-z]* *\([^ ]*\.socket\) .*/socket:\2\1 \3/p"
  proxied=$(systemctl list-sockets --no-legend --plain |
    sed -n "s/^[0-9*[][^ ]*:\([0-9][0-9]*\) *\([^ ]*\)[.]socket *\([^ ]*\)$/\1 \2 \3/p" | while read -r port name unit; do
    [ "$unit" != - ] || unit=$name@0.service # one for each connection
    case $(systemctl show --property=ExecStart "$unit") in *[/.]sock* | *socket-proxyd*) printf "%s " "$port" ;; esac
  done)
elif [ -d /run/openrc/started ]; then # not rc-status(8), which writes what it finds into a cache
  echo openrc:
  for each in /etc/runlevels/*/* /run/openrc/started/*; do
    [ ! -L "$each" ] || case $each in
      /etc/*) echo "enabled:${each##*/}" ;;
      *) echo "running:${each##*/}" ;;
    esac
  done
fi

cd /proc || exit
line_feed="
"
# Names of programs may have a version: php-fpm8.4. `sed` writes for each descriptor of a listener whose it is.
# A line feed in the name of an open file must not look like a line of ls(1): busybox never prints one, others with -q.
list="ls -ln"
if ls -dq / >/dev/null 2>&1; then list="ls -lnq"; fi
wanted="" owners="" programs="" lines_of_tcp=""
for protocol in tcp tcp6 udp udp6; do
  [ -e 1/net/$protocol ] || continue
  lines=$(sed -n \
    "s/^ *[0-9]*: \([0-9A-F]*:[0-9A-F]*\) 0*:0000 0[A7] [^ ]* [^ ]* [^ ]* *[0-9]* *[0-9]* \([0-9]*\) .*/\1 \2/p" \
    1/net/$protocol) || exit
  echo "net:$protocol"
  [ -n "$lines" ] || continue
  say "$lines" | sed "s/^/listener:$protocol /"
  case $protocol in tcp*) lines_of_tcp=$lines_of_tcp$(say "$lines" | sed "s/^/$protocol /")$line_feed ;; esac
  wanted="$wanted $(say "$lines" | sed -n "s/.* \([0-9]*\)$/-e socket:[\1]/p")"
done
if [ -n "$wanted" ]; then
  # shellcheck disable=SC2086 # one word for each option
  owners=$($list [0-9]*/fd 2>/dev/null | (
    set -f
    grep -F -e "/fd:" $wanted
  ) |
    sed -n -e "/\/fd:$/h" -e "/ socket:/{G;s/.*socket:\[\([0-9]*\)\]\n\([0-9]*\)\/fd:/\1 \2/p;}" | sort -u)
  [ -z "$owners" ] || say "$owners" | sed "s/^/owner:/"
  pids=$(say "$owners" | sed -n "s/.* \([0-9]*\)$/\1\/exe/p" | sort -u)
  # shellcheck disable=SC2086 # one word for each path
  programs=$([ -z "$pids" ] || $list $pids 2>/dev/null | sed -n "s/.* \([0-9]*\)\/exe -> /\1 /p")
  [ -z "$programs" ] || say "$programs" | sed "s/^/exe:/"
fi

# What has a container's control group, and sees the mounts of process 1, is in none.
mounts=$(readlink 1/ns/mnt)
files=$(grep -lsE "[0-9a-f]{64}" [0-9]*/cgroup | sed "s/cgroup$/ns\/mnt/")
# shellcheck disable=SC2086 # one word for each path
[ -z "$files" ] || $list $files 2>/dev/null | grep -F " ${mounts:-?}" | sed "s/.* \([0-9]*\)\/ns.*/outside:\1/"

# Whoever may open the socket of an engine may pass commands on to it, whatever it is called: it is asked for the version
# of an engine. Not asked are the engine itself, whose listeners are known, the sshd that waits for logins, and what the
# distribution brings and root runs, unless it is known to pass bytes on: to such a service a strange request is an alarm.
passers="socat|haproxy|nginx|envoy|traefik|caddy|ncat|nc|nc[.][a-z]*|busybox|systemd-socket-proxyd|ssh|stunnel\
|rinetd|redir|gost|tinyproxy|python|perl|ruby|node|apache2|httpd|lighttpd|h2o|pound|chisel|frps|inetd|xinetd\
|[a-z-]*socket-proxy"
openers="" # of each socket of an engine: u:UID, g:GID, and o: where everyone may
sockets="docker.sock${line_feed}podman.sock${line_feed}containerd.sock"
# shellcheck disable=SC2013 # no name in /proc has a blank
for engine in ${daemons?} $(grep -lsx podman [0-9]*/comm); do
  engine=${engine%/comm}
  held=$($list "$engine/fd" 2>/dev/null | sed -n "s/.*-> socket:\[\([0-9]*\)\]$/ \1 /p")
  paths=$(sed -n "s/^[^ ]* [^ ]* [^ ]* 00010000 [^ ]* [^ ]* *\([0-9]*\) \(.*\)/\1 \2/p" "$engine/net/unix" 2>/dev/null |
    while read -r inode path; do
      case "$held $path" in *" $inode "* | *docker*.sock) say "$path" ;; esac
    done)
  [ -z "$paths" ] || sockets=$sockets$line_feed$(say "$paths" | sed "s/^\/var//")
  openers="$openers $(say "$paths" | while read -r path; do
    case $path in @*) echo o: ;; /*) ls -dln "$engine/root$path" 2>/dev/null ;; esac
  done | awk '
      $1 == "o:" || $1 ~ /^s.......w|^s.*[+]/ { print "o:" }
      $1 ~ /^s/ { print "u:" $3; if ($1 ~ /^s....w/) print "g:" $4 }' | sort -u | tr "\n" " ")"
done
names_engine() { # INODE of a listener: whether what has it names the socket of an engine
  for pid in $(say "$owners" | sed -n "s/^$1 //p"); do
    case $(readlink "$pid/exe") in */dockerd | */docker-proxy | */containerd) continue ;; esac
    grep -qasF "$sockets" "$pid/cmdline" && return
    relay_text "$pid" | grep -qaF "$sockets" && return
  done
  return 1
}
may_open() { # PID: whether it may open the socket of an engine, or that is not known
  case " $openers " in *" o: "* | "  ") return 0 ;; esac
  seen=""
  while read -r key values; do
    case $key in
      Uid:) for id in $values; do case " u:0 $openers " in *" u:$id "*) return 0 ;; esac done ;;
      Gid: | Groups:) for id in $values; do case " $openers " in *" g:$id "*) return 0 ;; esac done ;;
      CapEff:) seen=$values ;;
    esac
  done <"$1/status" 2>/dev/null
  [ "$seen" != 0000000000000000 ]
}
is_ordinary() { # PID EXECUTABLE: whether it is a service of the distribution that root runs, and passes no bytes on
  case $2 in
    /usr/local/*) return 1 ;;
    /usr/* | /bin/* | /sbin/* | /lib*) ;;
    *) return 1 ;;
  esac
  say "$2" | grep -qE "/($passers)[0-9.]*( [(]deleted[)])?$" && return 1
  grep -qa "[/.]sock" "$1/cmdline" 2>/dev/null && return 1
  grep -q "^Uid:.0" "$1/status" 2>/dev/null
}
address_of() { # HEXADECIMAL: as a text; that of this machine in the place of every address
  case $1 in
    00000000) echo 127.0.0.1 ;;
    00000000000000000000000000000000) echo "[::1]" ;;
    ????????)
      # shellcheck disable=SC2046,SC2183 # four words
      printf "%d.%d.%d.%d\n" $(printf "%s" "$1" | sed "s/\(..\)\(..\)\(..\)\(..\)/0x\4 0x\3 0x\2 0x\1/")
      ;;
    *)
      printf "%s" "$1" | sed -e "s/\(..\)\(..\)\(..\)\(..\)/\4\3\2\1/g" \
        -e "s/\(....\)/\1:/g" -e "s/^/[/" -e "s/:$/]/"
      echo
      ;;
  esac
}
ask() { # PROTOCOL ADDRESS:PORT INODE: whether an engine answers there to one without a certificate
  place=tcp://$(address_of "${2%:*}"):$((0x${2##*:}))
  { command -v timeout && command -v docker && grep " $3 " "self/net/$1"; } >/dev/null || return
  for tls in --tls=false --tls; do
    if said=$(DOCKER_CERT_PATH=/nonexistent DOCKER_TLS="" DOCKER_TLS_VERIFY="" \
      timeout 3 docker $tls --host "$place" version --format "{{.Server.Version}}" 2>&1); then
      printf "answers:%s %s\n" "$1" "$2"
      return
    fi
    case $said in *HTTPS*) ;; *) return ;; esac
  done
}
may_pass_on() { # PORT INODE: whether what listens there may pass commands on
  case " 2375 2376 $proxied " in *" $1 "*) return 0 ;; esac
  holders=$(say "$owners" | sed -n "s/^$2 //p")
  [ -n "$holders" ] || return 0
  for pid in $holders; do
    program=$(readlink "$pid/exe")
    case $program in
      */dockerd | */docker-proxy | */containerd | */systemd) ;; # systemd would start what it listens for
      */sshd) ! tr "\0" " " <"$pid/cmdline" 2>/dev/null | grep -q "/sshd " || continue ;;
      *) is_ordinary "$pid" "$program" || ! may_open "$pid" || return 0 ;;
    esac
  done
  return 1
}
count=0
printf "%s" "$lines_of_tcp" | {
  while read -r protocol place inode; do
    may_pass_on $((0x${place##*:})) "$inode" || continue
    ! names_engine "$inode" || printf "names:%s %s\n" "$protocol" "$place"
    [ $count -lt 64 ] || continue
    ask "$protocol" "$place" "$inode" &
    count=$((count + 1))
    [ $((count % 8)) -ne 0 ] || wait
  done
  wait
}
echo "asked:"
# What listens in another network is not asked: what names the socket of an engine there is told.
own=$(readlink 1/ns/net)
# shellcheck disable=SC2013 # no name in /proc has a blank
for process in $(grep -lasF "$sockets" [0-9]*/cmdline) $(grep -lsxE "$relay_names" [0-9]*/comm); do
  case $process in */comm) relay_text "${process%/comm}" | grep -qaF "$sockets" || continue ;; esac
  process=${process%/*}
  program=$(readlink "$process/exe")
  case $(readlink "$process/ns/net"):$program in
    "$own":* | :* | */docker | */dockerd | */docker-proxy | */containerd | */rootlesskit) continue ;;
  esac
  $list "$process/fd" 2>/dev/null | awk -v line="elsewhere:$process $program" '
    /socket:/ { gsub(/.*\[|\]/, ""); held[$0] }
    $4 == "0A" && $10 in held { print line; exit }' - "$process/net/tcp" "$process/net/tcp6" 2>/dev/null
done

for process in [0-9]*; do
  read -r name 2>/dev/null <"$process/comm" && [ "$name" = containerd ] || continue
  file=/etc/containerd/config.toml before=""
  IFS=$line_feed
  set -f
  for word in $(tr "\n\0" " \n" <"$process/cmdline"); do
    case $before in -c | --config) file=$word ;; esac
    case $word in -c=* | --config=*) file=${word#*=} ;; esac
    before=$word
  done
  unset IFS
  set +f
  printf "containerd:%s\n" "$process"
  if [ ! -p "$process/root$file" ] && text=$(cat "$process/root$file" 2>/dev/null); then
    say "$text" | sed "s/^/containerd-config:/"
  fi
done
$list [0-9]*/exe 2>/dev/null | sed -n "s/.* \([0-9]*\)\/exe -> /\1 /p" |
  grep -E "/(apache2|asterisk|beam[.]smp|caddy|clamd|cupsd|dovecot|epmd|exim|exim4|ftpd|gitlab-workhorse\
|grafana|haproxy|httpd|influxd|lighttpd|mariadbd|memcached|minio|mongod|mosquitto|mysqld|named|nats-server\
|nginx|nmbd|opensmtpd|oracle|pgbouncer|php-fpm|postgres|prometheus|proftpd|pure-ftpd|rabbitmq-server\
|redis-server|slapd|smbd|smtpd|sendmail|squid|tomcat|traefik|unbound|uwsgi|valkey-server|varnishd|vsftpd)[0-9.]*( \(deleted\))?$" |
  sed "s/^/application:/"
exit 0
