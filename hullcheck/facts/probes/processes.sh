# shellcheck disable=SC2154
echo --tasks # of containerd, by namespaces
for tasks in /run/containerd/io.containerd.runtime.v2.task /run/k3s/containerd/io.containerd.runtime.v2.task; do
  [ ! -d $tasks ] || [ -r $tasks ] || echo "unread:$tasks"
  for each in "$tasks"/*/*; do [ ! -d "$each" ] || { each=${each%/*} && echo "task:${each##*/}"; }; done
done
find_sockets
set --
for file in 1/net/tcp 1/net/tcp6 1/net/udp 1/net/udp6; do [ ! -e $file ] || set -- "$@" $file; done
echo --listeners
# Of control groups each path once, where version 1 has it for each controller. Status 1 or 2 says that processes
# ended meanwhile.
{
  printf "%s\n" "$sockets" --processes
  grep -aHs -e ^Name: -e ^PPid: -e ^Uid: -e ^CapPrm: -e ^CapEff: -e ^CapBnd: -e ^NoNewPrivs: -e ^Seccomp: -e "^[0-9]*:" \
    [0-9]*/status [0-9]*/cgroup
  [ $? -le 2 ] || echo failed
  $list [0-9]*/exe [0-9]*/ns/pid [0-9]*/ns/user 2>/dev/null
  [ $? -le 2 ] || echo failed
} | awk '
  function flush(path) {
    for (path in names) print last ":" substr(names[path], 2) ":" path
    split("", names)
  }
  $0 == "failed" { failed = 1; exit }
  /^[0-9]+\/status:|^--/ { print; next }
  /^[0-9]+\/cgroup:/ {
    split($0, part, ":")
    if (part[1] != last) flush()
    last = part[1]
    sub(/^[^:]*:[^:]*:[^:]*:/, "")
    names[$0] = names[$0] " " part[3]
    next
  }
  match($0, / [0-9]+\/(exe|ns\/pid|ns\/user)( -> |$)/) {
    split(substr($0, RSTART + 1), part, "[/ ]")
    target = substr($0, RSTART + RLENGTH)
    if (target != "" || part[2] == "exe") print part[1] "/" part[2] ":" target
    next
  }
  FNR == 1 && FILENAME ~ "net/" { protocol = FILENAME; sub(".*/", "", protocol); print "net:" protocol }
  $1 ~ /^[0-9]+:$/ && $3 ~ /^0+:0000$/ && $4 ~ /^0[A7]$/ {
    print "listener:" protocol " " $2 " " $10
    wanted["socket:[" $10 "]"] = $10
  }
  $2 in wanted { pid = $1; sub("/.*", "", pid); if (!seen[$2, pid]++) print "owner:" wanted[$2] " " pid }
  END { if (failed) exit 1; flush() }' "$@" - || exit
echo --end
