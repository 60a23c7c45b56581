folder=/etc/cni/net.d
if [ ! -e $folder ]; then
  echo "cni:absent"
elif names=$(ls -A $folder 2>&1); then
  printf "%s\n" "$names" | sed "s/^/cni:file /"
  grep -ahos "\"type\"[ ]*:[ ]*\"[A-Za-z0-9._-]*\"" $folder/*.conf $folder/*.conflist $folder/*.json |
    sed "s/^/cni:type /"
else
  echo "cni:unread"
fi
# iptables makes its lock where there is none.
[ -e /run/xtables.lock ] || {
  XTABLES_LOCKFILE=/dev/null
  export XTABLES_LOCKFILE
}
cd /proc || exit
. enter_network.sh
ask() { # NAME, then a command: its answer, each line after NAME, and its exit status
  label=$pid/$1
  shift
  text=$($enter "$@" 2>&1)
  status=$?
  printf "%s\n" "$text" | sed "s|^|$label:|"
  printf "%s-status:%d\n" "$label" $status
}
filter() { # COMMAND TABLES: asking for a table that is not there would make it, so of old ones look first
  case $($1 --version 2>/dev/null) in
    "") echo "$pid/$1:absent" ;;
    *legacy*)
      if ! tables=$($inside cat "$net/$2" 2>/dev/null); then
        echo "$pid/$1:unread"
      elif printf "%s\n" "$tables" | grep -qx filter; then
        ask "$1" "$1" -w 5 -S
      else
        echo "$pid/$1-status:0"
      fi
      ;;
    *) ask "$1" "$1" -w 5 -S ;;
  esac
}
for pid in ${daemons?}; do
  readlink "$pid/ns/net" >/dev/null || {
    echo "$pid/namespace:unread"
    continue
  }
  enter_network "$pid"
  filter iptables ip_tables_names
  filter ip6tables ip6_tables_names
  if sets=$($enter ipset save 2>/dev/null); then
    printf "%s\n" "$sets" | sed -n "s|^add \([^ ]*\) \([0-9A-Fa-f.:/-]*\).*|$pid/set:\1 \2|p"
  else
    echo "$pid/sets:unread"
  fi
  $inside sed -n "s|^ *\([^ :]*\):.*|$pid/interface:\1|p" "$net/dev"
  $inside sed -n "s|^\([^[:space:]]*\)[[:space:]]0\{8\}[[:space:]].*[[:space:]]0\{8\}[[:space:]].*|$pid/iptables-default:\1|p" "$net/route"
  $inside sed -n "s|^0\{32\} 00 .* |$pid/ip6tables-default:|p" "$net/ipv6_route" 2>/dev/null
  for each in iptables ip6tables; do
    ask bridge-nf-call-$each cat /proc/sys/net/bridge/bridge-nf-call-$each
  done
  command -v nft >/dev/null || continue
  ask nft nft -j -t list ruleset
done
exit 0
