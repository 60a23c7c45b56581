# Which packages of the engine are installed, and which would be if all were updated, by the lists that are here.
# Nothing is fetched. apt-cache(8) would write its cache anew where that is older than the lists. So it gets the cache of
# the lists by a name beside which nothing can be made; where it is too old, it works without one, which takes longer.
command -v apt-cache >/dev/null || {
  echo "manager:none"
  exit 0
}
echo "manager:apt"
lists=/var/lib/apt/lists cache=/var/cache/apt/srcpkgcache.bin
[ -r $lists ] || {
  echo "unread:$lists"
  exit 0
}
# An update that got no list ends well too, and leaves the old ones: those of security updates say how old they are.
for file in "$lists"/*; do
  case $file in
    */esm.*) ;;
    *security*Packages*) echo "security:${file##*/}" ;;
    *security*Release) echo "refreshed:$(stat -c %Y "$file")" ;;
  esac
done
policy() { # CACHE
  apt-cache -o Dir::Cache::pkgcache= -o "Dir::Cache::srcpkgcache=$1" policy docker.io docker-ce moby-engine \
    docker-engine containerd containerd.io moby-containerd runc moby-runc
}
policy=$(policy /proc/self/fd/9 2>/dev/null 9<$cache) || policy=$(policy "") || exit
# The versions of a package are listed from the newest on.
printf "%s\n" "$policy" | awk '
  /^[^ ]*:$/ { print "package:" substr($0, 1, length($0) - 1); above = 1 }
  $1 == "Installed:" { print "installed:" $2; chosen = $2 }
  $1 == "Candidate:" { print "candidate:" $2; if ($2 != "(none)") chosen = $2 }
  /^ (\*\*\*|   ) [^ ]* -?[0-9]*$/ { version = $(NF - 1); if (version == chosen) above = 0 }
  / Packages$/ { print "offered:"; if (above) print "above:" version " " $1 (/security/ ? " security" : "") }'
