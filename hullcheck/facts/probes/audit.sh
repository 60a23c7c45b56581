# shellcheck disable=SC2086,SC2154 # one word for each line
stored=$(grep -HsE "^[[:space:]]*(-|log_file[[:space:]]*=)" \
  /etc/audit/rules.d/*.rules /etc/audit/audit.rules /etc/audit/auditd.conf)
log=/var/log/audit/audit.log loaded=""
set -f
IFS=$line_feed
echo --kernel
if ! command -v auditctl >/dev/null; then
  echo missing:
elif status=$(auditctl -s 2>&1) && loaded=$(auditctl -l 2>&1); then
  printf "status:%s\n" $status
  printf "rule:%s\n" $loaded
else
  printf "failed:%s\n" ${loaded:-$status}
fi
echo --files
printf "file:%s\n" $stored
# A rule goes through links on the way to its path.
for line in $loaded $stored; do
  case $line in
    /etc/audit/auditd.conf:*=*) log=${line#*=} && log=/${log#*/} && continue ;;
    *"-w "*/*) path=/${line#*-w*/} ;;
    *path=/* | *dir=/*) path=/${line#*[hr]=/} ;;
    *) continue ;;
  esac
  path=${path%% *} && path=${path%/}
  ! cd -P "${path%/*}/" 2>/dev/null || printf "real:%s\t%s\n" "$path" "${PWD%/}/${path##*/}"
done
printf "%s\nlog:%s\n" --log "$log"
stat -c "last:%Y" "$log" 2>/dev/null
echo --end
