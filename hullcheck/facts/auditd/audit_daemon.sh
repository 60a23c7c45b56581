if command -v systemctl >/dev/null; then
  systemctl show --property=LoadState,UnitFileState,ActiveState,MainPID auditd.service | sed "s/^/unit:/"
fi
config=/etc/audit/auditd.conf
settings=${config%/*}
if { [ -e $config ] && [ ! -r $config ]; } || { [ -d "$settings" ] && [ ! -x "$settings" ]; }; then echo "hidden:$config"; fi
log=$(sed -n "s/^[[:space:]]*log_file[[:space:]]*=[[:space:]]*//p" $config 2>/dev/null | tail -n 1)
! grep -qsiE "^[[:space:]]*(write_logs[[:space:]]*=[[:space:]]*no|log_format[[:space:]]*=[[:space:]]*nolog)" $config || echo write:no
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
# Of each use of `docker exec` its time, p where it is privileged, the user that it names or -, and the container.
# What stands behind a short option is the rest of its word, or the next one; words with a blank are in hexadecimal.
grep -ahs "type=EXECVE .* a[0-9]*=\"exec\"" "$log" "$log".[0-9]* | awk '
  function value(letter, place) {
    if (place < length(word)) return substr(word, place + 1)
    return argument[++i]
  }
  {
    count = 0
    for (i = 1; i <= NF; i++) {
      if ($i ~ /^msg=audit[(]/) { time = substr($i, 11); sub("[.:].*", "", time) }
      if ($i !~ /^a[0-9]*=/) continue
      text = substr($i, index($i, "=") + 1)
      argument[count++] = text ~ /^".*"$/ ? substr(text, 2, length(text) - 2) : "?"
    }
    for (i = count; i < count + 3; i++) argument[i] = ""
    program = argument[0]
    sub(".*/", "", program)
    i = 1
    while (argument[i] ~ /^-/) {
      if (argument[i] ~ /^(-[Hcl]|--(host|context|config|log-level|tlscacert|tlscert|tlskey))$/) i++
      i++
    }
    if (argument[i] == "container") i++
    if (program != "docker" || argument[i] != "exec") next
    privileged = "-"
    user = ""
    for (i++; i < count && argument[i] ~ /^-./ && argument[i] != "--"; i++) {
      word = argument[i]
      if (word ~ /^--privileged(=(1|t|T|true|TRUE|True))?$/) privileged = "p"
      else if (word ~ /^--user=/) user = substr(word, 8)
      else if (word == "--user") user = argument[++i]
      else if (word ~ /^--(env|env-file|workdir|detach-keys)$/) i++
      else if (word !~ /^--/)
        for (place = 2; place <= length(word); place++) {
          letter = substr(word, place, 1)
          if (letter == "u") user = value(letter, place)
          else if (letter ~ /[ew]/) value(letter, place)
          if (letter ~ /[uew]/) break
        }
    }
    if (argument[i] == "--") i++
    if (user == "") user = "-"
    if (user !~ /^[A-Za-z0-9_.:-]+$/ || argument[i] !~ /^[A-Za-z0-9][A-Za-z0-9_.-]*$/) next
    print "executed:" time " " privileged " " user " " argument[i]
  }' | sort -u
exit 0
