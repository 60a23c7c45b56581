# Programs that pass connections on where the files of their configuration say so.
relay_names="haproxy|nginx|angie|openresty|envoy|traefik|caddy|stunnel|stunnel[0-9]|apache2|httpd|lighttpd|h2o|pound|hitch|varnishd"
relay_text() { # PROCESS in /proc: the lines of these files, without comments
  program=$(readlink "$1/exe") || return 0
  program=${program##*/}
  program=${program%" (deleted)"}
  printf "%s\n" "$program" | grep -qxE "$relay_names" || return 0
  case $program in stunnel*) program=stunnel ;; esac
  tops=$1/root
  # One that locked itself up has read its files before: they lie where it was started.
  [ "$(readlink "$1/ns/mnt")" != "$(readlink self/ns/mnt)" ] || tops="$tops /."
  named=$(tr "\0" " " <"$1/cmdline" 2>/dev/null | tr " " "\n" | sed "s/^-[A-Za-z.-]*=//" | grep "^/")
  for above in $tops; do
    for each in "/etc/$program" $named; do
      case $each in / | /etc | /var | /usr | /usr/* | /bin/* | /sbin/* | /proc/* | /sys/* | /dev/*) [ -f "$above$each" ] || continue ;; esac
      case $each in */bin/* | */sbin/*) continue ;; esac
      find -L "$above$each" -type f -size -512k -exec cat {} + 2>/dev/null
    done
  done | grep -av "^[[:space:]]*[#;]"
}
