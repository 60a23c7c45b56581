[ -n "$scan_reports" ] || exit 0
printf "folder:%s\n" "$scan_reports"
listed=$(find -L "$scan_reports/" -type f -name "*.json" -exec stat -L -c "%Y %s %n" {} +) || exit
chosen=$(printf "%s\n" "$listed" | sort -rn | awk '
  NF < 3 { next }
  { named = ":" $1 ":" $2 ":" substr($0, length($1) + length($2) + 3) }
  count >= 1000 || $2 > 16777216 || total + $2 > 67108864 { print "left-out" named; next }
  { count++; total += $2; print "report" named }')
[ -n "$chosen" ] || exit 0
printf "%s\n" "$chosen"
printf "%s\n" "$chosen" | sed -n "s/^report:[0-9]*:[0-9]*://p" | tr "\n" "\0" |
  xargs -0 awk 'FNR == 1 { print "content:" FILENAME } { print ":" $0 }' /dev/null
