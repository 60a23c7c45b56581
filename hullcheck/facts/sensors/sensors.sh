echo "auditor:$(id -u)"
. halted.sh
for each in /usr/bin/falco /usr/local/bin/falco /opt/draios/bin/dragent /opt/aquasec/slk; do
  [ ! -x $each ] || printf "installed:%s\n" $each
done
cd /proc || exit
read -r uptime rest </proc/uptime
fetch() { # PID PORT SCHEME WORD: the counters, each line behind the word
  enter=""
  [ "$(readlink self/ns/net)" = "$(readlink "$1/ns/net")" ] || enter="nsenter --net=/proc/$1/ns/net"
  if command -v curl >/dev/null; then
    $enter curl -ks --noproxy "*" --max-time 3 "$3://127.0.0.1:$2/metrics"
  else
    http_proxy="" https_proxy="" $enter wget -q -T 3 -O - "$3://127.0.0.1:$2/metrics" 2>/dev/null
  fi | grep "^falcosecurity_" | sed "s/^/$4/"
}
below() { # SECTION KEY: the value in the section of the last file that has it
  # shellcheck disable=SC2086 # one word for each path
  cat $files 2>/dev/null | sed -n "/^$1:/,/^[a-z]/s/^[[:space:]][[:space:]]*$2: *[\"']\{0,1\}\([^\"'#]*\).*/\1/p" |
    sed "s/[[:space:]]*$//" | tail -n 1
}
listed() { # KEY FILE...: the paths in a list of a configuration, and what else stands beside them
  key=$1
  shift
  cat "$@" 2>/dev/null | sed -n -e "s/^$key:[[:space:]]*\[\(.*\)\].*/\1/p" \
    -e "/^$key:/,/^[a-z]/s/^[[:space:]]*-[[:space:]]*\(path:[[:space:]]*\)\{0,1\}\([^#]*\).*/\2/p" |
    tr "\"'," "   " | tr -s " " "\n" | grep "^/"
}
files_of() { # END: of paths, one a line, the files, and those in folders whose names end so
  while IFS= read -r path; do
    if [ -d "$root$path" ]; then
      for each in "$root$path"/*; do case ${each##*/} in *"${1:+.}$1") printf "%s\n" "$each" ;; esac done
    else printf "%s\n" "$root$path"; fi
  done
}
pids=$(ls -ln [0-9]*/exe 2>/dev/null | sed "s/ (deleted)$//" | sed -n -e "s|^.* \([0-9]*\)/exe -> /.*/falco$|\1|p" \
  -e "s|^.* \([0-9]*\)/exe -> /opt/draios/bin/dragent$|\1|p" -e "s|^.* \([0-9]*\)/exe -> /opt/aquasec/.*$|\1|p")
for pid in $pids; do
  exe=$(readlink "$pid/exe") || continue
  printf "process:%s\nage:%s %s\n" "$pid" "$uptime" "$(sed "s/.*) //" "$pid/stat" 2>/dev/null | cut -d " " -f 20)"
  ! halted "$pid" || echo "halted:"
  arguments=$(tr "\n\0" " \n" <"$pid/cmdline")
  printf "%s\n" "$arguments" | sed "s/^/argument:/"
  ls -ln "$pid/fd" 2>/dev/null | sed -n "s/^.* [0-9][0-9]* -> /fd:/p"
  grep -aHs -e " 0A " -e " 01 " "$pid/net/tcp" "$pid/net/tcp6" | sed "s/^/net:/"
  unit=$(sed -n "s/^.*\/\([^/]*\.service\).*/\1/p" "$pid/cgroup" | head -n 1)
  if [ -n "$unit" ] && command -v systemctl >/dev/null; then
    systemctl show --property=Id,MainPID,ActiveState,UnitFileState,WantedBy,RequiredBy,TriggeredBy "$unit" 2>/dev/null | sed "s/^/unit:/"
  fi
  case $exe in */falco | */falco" (deleted)") ;; *) continue ;; esac
  root=/proc/$pid/root
  now=$(date +%s)
  echo "started:$((now - ${uptime%.*} + $(sed "s/.*) //" "$pid/stat" 2>/dev/null | cut -d " " -f 20) / 100))"
  config=$(printf "%s\n" "$arguments" | sed -n -e "/^-c$/{n;p;}" -e "s/^-c\(\/.*\)/\1/p" -e "s/^--config=//p" | tail -n 1)
  files=""
  main=$root${config:-/etc/falco/falco.yaml}
  for each in "$main" $(listed config_files "$main" | files_of yaml); do
    [ -f "$each" ] || continue
    files="$files $each"
    stat -L -c "changed:%Z" "$each"
    printf "config:%s\n" "${each#"$root"}"
    head -c 1000000 "$each" 2>/dev/null | grep -a "" | sed "s/^/:/"
  done
  number=0
  for each in "$root"/etc/falco/*.yaml "$root"/etc/falco/*.yml $({
    echo /etc/falco/rules.d
    # shellcheck disable=SC2086 # one word for each path
    [ -z "$files" ] || listed rules_files $files
    printf "%s\n" "$arguments" | sed -n -e "/^-r$/{n;p;}" -e "s/^-r\(\/.*\)/\1/p" -e "s/^--rules=//p"
  } | files_of "" | awk -v usual="^$root/etc/falco/[^/]*[.]ya?ml\$" '$0 !~ usual && !seen[$0]++'); do
    { [ -f "$each" ] && count=$(grep -cE "^([^#]*[[:space:],{\"'-])?rule[\"']?[[:space:]]*:" "$each") && sum=$(sha256sum <"$each"); } || continue
    stat -L -c "changed:%Z" "$each"
    printf "rules:%s:%s:%s\n" "$count" "${sum%% *}" "${each#"$root"}"
    # what decides of a rule; all of the file where that may go on in the lines that follow
    lines="^[[:space:]]*(-|[\"']?(rule|enabled|tags|priority)[\"']?[[:space:]]*:)|condition:.*(never_true|evt[.]num *<)"
    ! grep -qE -e "^[[:space:]]*(-[[:space:]]*)?[[{]" -e "^[^-#:]*(never_true|evt[.]num *<)" "$each" || lines=""
    grep -E -e "$lines" "$each" |
      sed "s/^/rule:$number:/"
    number=$((number + 1))
  done
  snapshots=$(below metrics output_file)
  [ ! -f "$root$snapshots" ] || tail -n 2 "$root$snapshots" 2>/dev/null | grep -a "" | sed "s/^/snapshot:/"
  alerts=$(below file_output filename)
  [ -z "$alerts" ] || { [ -s "$root$alerts" ] && stat -L -c "alerts:%Y" "$root$alerts"; }
  port=$(below webserver listen_port)
  port=${port:-8765}
  if grep -qsi ":$(printf "%04X" "$port") [0-9A-F]*:0000 0A " "$pid/net/tcp" "$pid/net/tcp6"; then
    scheme=http
    [ "$(below webserver ssl_enabled)" != true ] || scheme=https
    first=$(fetch "$pid" "$port" $scheme first:)
    if [ -n "$first" ]; then
      printf "%s\n" "$first"
      sleep 1
      fetch "$pid" "$port" $scheme second:
    fi
  fi
done
exit 0
