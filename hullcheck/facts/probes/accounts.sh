if command -v getent >/dev/null; then
  users=$(getent passwd) || exit
  groups=$(getent group && { getent group docker || :; }) || exit # a directory may list none, and know each
elif grep -qsE "^(passwd|group):.*(sss|ldap|winbind|nis)" /etc/nsswitch.conf; then
  echo "getent is missing, so accounts of the network are unknown" >&2
  exit 1
else
  users=$(cat /etc/passwd) && groups=$(cat /etc/group) || exit
fi
echo --accounts
printf "%s\n--\n%s\n" "$users" "$groups" | awk -F : '
  $0 == "--" { of_groups = 1 }
  !of_groups { print "user:" $1 ":" $3 ":" $4 ":" $7 }
  of_groups && NF > 1 { print "group:" $1 ":" $3 ":" $4 }' || exit
echo --end
