# Which packages of the engine are installed, and which would be if all were updated, by the lists that are here.
# Nothing is fetched. apt-cache(8) would write its cache anew where that is older than the lists: it is told to work
# without one then.
command -v apt-cache >/dev/null || {
  echo "manager:none"
  exit 0
}
echo "manager:apt"
lists=/var/lib/apt/lists cache=/var/cache/apt/pkgcache.bin
[ -r $lists ] || {
  echo "unread:$lists"
  exit 0
}
set -- -o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache=
if [ -r $cache ] && [ $cache -nt $lists ] && [ $cache -nt /var/lib/dpkg/status ] && [ $cache -nt /etc/apt ] &&
  [ $cache -nt /etc/apt/sources.list.d ]; then
  set -- -o pkgCacheFile::Generate=false
fi
for file in $lists /var/lib/apt/periodic/update-success-stamp; do
  [ ! -e "$file" ] || echo "refreshed:$(stat -c %Y "$file")"
done
for file in "$lists"/*; do
  case $file in *security*Packages*) echo "security:${file##*/}" ;; esac
done
policy=$(apt-cache "$@" policy docker.io docker-ce moby-engine docker-engine containerd containerd.io \
  moby-containerd runc moby-runc) || exit
printf "%s\n" "$policy" | sed -n -e "s/^\([^ ]*\):$/package:\1/p" -e "s/^  Installed: /installed:/p" \
  -e "s/^  Candidate: /candidate:/p" -e "s/^ *-*[0-9][0-9]* [a-z+]*:.* Packages$/offered:/p"
