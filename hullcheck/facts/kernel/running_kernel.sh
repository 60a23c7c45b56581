printf "release:%s\nbuild:%s\n" "$(uname -r)" "$(uname -v)"
# shellcheck disable=SC2035 # no name begins with a dash
cd /sys/devices/system/cpu/vulnerabilities 2>/dev/null && grep -H "" * | sed "s/^/flaw:/"
for path in /boot/vmlinuz-* /lib/modules/*/vmlinuz /lib/modules/*/kernel; do
  [ -e "$path" ] || continue
  case $path in
    */kernel | */vmlinuz)
      path=${path%/*}
      printf "installed:%s\n" "${path##*/}"
      ;;
    *) printf "installed:%s\n" "${path#*/vmlinuz-}" ;;
  esac
done
for file in /run/reboot-required /run/reboot-needed /var/run/reboot-required; do
  [ ! -e $file ] || echo "pending:$file"
done
[ ! -r /run/reboot-required.pkgs ] || sort -u /run/reboot-required.pkgs | sed "s/^/package:/"
[ ! -e /run/ostree/staged-deployment ] || echo "pending:/run/ostree/staged-deployment"
# Of MicroOS and its kin: the snapshot that the next start mounts, where another one is mounted.
mounted=$(sed -n "s/^[0-9]* [0-9]* [0-9:]* \(\/.*\.snapshots\/[0-9]*\/snapshot\) \/ .*/\1/p" /proc/self/mountinfo | tail -n 1)
if [ -n "$mounted" ]; then
  next=$(btrfs subvolume get-default / 2>/dev/null) || echo "update:unread"
  next=$(printf "%s\n" "$next" | sed -n "s/.* path \(.*\.snapshots\/[0-9]*\/snapshot\)$/\/\1/p")
  if [ -n "$next" ] && [ "$next" != "$mounted" ]; then echo "pending:$next"; fi
fi
sed -n "s/.* ostree=\([^ ]*\).*/booted:\1/p" /proc/cmdline
for file in /boot/loader/entries/ostree-*.conf; do
  if [ -r "$file" ]; then
    echo "entry:$(sed -n -e "s/^version //p" "$file") $(sed -n -e "s/^options .*ostree=\([^ ]*\).*/\1/p" "$file")"
  fi
done
if command -v update_engine_client >/dev/null; then
  update=$(update_engine_client -status 2>/dev/null | sed -n "s/^CURRENT_OP=//p")
  echo "update:${update:-unread}"
fi
if command -v systemd-detect-virt >/dev/null; then echo "container:$(systemd-detect-virt --container)"; fi
ls /sys/kernel/livepatch 2>/dev/null | sed "s/^/patch:/"
if [ -e "/var/lib/dpkg/info/linux-image-$(uname -r).list" ]; then
  dpkg-query --show --showformat="version:\${Version}\n" "linux-image-$(uname -r)" || echo "version:unread"
fi
if command -v needs-restarting >/dev/null; then
  needs-restarting -r >/dev/null 2>&1
  echo "restart:$?"
fi
exit 0
