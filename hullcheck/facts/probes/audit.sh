line_feed="
"
stored=$(grep -HsE "^[[:space:]]*(-|log_file[[:space:]]*=)" /etc/audit/rules.d/*.rules /etc/audit/audit.rules /etc/audit/auditd.conf)
log=/var/log/audit/audit.log loaded=""
set -f
IFS=$line_feed
echo --kernel
if ! command -v auditctl >/dev/null; then
  echo missing:
elif status=$(auditctl -s 2>&1) && loaded=$(auditctl -l 2>&1); then
  # shellcheck disable=SC2086 # one word for each line
  printf "status:%s\n" $status
  # shellcheck disable=SC2086
  printf "rule:%s\n" $loaded
else
  loaded=${loaded:-$status}
  printf "failed:%s\n" "${loaded%%"$line_feed"*}"
fi
echo --files
for line in $stored; do
  case $line in
    /etc/audit/auditd.conf:*=*) log=${line#*=} && log=/${log#*/} ;;
    *) printf "file:%s\n" "$line" ;;
  esac
done
# A rule goes through links on the way to its path.
for line in $loaded $stored; do
  case $line in
    *"-w "*/*) path=/${line#*-w*/} ;;
    *path=/* | *dir=/*) path=/${line#*[hr]=/} ;;
    *) continue ;;
  esac
  path=${path%% *} && path=${path%/}
  parent=${path%/*}
  [ -z "$parent" ] || ! cd -P "$parent/" 2>/dev/null || printf "real:%s\t%s\n" "$path" "${PWD%/}/${path##*/}"
done
echo --log
printf "log:%s\n" "$log"
stat -c "last:%Y" "$log" 2>/dev/null
echo --end
