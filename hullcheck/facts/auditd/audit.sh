printf "machine:%s\n" "$(uname -m)"
[ ! -e /proc/sys/abi/vsyscall32 ] || echo "compat:"
case $(cat /proc/self/attr/current 2>/dev/null) in "" | unconfined | *")") echo "unlabelled:" ;; esac
# auditctl prints `-w PATH` for a rule on a directory with all below it and for one on the directory alone,
# which -w becomes where the directory did not exist yet, and for one that says `never` as well. The kernel tells them
# apart if it can be asked.
if kernel=$(perl -e '
alarm 5;
socket(my $kernel, 16, 3, 9) or exit 1;
sub ask { send($kernel, pack("LSSLL", 16, $_[0], 1, 1, 0), 0, pack("SSLL", 16, 0, 0, 0)) or exit 1; }
sub hear { defined(recv($kernel, my $answer, 16384, 0)) or exit 1; unpack("x4 S x10 a*", $answer) }
ask(1000);
my ($type, $body) = hear();
exit 1 if $type != 1000;
printf "enabled %d\n", unpack("x4 L", $body);
ask(1013);
while (1) {
  ($type, $body) = hear();
  last if $type != 1013;
  my ($action, $count, @fields) = unpack("x4 L L x256 L64", $body);
  my @named = grep { $_ == 105 || $_ == 107 } @fields[0 .. $count - 1];
  print @named ? $named[0] == 107 ? "tree" : "watch" : "rule", $action ? "\n" : " never\n";
}
exit($type == 3 ? 0 : 1);
' 2>/dev/null); then printf "%s\n" "$kernel" | sed "s/^/kernel:/"; fi

directory=/etc/audit/rules.d
single=/etc/audit/audit.rules
lines_of() { # PATH: those of the text, without comments; what is no option is told as that
  tr -d "\r" | sed -e "/^[[:space:]]*#/d" -e "/^[[:space:]]*$/d" -e "s|^[[:space:]]*-|file:$1:-|" -e t -e "s|.*|file:$1:?|"
}
files=$(
  # shellcheck disable=SC2010 # as augenrules does it: in this order, without names that have a blank
  {
    for name in $(ls -1v $directory 2>/dev/null | grep "\.rules$"); do cat "$directory/$name" 2>/dev/null; done
    echo
  } | lines_of $directory
  [ ! -r $single ] || cat $single | lines_of $single
)
[ -z "$files" ] || printf "%s\n" "$files"
printf "files:%d\n" "$(printf "%s" "$files" | grep -c "")"
loads=""
if [ -d /run/systemd/system ]; then
  units=$(systemctl show --property=UnitFileState,ExecStart,ExecStartPost auditd.service audit-rules.service 2>/dev/null)
  case "$units " in
    *UnitFileState=enabled[!-]*) # and not enabled-runtime
      case $units in
        *augenrules*) loads=$directory ;;
        *"-R $single"*) loads=$single ;;
        # another program may load them; where audit-rules.service is masked there is none
        *) printf "%s\n" "$units" | grep "^ExecStart" | grep -qv "/auditd ;\|/true ;" || loads=nothing ;;
      esac
      ;;
    *UnitFileState=*) loads=nothing ;;
  esac
elif grep -qs "^USE_AUGENRULES=[\"']*no" /etc/conf.d/auditd /etc/default/auditd /etc/sysconfig/auditd; then
  loads=$single
elif [ -e /etc/init.d/auditd ]; then
  grep -q augenrules /etc/init.d/auditd || loads=$single
fi
[ -n "$loads" ] || ! command -v augenrules >/dev/null || loads=$directory
[ "$loads" != $directory ] || [ -d $directory ] || loads=""
echo "loads:${loads:-$single}"

if ! command -v auditctl >/dev/null; then
  echo "missing:"
  exit 0
fi
status=$(auditctl -s) || exit
rules=$(auditctl -l) || exit
printf "%s\n" "$status" | sed "s/^/status:/"
printf "%s\n" "$rules" | sed "s/^/rule:/"

printf "%s\n%s\n" "$rules" "$files" |
  sed -n -e "s/^.*-w[[:space:]][[:space:]]*\(\/.*\)/\1/p" -e "s/^.*[[:space:]]path=\(\/.*\)/\1/p" \
    -e "s/^.*[[:space:]]dir=\(\/.*\)/\1/p" |
  sed -e "s/[[:space:]]-[a-zA-Z][[:space:]].*//" -e "s/[[:space:]]*$//" -e "s/\(.\)\/*$/\1/" |
  sort -u |
  while IFS= read -r path; do
    parent=${path%/*}
    if [ -n "$parent" ] && cd -P "$parent/" 2>/dev/null; then
      real=${PWD%/}/${path##*/}
      printf "real:%s\t%s\n" "$path" "$real"
      [ ! -L "$real" ] || printf "link:%s\t%s\n" "$real" "$(readlink -f "$real")"
    fi
  done
exit 0
