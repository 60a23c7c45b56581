read -r release </proc/sys/kernel/osrelease
read -r build </proc/sys/kernel/version
printf "release:%s\nbuild:%s\n" "$release" "$build"
for file in /sys/devices/system/cpu/vulnerabilities/*; do
  [ ! -r "$file" ] || ! read -r state <"$file" || printf "flaw:%s:%s\n" "${file##*/}" "$state"
done
for path in /boot/vmlinuz-* /lib/modules/*/vmlinuz /lib/modules/*/kernel; do
  [ -e "$path" ] || continue
  case $path in
    /boot/*) printf "installed:%s\n" "${path#*/vmlinuz-}" ;;
    *) path=${path%/*} && printf "installed:%s\n" "${path##*/}" ;;
  esac
done
for file in /run/reboot-required /run/reboot-needed /var/run/reboot-required /run/ostree/staged-deployment; do
  [ ! -e $file ] || echo "pending:$file"
done
[ ! -r /run/reboot-required.pkgs ] || sort -u /run/reboot-required.pkgs | sed "s/^/package:/"
if command -v systemd-detect-virt >/dev/null; then echo "container:$(systemd-detect-virt --container)"; fi
if [ -e "/var/lib/dpkg/info/linux-image-$release.list" ]; then
  dpkg-query --show --showformat="version:\${Version}\n" "linux-image-$release" || echo "version:unread"
fi
if command -v needs-restarting >/dev/null; then
  needs-restarting -r >/dev/null 2>&1
  echo "restart:$?"
fi
exit 0
