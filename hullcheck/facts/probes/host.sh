printf "%s\n" --clock "$(date +%s)" --auditor "$(id -u)" --presence
for name in docker dockerd podman; do path=$(command -v $name) && echo "command $name $path"; done
for path in /run/docker.sock /var/run/docker.sock /run/user/*/docker.sock; do [ ! -S "$path" ] || echo "socket $path"; done
if [ -e /.dockerenv ] || [ -e /run/.containerenv ]; then
  # Mounts have other numbers in each table.
  { read -r own </proc/self/mountinfo && read -r first </proc/1/mountinfo; } 2>/dev/null && [ "$own" = "$first" ] || echo foreign
fi
for pid in ${daemons?}; do echo "process $pid"; done
echo --files
set -- /sys/module/apparmor/parameters/enabled /sys/module/apparmor/parameters/mode /sys/fs/selinux/enforce
for each; do [ -e "$each" ] || echo "absent:$each"; done
for each in osrelease version pid_max threads-max randomize_va_space; do set -- "$@" /proc/sys/kernel/$each; done
grep -aHs "" /etc/os-release /etc/machine-id /var/lib/dbus/machine-id /run/reboot-required.pkgs "$@" \
  /proc/sys/net/ipv4/ip_forward /proc/sys/fs/suid_dumpable /sys/devices/system/cpu/vulnerabilities/*
echo --kernels
for path in /boot/vmlinuz-* /lib/modules/*/vmlinuz /lib/modules/*/kernel; do [ ! -e "$path" ] || echo "installed:$path"; done
for file in /run/reboot-required /run/reboot-needed /var/run/reboot-required /run/ostree/staged-deployment; do
  [ ! -e $file ] || echo "pending:$file"
done
! command -v systemd-detect-virt >/dev/null || echo "container:$(systemd-detect-virt --container)"
echo --sysctl
set -- /etc/sysctl.d/*.conf
for file in /usr/local/lib/sysctl.d/*.conf /usr/lib/sysctl.d/*.conf /lib/sysctl.d/*.conf; do
  [ -e "/etc/sysctl.d/${file##*/}" ] || set -- "$@" "$file" # that of the site takes its place
done
[ -d /run/systemd/system ] || set -- "$@" /etc/sysctl.conf # which systemd does not read
for file; do [ ! -e "$file" ] || [ -r "$file" ] || echo "unread:$file"; done
grep -HsE "ip_forward|suid_dump|randomize" "$@"
echo --end
