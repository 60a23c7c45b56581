# shellcheck disable=SC2154,SC3013
echo --rules
[ -e /etc/cni/net.d ] || echo cni:absent
[ ! -r /etc/cni/net.d ] || echo cni:read
for each in /etc/cni/net.d/*; do [ ! -e "$each" ] || echo "cni:file ${each##*/}"; done
[ -e /run/xtables.lock ] || export XTABLES_LOCKFILE=/dev/null # iptables makes its lock where there is none
cd /proc || exit
filter() { # COMMAND TABLES: the chain DOCKER-USER; asking for a table that is not there would make it
  case $($1 --version 2>/dev/null) in
    "") echo "$pid/$1:absent" && return ;;
    *legacy*) case $($enter cat "$2" 2>&1) in *filter* | *denied*) ;; *) echo "$pid/$1-status:0" && return ;; esac ;;
  esac
  if text=$($enter "$1" -w 5 -S 2>&1); then
    printf "%s\n" "$text" | sed -n "s|^-[NA] DOCKER-USER|$pid/$1:&|p"
    echo "$pid/$1-status:0"
  else
    printf "%s/%s:%s\n" "$pid" "$1" "${text%%"$line_feed"*}"
  fi
}
for pid in ${daemons?}; do
  # The network of RootlessKit (--detach-netns) is the word of a user: with a blank in it, it would be a command.
  state=$(tr "\0" "\n" 2>/dev/null <"$pid/environ" | sed -n "/^ROOTLESSKIT_STATE_DIR=[A-Za-z0-9/._-]*$/{s|.*=|$pid/root|p;q;}")
  enter="nsenter -t $pid -n"
  [ ! "$pid/ns/net" -ef self/ns/net ] || enter=""
  [ ! -f "$state/netns" ] || enter="nsenter --net=$state/netns"
  filter iptables self/net/ip_tables_names
  filter ip6tables self/net/ip6_tables_names
  ! command -v nft >/dev/null || printf "%s/nft:%s\n" "$pid" "$($enter nft -j -t list ruleset 2>/dev/null)"
done
echo --end
