# shellcheck disable=SC2086,SC2154 # one word for each folder
echo --software
packages='NAME { count++; if (NAME ~ /^(@PACKAGES@|ubuntu-standard)$/) print "package:" NAME } END { print "source:" source, count + 0 }'
if [ -e /var/lib/dpkg/status ]; then
  awk -v source=dpkg '/^Package: / { each = $2 } { NAME = "" } /^Status: .* installed$/ { NAME = each }'" $packages" /var/lib/dpkg/status || echo failed:dpkg
elif [ -e /lib/apk/db/installed ]; then
  awk -v source=apk '{ NAME = /^P:/ ? substr($0, 3) : "" }'" $packages" /lib/apk/db/installed || echo failed:apk
elif command -v rpm >/dev/null; then
  { rpm --query --all --queryformat "%{NAME}\n" || echo "failed to list"; } |
    awk -v source=rpm '/ / { print "failed:rpm" } { NAME = $1 }'" $packages"
fi
for file in /usr/local/sbin/unminimize /usr/bin/unminimize /etc/dpkg/dpkg.cfg.d/excludes; do [ ! -e $file ] || echo "mark:$file"; done
path="$PATH:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/snap/bin:/opt/*:/opt/*/bin:/opt/*/*:/opt/*/*/bin"
path="$path:/usr/local/*/bin:/usr/lib/go*/bin:/usr/lib/llvm*/bin:/usr/lib/jvm/*/bin:/root/.*/bin:/home/*/.*/bin:/home/*/go/bin"
IFS=:
folders=$(for each in $path; do [ -h "$each" ] || [ ! -d "$each/" ] || echo "$each"; done | sort -u)
IFS=$line_feed
for each in $folders; do case $each in *bin) [ -r "$each" ] || echo "unread:$each" ;; esac done
find -L $folders -maxdepth 1 -type f -perm -100 2>/dev/null | grep -E "/(@PROGRAMS@)$"
echo --kernel
read -r release </proc/sys/kernel/osrelease
[ ! -e "/var/lib/dpkg/info/linux-image-$release.list" ] ||
  dpkg-query --show --showformat="version:\${Version}\n" "linux-image-$release" || echo version:unread
needs-restarting -r >/dev/null 2>&1
case $? in 0) echo restart:0 ;; 1) echo restart:1 ;; esac

echo --updates
for each in /var/spool/cron /var/spool/cron/crontabs; do [ ! -d $each ] || [ -r $each ] || echo "unread:$each"; done
grep -lsE "^[^#]*(ansible-pull|puppet|salt-call|(apt|apt-get|apk|dnf|yum|zypper) .*(up|patch))" \
  /etc/crontab /etc/cron.d/* /etc/cron.daily/* /etc/cron.weekly/* /etc/crontabs/root /var/spool/cron/root /var/spool/cron/crontabs/root
[ ! -x /usr/bin/unattended-upgrade ] || apt-config dump APT::Periodic
grep -HsE "^[[:space:]]*apply_updates" /etc/dnf/automatic.conf /etc/dnf/dnf5-plugins/automatic.conf
echo --end
