. auditor.sh
cd /proc || exit
awk '/\|--/ { address = $2 } /32 host LOCAL/ { print "own:" address }' net/fib_trie 2>/dev/null | sort -u
printf "own:%s\n" "$(uname -n)"
sed "s/ .*//; s/..../&:/g; s/:$//; s/^/own:/" net/if_inet6 2>/dev/null
show() { # ROOT PATH: a file of a configuration, or all those in a folder
  for each in "$1$2" "$1$2"/*.yml "$1$2"/*.yaml "$1$2"/*.conf "$1$2"/*.toml; do
    [ -f "$each" ] || [ "$(readlink "$each")" = /dev/null ] || continue # so one is masked
    printf "config:%s\n" "${each#"$1"}"
    head -c 1000000 "$each" 2>/dev/null | sed "s/^/:/"
  done
}
pipelines() { # ROOT: where Logstash has its pipelines, by the list of them if there is one
  settings=$(printf "%s\n" "$arguments" |
    sed -n -e "/^--path\.settings$/{n;p;}" -e "s/^--path\.settings=//p" | head -n 1)
  for each in ${settings:-/etc/logstash /usr/share/logstash/config}; do
    [ -f "$1$each/pipelines.yml" ] || continue
    printf "%s\n" "$each/pipelines.yml"
    sed -n "s/^[^#]*path\.config: *[\"']\{0,1\}\([^\"'#]*\).*/\1/p" "$1$each/pipelines.yml" |
      sed -e "s/[[:space:]]*$//" -e "s/\/[^\/]*\*.*//"
    return
  done
  printf "%s\n" /etc/logstash/conf.d /usr/share/logstash/pipeline
}
found=$(ls -ln [0-9]*/exe 2>/dev/null | sed "s/ (deleted)$//" | sed -n "s/^.* \([0-9]*\)\/exe -> \(\/.*\)$/\1 \2/p" |
  grep -E "/(filebeat|elastic-agent|fluent-bit|promtail|vector|rsyslogd|ruby[0-9.]*|java)$")
for pid in $(printf "%s\n" "$found" | sed "s/ .*//"); do
  exe=$(printf "%s\n" "$found" | sed -n "s/^$pid //p")
  name=${exe##*/}
  arguments=$(tr "\n\0" " \n" 2>/dev/null <"$pid/cmdline")
  case $name in
    ruby*) case $arguments in */fluentd* | */td-agent*) name=fluentd ;; *) continue ;; esac ;;
    java) case $exe$arguments in *org.logstash.Logstash* | */logstash/jdk/*) name=logstash ;; *) continue ;; esac ;;
  esac
  printf "process:%s %s\n" "$pid" "$name"
  ls -ln "$pid/fd" 2>/dev/null | sed -n -e "s/^.* [0-9][0-9]* -> \(.*-json\.log\)$/held:\1/p" \
    -e "s/^.* [0-9][0-9]* -> \(.*\.journal\)$/held:\1/p" -e "s/^.* [0-9][0-9]* -> \(.*\/audit\.log\)$/held:\1/p" \
    -e "s/^.* [0-9][0-9]* -> \(socket:.*\)$/held:\1/p"
  grep -aHs -e " 01 " -e " 0A " "$pid/net/tcp" "$pid/net/tcp6" | sed "s/^/net:/"
  root=/proc/$pid/root
  option=c
  case $name in logstash | rsyslogd) option=f ;; esac
  named=$(printf "%s\n" "$arguments" |
    sed -n -e "/^-$option$/{n;p;}" -e "/^--config$/{n;p;}" -e "s/^--config=//p" \
      -e "/^--*config\.file$/{n;p;}" -e "s/^--*config\.file=//p" -e "/^--path\.config$/{n;p;}" | grep "^/")
  case $name in
    filebeat) usual="/etc/filebeat/filebeat.yml /usr/share/filebeat/filebeat.yml" ;;
    elastic-agent) usual="/etc/elastic-agent/elastic-agent.yml /opt/Elastic/Agent/elastic-agent.yml" ;;
    fluentd) usual="/etc/td-agent/td-agent.conf /etc/fluent/fluentd.conf /fluentd/etc/fluent.conf" ;;
    fluent-bit) usual="/etc/fluent-bit/fluent-bit.conf /fluent-bit/etc/fluent-bit.conf" ;;
    promtail) usual="/etc/promtail" ;;
    vector) usual="/etc/vector" ;;
    logstash) usual=$(pipelines "$root") ;;
    rsyslogd) usual="/etc/rsyslog.conf /etc/rsyslog.d" ;;
    *) usual="" ;;
  esac
  for path in ${named:-$usual}; do show "$root" "$path"; done
  [ "$name" = rsyslogd ] || continue # journald says whether it is given the journal
  for folder in /etc /run /usr/local/lib /usr/lib /lib; do
    file=$folder/systemd/journald.conf
    if [ -f "$root$file" ]; then
      show "$root" $file
      break
    fi
  done
  for folder in /usr/lib /lib /usr/local/lib /run /etc; do show "$root" $folder/systemd/journald.conf.d; done
done
exit 0
