ids=$(docker network ls --quiet --no-trunc) || exit
# shellcheck disable=SC2086 # one word for each id
[ -z "$ids" ] || docker network inspect --format "{{json .}}" $ids
status=$?
# The ports of bridges, but those that lead to containers: of these the other end is elsewhere, where the ip of busybox
# takes it for one of here.
for pid in ${daemons?}; do
  enter="nsenter -t $pid -n"
  $enter true 2>/dev/null || enter=""
  $enter ip -o link 2>/dev/null |
    sed -n '/^[0-9]*: \([^ ]*@if[0-9]\|veth[0-9a-f]\{7\}@\)/d; s/^[0-9]*: \([[:alnum:]._-]*\)[:@].* master \([[:alnum:]._-]*\) .*/{"Daemon":'"$pid"',"Bridge":"\2","Port":"\1"}/p'
  # What sends packets to another address: these make no table that is not there.
  # shellcheck disable=SC2086 # a command and its options
  for each in iptables-save ip6tables-save "nft -t list ruleset"; do $enter $each; done 2>/dev/null |
    sed -n 's/"[^"]*"//g; s/--comment [^ ]*//g; s/["\\]//g; s/^[-A[:space:]]*\(.*\(--to-d\|[[:space:]]dnat \).*\)/{"Daemon":'"$pid"',"Sends":"\1"}/p'
done
exit $status
