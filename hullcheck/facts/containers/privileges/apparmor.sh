[ "$(cat /sys/module/apparmor/parameters/enabled 2>/dev/null)" = Y ] || exit 0
for folder in /sys/kernel/security/apparmor/policy/profiles/docker-default.*; do
  [ ! -d "$folder" ] || stat -c "loaded:%y" "$folder"
done
for pid in ${daemons?}; do
  program=/proc/$pid/exe
  [ -r "$program" ] || continue
  stat -L -c "program:$pid %z" "$program"
  ! grep -aq "deny network alg," "$program" || echo "denies:$pid"
  ! grep -aq "loadDefaultAppArmorProfileIfMissing" "$program" || echo "reloads:$pid"
done
# Of the profiles in files: their names, and of their rules those that let in, or deny, much at once.
for file in /etc/apparmor.d/* /etc/apparmor.d/containers/* /etc/apparmor.d/docker/*; do
  [ ! -f "$file" ] || ! grep -q "{" "$file" || cat "$file"
  echo
done | awk '
  { sub(/#.*/, ""); gsub(/[ \t]+/, " "); sub(/^ /, ""); sub(/ $/, "") }
  depth == 0 && /[{]$/ {
    name = $0
    sub(/^profile /, "", name)
    flags = ""
    if (match(name, /flags ?= ?[(][^)]*[)]/)) flags = substr(name, RSTART, RLENGTH)
    sub(/ .*/, "", name)
    gsub(/"/, "", name)
    sub(/^[^(]*[(]/, "", flags)
    sub(/[)].*/, "", flags)
    gsub(/[ ,]+/, ",", flags)
    print "own:" name " " (flags == "" ? "-" : flags)
    depth = 1
    next
  }
  depth > 0 && /[{]$/ { depth++; next }
  depth > 0 && /^}/ { depth--; next }
  depth == 1 && /^(audit |quiet |priority ?= ?[0-9]+ |allow )*(all|file|capability|mount)( [a-z]+)?,$/ { print "rule:" name " " $0 }
  depth == 1 && /^(audit |allow |owner |file )*\/[{]?,?[*][*][}]? [a-zA-Z]+,$/ { print "rule:" name " " $0 }
  depth == 1 && /^(audit |quiet )*deny / { print "rule:" name " " $0 }
'
echo "asked:"
exit 0
