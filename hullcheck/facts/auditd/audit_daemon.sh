if command -v systemctl >/dev/null; then
  systemctl show --property=LoadState,UnitFileState,ActiveState,MainPID auditd.service | sed "s/^/unit:/"
fi
config=/etc/audit/auditd.conf
log=$(sed -n "s/^[[:space:]]*log_file[[:space:]]*=[[:space:]]*//p" $config 2>/dev/null | tail -n 1)
grep -hsi "^[[:space:]]*write_logs[[:space:]]*=" $config | sed "s/.*=[[:space:]]*/write:/"
log=${log:-/var/log/audit/audit.log}
echo "log:$log"
if [ -e "$log" ] && [ ! -r "$log" ]; then echo "unread:$log"; fi
folder=${log%/*}
if [ -d "$folder" ] && [ ! -x "$folder" ]; then echo "unread:$log"; fi
[ -r "$log" ] || exit 0
# Of the log only times, programs and keys are told: the arguments of commands may be secrets. The numbers are those
# of execve and execveat on x86 and ARM.
calls="syscall=\(59\|322\|11\|358\|221\|281\|387\) success=yes"
words="exe=\"\([^\"]*\/runc\)\".* key=\"\([^\"]*\)\""
tail -c 4194304 "$log" |
  sed -n "s/^\(node=[^ ]* \)\{0,1\}type=SYSCALL msg=audit(\([0-9]*\)\..*$calls.* $words.*/started:\2 \5 \4/p" |
  tail -n 1
tail -c 65536 "$log" | sed -n "s/^\(node=[^ ]* \)\{0,1\}type=[A-Z0-9_]* msg=audit(\([0-9]*\)\..*/last:\2/p" | tail -n 1
exit 0
