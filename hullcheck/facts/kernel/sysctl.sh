grep -Hs "" /proc/sys/net/ipv4/ip_forward /proc/sys/fs/suid_dumpable /proc/sys/kernel/randomize_va_space |
  sed "s/^/running:/"
# An interface forwards by a switch of its own too, which changes with that of all and may be set after it.
grep -qsx 0 /proc/sys/net/ipv4/ip_forward &&
  grep -lsx 1 /proc/sys/net/ipv4/conf/*/forwarding | sed "s/.*conf\/\(.*\)\/forwarding/forwards:\1/"
if [ -d /run/systemd/system ]; then
  echo systemd:
  systemctl show --property=LoadState,UnitFileState,ExecStart,ConditionResult,ConditionTimestamp systemd-sysctl.service | sed "s/^/unit:/"
fi
if [ -d /run/openrc ]; then
  echo openrc:
  for link in /etc/runlevels/*/sysctl; do [ ! -e "$link" ] || echo "runlevel:$link"; done
fi
# What may set them again after the files were applied: scripts, units, jobs, rules of udev and tmpfiles, and apport of
# Ubuntu, which does where it is on.
places="/etc/rc.local /etc/rc.d/rc.* /etc/local.d/*.start /etc/init.d/* /etc/network/if-up.d/*
  /etc/*crontab /etc/cron*/* /var/spool/cron/* /var/spool/cron/crontabs/*
  /etc/NetworkManager/dispatcher.d/* /etc/tuned/*/tuned.conf /etc/tuned/profiles/*/tuned.conf /usr/share/apport/apport"
for folder in /etc /run /usr/local/lib /usr/lib; do
  places="$places $folder/systemd/system/*.service $folder/systemd/system/*.d/*.conf $folder/tmpfiles.d/*.conf"
done
for name in suid_dumpable randomize_va_space; do
  # shellcheck disable=SC2086 # one word for each pattern
  grep -ls "^[^#]*\($name\|sysctl\( -[a-z]*\)* \(-[a-z]*p\|--load\)\)" $places /etc/udev/rules.d/*.rules | while IFS= read -r file; do
    case $file in
      */apport)
        if grep -qs "^enabled=[\"']*0" /etc/default/apport; then continue; fi
        if [ -d /run/systemd/system ]; then
          case $(systemctl is-enabled apport.service 2>/dev/null) in disabled | masked* | not-found) continue ;; esac
        fi
        ;;
    esac
    echo "later:$name $file"
  done
done
for file in /etc/sysctl.d/*.conf /run/sysctl.d/*.conf /usr/local/lib/sysctl.d/*.conf /usr/lib/sysctl.d/*.conf \
  /lib/sysctl.d/*.conf /etc/sysctl.conf; do
  [ -e "$file" ] || [ -L "$file" ] || continue
  printf "file:%s\n" "$file"
  [ ! -e "$file" ] || [ -r "$file" ] || printf "unread:%s\n" "$file"
  grep -hs -e forward -e suid_dumpable -e randomize_va_space -e "^[^#;]*[*?[].*=" "$file" |
    sed "s/^/line:/"
done
# The policy of FORWARD, and rules for every packet.
if command -v iptables >/dev/null; then
  iptables -S 2>&1 | sed -e "s/ -m comment --comment \(\"[^\"]*\"\|[^ ]*\)//" -e "/^-N/d" -e "/^-P [^F]/d" \
    -e "/^-A/{/^-A [^ ]* -j [^ ]*\( --reject.*\)*$/!d;}" -e "s/^/chain:/"
fi
exit 0
