. auditor.sh
. cron_files.sh
echo "--timers"
services="" started=""
if command -v systemctl >/dev/null; then
  timers=$(systemctl show --property=Id,Unit,ActiveState,SubState,UnitFileState "*.timer" 2>/dev/null)
  printf "%s\n\n" "$timers"
  services=$(printf "%s\n" "$timers" | sed -n "s/^Unit=//p" | sort -u)
  # shellcheck disable=SC2086 # one word for each unit
  [ -z "$services" ] ||
    started=$(systemctl show --property=Id,ExecStart,WorkingDirectory $services 2>/dev/null)
  printf "%s\n" "$started"
fi

echo "--crontabs"
for folder in /var/spool/cron /var/spool/cron/crontabs; do
  if [ -d $folder ] && [ ! -r $folder ]; then printf "unreadable:%s\n" $folder; fi
done
lines=$(cron_tables | tr "\n" "\0" | xargs -0 grep -aHs "^[[:space:]]*[^#[:space:]]" /dev/null)
printf "%s\n" "$lines" | sed "s/^/line:/"
scripts=$(cron_scripts)
[ -z "$scripts" ] || printf "%s\n" "$scripts" | sed "s/^/script:/"

echo "--programs"
# shellcheck disable=SC2020 # eight characters, each to a line feed
paths=$(
  printf "%s\n%s\n" "$started" "$lines" | tr " \t;=&|\"'" "\n\n\n\n\n\n\n\n" | grep "^/" | sort -u
  printf "%s\n" "$scripts"
)
printf "%s\n" "$paths" |
  while IFS= read -r path; do
    if [ -f "$path" ] && [ -r "$path" ]; then printf "%s\n" "$path"; fi
  done | tr "\n" "\0" |
  xargs -0 grep -Ils "docker-bench-security" /dev/null | sort -u | while IFS= read -r path; do
  printf "program:%s\n" "$path"
  head -c 100000 "$path" | grep -a "" | sed "s/^/:/"
done

echo "--checkouts"
{
  printf "%s\n" "$paths"
  printf "%s\n" /opt/docker-bench-security /usr/local/docker-bench-security \
    /root/docker-bench-security
} | grep "/docker-bench-security" | sort -u |
  while IFS= read -r path; do
    [ -d "$path" ] || path=${path%/*}
    cd "$path" 2>/dev/null && [ -f docker-bench-security.sh ] || continue
    printf "checkout:%s\n" "$PWD"
    remote=$(sed -n "/remote \"origin\"/,/^\[/s/^[[:space:]]*url *= *//p" .git/config 2>/dev/null)
    read -r head 2>/dev/null <.git/HEAD || head=""
    case $head in "ref: "*)
      name=${head#ref: }
      read -r head 2>/dev/null <".git/$name" ||
        head=$(sed -n "s|^\([0-9a-f]*\) $name\$|\1|p" .git/packed-refs 2>/dev/null)
      ;;
    esac
    printf "remote:%s\ncommit:%s\n" "$remote" "$head"
  done

echo "--log"
[ -n "$docker_bench_log" ] || exit 0
printf "asked:%s\n" "$docker_bench_log"
if [ ! -e "$docker_bench_log" ]; then
  [ ! -d "${docker_bench_log%/*}/" ] || [ -x "${docker_bench_log%/*}/" ] || echo "unreadable:"
  exit 0
fi
echo "there:"
sed "s/^/:/" "$docker_bench_log" || echo "unreadable:"
