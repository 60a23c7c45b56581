cd /proc || exit
packages() { # PATH...: each with the package that it is of, if any
  if command -v dpkg >/dev/null; then
    dpkg -S "$@" 2>/dev/null
  elif command -v rpm >/dev/null; then
    for path in "$@"; do
      package=$(rpm -qf --qf "%{NAME}" "$path" 2>/dev/null) && printf "%s: %s\n" "$package" "$path"
    done
  fi
}
line_feed="
"
for pid in ${daemons?}; do
  user=$(sed -n "s/^Uid:[^0-9]*[0-9]*[^0-9]*\([0-9]*\).*/\1/p" "$pid/status")
  [ "$user" != 0 ] || continue
  account=$(awk -F: -v user="$user" '$3 == user { print $1 ":" $6; exit }' /etc/passwd)
  home=${account#*:}
  account=${account%%:*}
  program=$(readlink "$pid/exe")
  printf "%s:account %s\n" "$pid" "$account"
  parts=$program
  for part in dockerd-rootless.sh dockerd-rootless-setuptool.sh rootlesskit newuidmap newgidmap; do
    for folder in "${program%/*}" "$home/bin" /usr/bin /usr/local/bin /usr/share/docker.io/contrib; do
      [ -f "$folder/$part" ] || continue
      parts=$parts$line_feed$folder/$part
      break
    done
  done
  printf "%s\n" "$parts" | sed "/./!d;s|^|$pid:part |"
  set -f
  IFS=$line_feed
  # shellcheck disable=SC2086 # one word for each line
  packages $parts | sed "s|^|$pid:package |"
  unset IFS
  set +f
  for unit in "$home/.config/systemd/user/docker.service" /usr/lib/systemd/user/docker.service; do
    [ ! -f "$unit" ] || printf "%s:unit %s\n" "$pid" "$unit"
  done
  for file in /etc/subuid /etc/subgid; do
    awk -F: -v name="$account" -v user="$user" -v label="$pid:range $file " \
      '$1 == name || $1 == user { print label $2 "+" $3 }' $file
  done
  [ ! -e "/var/lib/systemd/linger/$account" ] || echo "$pid:linger"
done
exit 0
