say() { printf "%s\n" "$@"; }
echo "auditor:$(id -u)"
. halted.sh
cd /proc || exit
addresses=$( # of the daemon as well, whose network may be another one: its log drivers send from there
  for each in self ${daemons?}; do
    awk '/\|--/ { address = $2 } /32 host LOCAL/ { print address }' "$each/net/fib_trie"
    sed "s/ .*//; s/..../&:/g; s/:$//" "$each/net/if_inet6"
  done 2>/dev/null | sort -u
)
say "$addresses" | sed "s/^/own:/"
printf "own:%s\n" "$(uname -n)"
names() { # ROOT: what its file of hosts calls this machine
  awk -v own=" $(printf "%s" "$addresses" | tr "\n" " ") " '{ sub(/#.*/, "") }
    $1 ~ /^(127[.]|0[.]0[.]0[.]0$|::1$)/ || index(own, " " $1 " ") { for (i = 2; i <= NF; i++) print "own:" $i }' \
    "$1/etc/hosts" 2>/dev/null | sort -u
}
names ""
line_feed="
"
show() { # ROOT PATH: a file of a configuration, or all those in a folder
  for each in "$1$2" "$1$2"/*.yml "$1$2"/*.yaml "$1$2"/*.conf "$1$2"/*.toml; do
    [ -f "$each" ] || [ "$(readlink "$each")" = /dev/null ] || continue # so one is masked
    [ -r "$each" ] || echo "unread:"
    stat -L -c "changed:%Z" "$each" 2>/dev/null
    printf "config:%s\n" "${each#"$1"}"
    head -c 1000000 "$each" 2>/dev/null | grep -a "" | sed "s/^/:/" # grep ends the last line
  done
}
follow() { # ROOT PATH DEPTH: the files that a file includes, behind an empty one that has their pattern as its path
  [ "$3" -lt 5 ] || return 0
  sed -n -e "s/^[[:space:]]*@*include[[:space:]]*[\"']\([^\"']*\)[\"'].*/\1/p" \
    -e "s/^[[:space:]]*@[Ii][Nn][Cc][Ll][Uu][Dd][Ee][[:space:]][[:space:]]*//p" \
    -e "s/^[[:space:]]*[$][Ii]nclude[Cc]onfig[[:space:]][[:space:]]*//p" \
    -e "s/^[[:space:]]*include(.*file=\"\([^\"]*\)\".*/\1/p" "$1$2" 2>/dev/null | grep -a "" | sed "s/[[:space:]]*$//" |
    while IFS= read -r pattern; do
      case $pattern in
        *"#"* | *"{"* | *:*) continue ;;
        /*) ;;
        *) pattern=${2%/*}/$pattern ;;
      esac
      [ ! -d "$1$pattern" ] || pattern=${pattern%/}/
      case $pattern in */) pattern="$pattern*" ;; esac
      printf "config:%s\n" "$pattern"
      IFS=$line_feed
      for file in $1$pattern; do
        [ -f "$file" ] || continue
        show "$1" "${file#"$1"}"
        follow "$1" "${file#"$1"}" $(($3 + 1))
      done
    done
}
journald() { # ROOT: when it was started, its configuration, and at last what wins over the files
  stat -c "started:%Z" "$1/run/systemd/units/invocation:systemd-journald.service" 2>/dev/null
  for folder in /etc /run /usr/local/lib /usr/lib /lib; do
    file=$folder/systemd/journald.conf
    if [ -f "$1$file" ]; then
      show "$1" $file
      break
    fi
  done
  for folder in /usr/lib /lib /usr/local/lib /run /etc; do show "$1" $folder/systemd/journald.conf.d; done
  printf "config:/proc/cmdline/journald.conf.d/~\n:[Journal]\n"
  tr " " "\n" </proc/cmdline | sed -n "s/^systemd[.]journald[.]/:/p"
}
value_of() { # OPTION...: what the options of the command that have such a name are set to
  for option; do
    say "$arguments" | sed -n -e "/^$option$/{n;p;}" -e "s/^$option=//p"
  done
}
variable() { # NAME...: variables of the process
  for each; do tr "\n\0" " \n" <"$pid/environ" 2>/dev/null | sed -n "s/^$each=//p"; done
}
first_of() { # PATH...: the first of these files that is there
  for each; do
    if [ -f "$root$each" ]; then
      say "$each"
      return
    fi
  done
}
pipelines() { # where Logstash has its pipelines, by the list of them if there is one
  settings=$(value_of --path.settings | head -n 1)
  for each in ${settings:-/etc/logstash /usr/share/logstash/config}; do
    [ -f "$root$each/pipelines.yml" ] || continue
    say "$each/pipelines.yml"
    sed -n "s/^[^#]*path\.config: *[\"']\{0,1\}\([^\"'#]*\).*/\1/p" "$root$each/pipelines.yml" |
      sed -e "s/[[:space:]]*$//" -e "s/\/[^\/]*\*.*//"
    return
  done
  say /etc/logstash/conf.d /usr/share/logstash/pipeline
}
paths() { # the files and folders of the configuration, one a line
  base=$folder
  case $name in
    filebeat | elastic-agent)
      base=$(value_of "--*path\.config" | tail -n 1)
      base=${base:-$(dirname "$(first_of "/etc/$name/$name.yml" "/usr/share/$name/$name.yml" "/opt/Elastic/Agent/$name.yml")")}
      named=$(value_of "--*c" | sed "/\.yml$/!s/$/.yml/")
      usual=$base/$name.yml
      ;;
    fluentd)
      named=$(value_of -c --config)
      named=${named:-$(variable FLUENT_CONF)}
      usual=$(first_of /etc/td-agent/td-agent.conf /etc/fluent/fluentd.conf /etc/fluent/fluent.conf /fluentd/etc/fluent.conf)
      ;;
    fluent-bit)
      named=$(value_of -c --config)
      usual=$(first_of /etc/fluent-bit/fluent-bit.conf /fluent-bit/etc/fluent-bit.conf)
      ;;
    promtail)
      named=$(value_of "--*config\.file")
      usual=$(first_of "$folder/promtail.yaml" "$folder/config/promtail.yaml")
      ;;
    vector)
      named=$(
        value_of -c --config -t --config-toml --config-yaml --config-json
        variable VECTOR_CONFIG VECTOR_CONFIG_TOML VECTOR_CONFIG_YAML VECTOR_CONFIG_JSON | tr "," "\n"
      )
      usual=$(first_of /etc/vector/vector.yaml /etc/vector/vector.toml /etc/vector/vector.json)
      ;;
    logstash)
      named=$(value_of -f --path.config)
      usual=$(pipelines)
      ;;
    rsyslogd)
      named=$(
        value_of -f
        say "$arguments" | sed -n "s/^-f\(..*\)/\1/p"
      )
      usual=/etc/rsyslog.conf
      ;;
    syslog-ng)
      named=$(value_of -f --cfgfile)
      usual=/etc/syslog-ng/syslog-ng.conf
      ;;
    systemd-journal-upload)
      usual=$(printf "%s/systemd/journal-upload.conf\n" /usr/lib /etc | sed "p;s/$/.d/")
      ;;
  esac
  say "${named:-$usual}" | while IFS= read -r path; do
    case $path in /*) say "$path" ;; ?*) say "$base/$path" ;; esac
  done
}
# Where an engine writes what it has to say: a socket is that of the journal, if its unit has no journal of its own,
# and journald was not told to drop some (LogLevelMax, LogFilterPatterns), or to call it other than daemon.info (30): a
# question mark where systemd does not say.
for pid in ${daemons?}; do
  written=$(readlink "$pid/fd/2") || continue
  unit=$(sed -n "s/.*\///p" "$pid/cgroup" 2>/dev/null | tail -n 1)
  apart=$(variable LOG_NAMESPACE)$(readlink "/run/systemd/units/log-level-max:$unit")
  told=$(systemctl show --property=LogFilterPatterns,SyslogPriority "$unit" 2>/dev/null)
  case $unit:$told in
    *.service:*SyslogPriority=*) apart=$apart$(say "$told" | sed -n "/=30$/d;s/=.*//;s/^[LS]/ &/p") ;;
    *.service:*) apart="?" ;;
  esac
  case $written:$apart in socket:*:[!67]* | socket:*:[67]" "*) written="the journal $apart" ;; esac
  printf "daemon:%s %s\n" "$pid" "$written"
