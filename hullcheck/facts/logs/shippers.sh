echo "auditor:$(id -u)"
cd /proc || exit
for each in self ${daemons?}; do # the daemon sends from its own network, which may be another one
  awk '/\|--/ { address = $2 } /32 host LOCAL/ { print address }' "$each/net/fib_trie"
  sed "s/ .*//; s/..../&:/g; s/:$//" "$each/net/if_inet6"
done 2>/dev/null | sort -u | sed "s/^/own:/"
printf "own:%s\n" "$(uname -n)"
exit 0
