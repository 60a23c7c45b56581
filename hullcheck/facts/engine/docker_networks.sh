ids=$(docker network ls --quiet --no-trunc) || exit
# shellcheck disable=SC2086 # one word for each id
[ -z "$ids" ] || docker network inspect --format "{{json .}}" $ids
status=$?
gap() { # WHAT PROGRAM: what that did not tell of the network of a daemon
  echo "{\"Daemon\":$pid,\"Unlisted\":\"$1\",\"By\":\"$2\"}" >&3
}
. enter_network.sh
exec 3>&1
cd /proc || exit
for pid in ${daemons?}; do
  enter_network "$pid"
  if ! readlink "$pid/ns/net" >/dev/null || ! $enter true 2>/dev/null; then
    gap cards nsenter
    gap rules nsenter
    continue
  fi
  # The ports of bridges, but those that lead to containers: of these the other end is elsewhere, where the ip of busybox
  # takes it for one of here.
  { $enter ip -o link 2>/dev/null || gap cards ip; } |
    sed -n '/^[0-9]*: \([^ ]*@if[0-9]\|veth[0-9a-f]\{7\}@\)/d; s/^[0-9]*: \([[:alnum:]._-]*\)[:@].* master \([[:alnum:]._-]*\) .*/{"Daemon":'"$pid"',"Bridge":"\2","Port":"\1"}/p'
  # The policies of IPsec by which the kernel encrypts what rules of the engine have marked.
  if policies=$($enter ip -o xfrm policy 2>/dev/null); then
    echo "{\"Daemon\":$pid,\"Lists\":\"xfrm\"}"
    printf "%s\n" "$policies" |
      sed -n 's/^src [^ ]* dst \([^ ]*\) .*dir out .*mark 0xd0c4e3\/.*proto esp .*/{"Daemon":'"$pid"',"Secures":"\1"}/p'
  fi
  # With nftables the engine has one rule for all networks that are encrypted, and their numbers in a set. As iptables puts it:
  for each in ip ip6; do
    $enter nft list table $each docker-overlay 2>/dev/null | tr "\n\t" "  " |
      grep -o -e "elements = {[^}]*}" -e "meta ipsec missing udp [^;{}]* @encrypted-vnis [^;{}]* drop" \
        -e "udp [^;{}]* @encrypted-vnis [^;{}]* meta mark set 0x00d0c4e3" |
      sed 's/^meta .*/-A INPUT @encrypted-vnis/; s/^udp .*/-A OUTPUT @encrypted-vnis/; s/.*/{"Daemon":'"$pid"',"Encrypts":"&"}/'
  done
  # What sends packets to another address, and what an overlay network is encrypted by: these make no table that is not
  # there. A kernel may have tables of old, which no program of today shows.
  programs=""
  for each in iptables-save ip6tables-save nft; do
    ! command -v $each >/dev/null || programs="$programs $each"
  done
  [ -n "$programs" ] || gap rules "iptables-save and nft"
  for each in iptables ip6tables; do
    case $($each-save --version 2>/dev/null) in "" | *nf_tables*) ;; *) continue ;; esac
    ! $inside grep -qsx nat "$net/${each%tables}_tables_names" || programs="$programs $each-legacy-save"
  done
  for each in $programs; do
    set -- "$each"
    [ "$each" != nft ] || set -- nft -t list ruleset
    if rules=$($enter "$@" 2>&1); then
      echo "{\"Daemon\":$pid,\"Lists\":\"$each\"}" >&3
      printf "%s\n" "$rules"
    else
      case $rules in # what the kernel has not is no gap, but that the auditor may not ask it
        *"nft: Address"* | *"socket: Address"*) gap rules "$each" ;;
        *"ot supported"* | *"Invalid argument"*) ;;
        *) gap rules "$each" ;;
      esac
    fi
  done |
    sed -n -e '/^-A OUTPUT .* 0xd0c4e3\/0xffffffff$\|^-A INPUT .* --pol none .* DROP$/{s/["\\]//g;s/[[:cntrl:]]/ /g;s/.*/{"Daemon":'"$pid"',"Encrypts":"&"}/p;}' \
      -e 's/"[^"]*"//g; s/--comment [^ ]*//g; s/["\\]//g; s/[[:cntrl:]]/ /g' \
      -e '/--to-d\|--to \| dnat /s/^[-A ]*\(.*\)/{"Daemon":'"$pid"',"Sends":"\1"}/p'
done
exit $status
