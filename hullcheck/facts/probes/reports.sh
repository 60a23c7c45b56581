echo "--trust"
if cd ~root 2>/dev/null; then
  find -L /etc/environment /etc/profile /etc/profile.d/ /etc/bash.bashrc /etc/bashrc ~root/.profile ~root/.bash_profile \
    ~root/.bash_login ~root/.bashrc -maxdepth 1 -type f ! -name "*.csh" -exec grep -H DOCKER_CONTENT_TRUST {} + 2>/dev/null
else
  echo "unreadable:"
fi
echo "--bench"
find /opt /root /srv /usr/local /home/* -maxdepth 2 -path "*/docker-bench-security*/docker-bench-security.sh" 2>/dev/null |
  sed "s/^/checkout:/; s|/[^/]*$||"
if [ -n "$docker_bench_log" ]; then
  printf "asked:%s\n" "$docker_bench_log"
  [ ! -d "${docker_bench_log%/*}/" ] || [ -x "${docker_bench_log%/*}/" ] || echo "unreadable:"
  if [ -e "$docker_bench_log" ]; then
    echo "there:"
    sed "s/^/:/" "$docker_bench_log" || echo "unreadable:"
  fi
fi
printf "\n--scans\n" # the log does not end in a line feed
if [ -n "$scan_reports" ]; then
  printf "folder:%s\n" "$scan_reports"
  listed=$(find -L "$scan_reports/" -type f -name "*.json" -exec stat -L -c "%Y %s %n" {} +) || echo "unreadable:"
  chosen=$(printf "%s\n" "$listed" | sort -rn | awk '
    NF < 3 { next }
    { named = ":" $1 ":" $2 ":" substr($0, length($1) + length($2) + 3) }
    count >= 1000 || $2 > 16777216 || total + $2 > 67108864 { print "left-out" named; next }
    { count++; total += $2; print "report" named }')
  printf "%s\n" "$chosen"
  printf "%s\n" "$chosen" | sed -n "s/^report:[0-9]*:[0-9]*://p" | tr "\n" "\0" |
    xargs -0 awk 'FNR == 1 { print "content:" FILENAME } { print ":" $0 }' /dev/null
fi
echo "--end"
