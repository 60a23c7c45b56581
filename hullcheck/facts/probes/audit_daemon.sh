if command -v systemctl >/dev/null; then
  systemctl show --property=LoadState,UnitFileState,ActiveState,MainPID auditd.service | sed "s/^/unit:/"
fi
log=$(sed -n "s/^[[:space:]]*log_file[[:space:]]*=[[:space:]]*//p" /etc/audit/auditd.conf 2>/dev/null)
log=${log:-/var/log/audit/audit.log}
echo "log:$log"
stat -c "last:%Y" "$log" 2>/dev/null
exit 0
