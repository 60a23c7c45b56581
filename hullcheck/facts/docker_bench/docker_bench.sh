echo "auditor:$(id -u)"
. cron_files.sh
name=docker-bench-security
say() { printf "%s\n" "$@"; }
echo "--timers"
services="" started=""
if command -v systemctl >/dev/null; then
  timers=$(systemctl show --property=Id,Unit,ActiveState,SubState,UnitFileState,WantedBy,RequiredBy "*.timer" 2>/dev/null)
  say "$timers" ""
  services=$(say "$timers" | sed -n "s/^Unit=//p" | sort -u)
  # shellcheck disable=SC2086 # one word for each unit
  [ -z "$services" ] ||
    started=$(systemctl show --property=Id,ExecStart,WorkingDirectory,Environment,Result,ExecMainStatus \
      --property=ConditionResult,ConditionTimestampMonotonic $services 2>/dev/null)
  say "$started"
fi

echo "--crontabs"
for folder in /var/spool/cron /var/spool/cron/crontabs; do
  if [ -d $folder ] && [ ! -r $folder ]; then echo unreadable:$folder; fi
done
lines=$(cron_tables | tr "\n" "\0" | xargs -0 grep -aHs "^[[:space:]]*[^#[:space:]]" /dev/null)
say "$lines" | sed "s/^/line:/"
scripts=$(cron_scripts)
[ -z "$scripts" ] || say "$scripts" | sed "s/^/script:/"

echo "--programs"
# shellcheck disable=SC2020 # eight characters, each to a line feed
words() { tr " \t;=&|\"'" "\n\n\n\n\n\n\n\n" | grep -a "^/" | sort -u; }
paths=$(
  say "$started" "$lines" | words
  say "$scripts"
)
programs=$(say "$paths" | while IFS= read -r path; do
  if [ -f "$path" ] && [ -r "$path" ]; then say "$path"; fi
done | tr "\n" "\0" | xargs -0 grep -Ils $name /dev/null | sort -u)
[ -z "$programs" ] || say "$programs" | while IFS= read -r path; do
  printf "program:%s\n" "$path"
  head -c 100000 "$path" | grep -a "" | sed "s/^/:/"
done
# The files of the tool that these may mean, and those at usual places.
tools=$({
  say "$paths" /opt /usr/local /root
  say "$programs" | tr "\n" "\0" | xargs -0 cat /dev/null 2>/dev/null | words
} | sort -u | while IFS= read -r path; do
  for each in "$path" "$path/$name"* "$path/$name"*/*.sh; do
    [ ! -f "$each" ] || say "$each"
  done
done)
say "$tools" | sed "s/^/there:/"

echo "--checkouts"
say "$tools" | sed -n "s/\/$name\.sh$//p" | sort -u |
  while IFS= read -r path; do
    cd "$path" || continue
    printf "checkout:%s\n" "$PWD"
    remote=$(sed -n "/remote \"origin\"/,/^\[/s/^[[:space:]]*url *= *//p" .git/config 2>/dev/null)
    read -r head 2>/dev/null <.git/HEAD || head=""
    case $head in "ref: "*)
      ref=${head#ref: }
      read -r head 2>/dev/null <".git/$ref" ||
        head=$(sed -n "s|^\([0-9a-f]*\) $ref\$|\1|p" .git/packed-refs 2>/dev/null)
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
