grep -Hs "^[[:space:]]*-" /etc/audit/rules.d/*.rules /etc/audit/audit.rules | sed "s/^/file:/"
if ! command -v auditctl >/dev/null; then
  echo "missing:"
  exit 0
fi
status=$(auditctl -s) || exit
rules=$(auditctl -l) || exit
printf "%s\n" "$status" | sed "s/^/status:/"
printf "%s\n" "$rules" | sed "s/^/rule:/"
# A rule goes through links on the way to its path.
{
  printf "%s\n" "$rules"
  cat /etc/audit/rules.d/*.rules /etc/audit/audit.rules 2>/dev/null
} | sed -n -e "s/^ *-w *\(\/[^ ]*\).*/\1/p" -e "s/.* \(path\|dir\)=\(\/[^ ]*\).*/\2/p" | sort -u |
  while IFS= read -r path; do
    path=${path%/} parent=${path%/*}
    [ -z "$parent" ] || ! cd -P "$parent/" 2>/dev/null || printf "real:%s\t%s\n" "$path" "${PWD%/}/${path##*/}"
  done
exit 0
