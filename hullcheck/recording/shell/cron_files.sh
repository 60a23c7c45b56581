# Which files cron heeds: not all that lies in its directories. It takes no table that others may write, and in /etc none
# that is not root's. The cron of Debian takes no name with a dot, and no file without an end of its last line; run-parts
# starts what may be run, and but for that of Red Hat no name with a dot; it is started itself by a line of a table. A
# cron in a container heeds its own.
cron_tables() { # the files with lines for cron, one a line
  find -L /etc/crontab /etc/anacrontab /etc/cron.d/* /var/spool/cron/* /var/spool/cron/crontabs/* /etc/crontabs/* \
    -prune -type f ! -perm -020 ! -perm -002 \( -user 0 -o -path "*/cron/*" \) 2>/dev/null | while IFS= read -r each; do
    case $each in
      *"~") continue ;;
      /etc/cron.d/*[!A-Za-z0-9_/.-]* | /etc/cron.d/*.*) [ ! -e /etc/debian_version ] || continue ;;
    esac
    if [ -e /etc/debian_version ] && [ -n "$(tail -c 1 "$each" 2>/dev/null)" ]; then continue; fi
    printf "%s\n" "$each"
  done
}

cron_scripts() { # those in the directories that are gone through every hour, day, week and month
  dots=yes
  parts=$(command -v run-parts) && [ "$(head -c 2 "$parts")" != "#!" ] && dots=""
  lines=$(cron_tables | tr "\n" "\0" | xargs -0 grep -hs "^[^#]*\(/etc/\(cron\.\|periodic\)\|run-crons\)" /dev/null)
  for each in /etc/cron.hourly/* /etc/cron.daily/* /etc/cron.weekly/* /etc/cron.monthly/* /etc/periodic/*/*; do
    if [ ! -f "$each" ] || [ ! -x "$each" ]; then continue; fi
    folder=${each%/*}
    case $lines in
      *"$folder"* | *run-crons*) ;;
      *) [ -e "/lib/systemd/system/cron-${folder##*[./]}.timer" ] || continue ;; # of systemd-cron
    esac
    case ${each##*/} in
      *"~" | *.rpmsave | *.rpmorig | *.rpmnew) continue ;;
      *[!A-Za-z0-9_-]*) [ -n "$dots" ] || continue ;;
    esac
    printf "%s\n" "$each"
  done
}

cron_runs() { # a cron of the host itself, or a timer in the place of one
  [ -r /proc/1/comm ] || return 0
  # shellcheck disable=SC2013 # no name in /proc has a blank
  for each in $(grep -lsxE "b?cron(d|-sched)?|fcron|anacron" /proc/[0-9]*/comm); do
    [ "$(readlink "${each%/comm}/ns/pid")" != "$(readlink /proc/1/ns/pid)" ] || return 0
  done
  systemctl is-active --quiet anacron.timer cron.target 2>/dev/null
}