done
# What journald keeps, and what it passes on.
journald "" | sed "s/^/journal:/"
now=$(date +%s)
read -r uptime rest </proc/uptime
found=$(ls -ln [0-9]*/exe 2>/dev/null | sed "s/ (deleted)$//" | sed -n "s/^.* \([0-9]*\)\/exe -> \(\/.*\)$/\1 \2/p" |
  grep -E "/(filebeat|elastic-agent|fluent-bit|promtail|vector|rsyslogd|syslog-ng|systemd-journal-upload|ruby[0-9.]*|java)$")
for pid in $(say "$found" | sed "s/ .*//"); do
  exe=$(say "$found" | sed -n "s/^$pid //p")
  name=${exe##*/}
  arguments=$(tr "\n\0" " \n" 2>/dev/null <"$pid/cmdline")
  case $name in
    ruby*) case $arguments in */fluentd* | */td-agent*) name=fluentd ;; *) continue ;; esac ;;
    syslog-ng) case $arguments in supervising*) continue ;; esac ;;
    java) case $exe$arguments in *org.logstash.Logstash* | */logstash/jdk/*) name=logstash ;; *) continue ;; esac ;;
  esac
  printf "process:%s %s\n" "$pid" "$name"
  ! halted "$pid" || echo "halted:"
  # neither root nor with CAP_DAC_OVERRIDE or CAP_DAC_READ_SEARCH
  if ! grep -qsE "^(Uid:.*[^0-9]0|CapEff:.*[2-7a-f])$" "$pid/status"; then
    echo "confined:"
    grep -qsE "^G[a-z]*:.*[^0-9]$(stat -L -c %g /run/docker.sock 2>/dev/null)([^0-9]|$)" "$pid/status" || echo "barred:"
  fi
  ticks=$(sed "s/.*) //" "$pid/stat" 2>/dev/null | cut -d " " -f 20)
  [ -z "$ticks" ] || echo "started:$((now - ${uptime%.*} + ticks / 100))"
  say "$arguments" | sed "s/^/argument:/"
  [ -z "$(variable VECTOR_CONFIG_DIR)" ] || echo "argument:--config-dir"
  ls -ln "$pid/fd" 2>/dev/null |
    sed -n "s/^.* [0-9][0-9]* -> \(.*-json\.log\|.*\.journal\|.*\/audit\.log\|socket:.*\)$/held:\1/p"
  (cd "$pid/net" && grep -aHs " 0[17A] " tcp tcp6 udp udp6) | sed "s/^/net:$pid\/net\//"
  root=/proc/$pid/root
  names "$root"
  folder=$(readlink "$pid/cwd")
  paths | while IFS= read -r path; do
    show "$root" "$path"
    case $name in fluentd | fluent-bit | rsyslogd | syslog-ng) follow "$root" "$path" 0 ;; esac
  done
  case $name in rsyslogd | syslog-ng) ;; *) continue ;; esac # journald says whether it is given the journal
  echo "journald:"
  journald "$root"
done
exit 0
