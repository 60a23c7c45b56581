for file in /proc/sys/net/ipv4/ip_forward /proc/sys/fs/suid_dumpable /proc/sys/kernel/randomize_va_space; do
  grep -Hs "" $file | sed "s/^/running:/"
done
# An interface forwards by a switch of its own too, which changes with that of all and may be set after it.
grep -qsx 0 /proc/sys/net/ipv4/ip_forward &&
  grep -lsx 1 /proc/sys/net/ipv4/conf/*/forwarding | sed "s/.*conf\/\(.*\)\/forwarding/forwards:\1/"
if [ -d /run/systemd/system ]; then
  echo systemd:
  systemctl show --property=LoadState,UnitFileState,Result systemd-sysctl.service | sed "s/^/unit:/"
fi
if [ -d /run/openrc ]; then
  echo openrc:
  for link in /etc/runlevels/*/sysctl; do [ ! -e "$link" ] || echo "runlevel:$link"; done
fi
# What may set them again after the files were applied: scripts, units, jobs, rules of udev and tmpfiles, and apport of
# Ubuntu, which does where it is on.
for name in suid_dumpable randomize_va_space; do
  grep -ls "^[^#]*\($name\|sysctl \(-p\|--load\)\)" /etc/rc.local /etc/rc.d/rc.local /etc/rc.d/rc.sysinit /etc/local.d/*.start /etc/init.d/* \
    /etc/systemd/system/*.service /etc/systemd/system/*.d/*.conf /run/systemd/system/*.service /usr/local/lib/systemd/system/*.service /usr/lib/systemd/system/*.service \
    /etc/tmpfiles.d/*.conf /run/tmpfiles.d/*.conf /usr/lib/tmpfiles.d/*.conf /etc/udev/rules.d/*.rules \
    /etc/crontab /etc/anacrontab /etc/cron.*/* /var/spool/cron/* /var/spool/cron/crontabs/* /etc/crontabs/* \
    /etc/network/if-up.d/* /etc/NetworkManager/dispatcher.d/* /etc/tuned/*/tuned.conf /usr/share/apport/apport | while IFS= read -r file; do
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
  grep -hs -e "ip_forward" -e "forwarding" -e "suid_dumpable" -e "randomize_va_space" -e "^[^#;]*[*?[].*=" "$file" |
    sed "s/^/line:/"
done
# The policy of FORWARD, and rules for every packet.
if command -v iptables >/dev/null; then
  iptables -S 2>&1 | sed -e "s/ -m comment --comment \(\"[^\"]*\"\|[^ ]*\)//" -e "/^-N/d" -e "/^-P [^F]/d" \
    -e "/^-A/{/^-A [^ ]* -j [^ ]*\( --reject.*\)*$/!d;}" -e "s/^/chain:/"
fi
exit 0
