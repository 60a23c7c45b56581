line_feed="
"
place() { # WORD PATH: what is there, without links; goes there, to need no program
  kind="file" real=$2
  if [ -d "$2" ]; then
    kind="directory"
    cd -P "$2" 2>/dev/null && real=$PWD
  elif [ -L "$2" ] && [ -e "$2" ]; then
    real=$(readlink -f "$2")
  elif cd -P "${2%/*}/" 2>/dev/null; then
    real=${PWD%/}/${2##*/}
    [ -e "$2" ] || kind=absent
  elif [ ! -e "$2" ]; then
    case $(ls -d "$2" 2>&1) in
      *": No such file or directory" | *": Not a directory") kind=absent ;;
      *) kind=unread ;;
    esac
  fi
  case $kind in absent | unread) real="" ;; esac
  printf "%s|%s|%s|%s\n" "$1" $kind "$2" "$real"
}

(
  . data_root.sh
  place data-root "$root"
) 2>/dev/null
place containerd-directory /run/containerd
place containerd-configuration /etc/containerd/config.toml

cd /proc || exit
running=$(ls -ln [0-9]*/exe 2>/dev/null | sed -n "s/.* \([0-9]*\)\/exe -> /\1|/p" |
  grep -E "/(containerd-shim(-[a-z0-9-]*)?|(dockerd|containerd|runc)( [(]deleted[)])?)$")
folders="" links="" names=""
set -f
IFS=$line_feed
for line in $running; do
  printf "running|%s\n" "$line"
  pid=${line%%|*} path=${line#*|}
  links=$links$line_feed/proc/$pid/ns/mnt
  case "$folders$line_feed" in
    *"$line_feed${path%/*}$line_feed"*) ;;
    *) folders=$folders$line_feed${path%/*} ;;
  esac
  case ${path%" (deleted)"} in */containerd | */dockerd) ;; *) continue ;; esac
  open=$(ls -ln "/proc/$pid/fd" 2>/dev/null)
  printf "%s\n" "$open" | sed -n "s#.* -> \(/.*\)/io[.]containerd[.]metadata[.]v1[.]bolt/meta[.]db\$#held|$pid|\1#p"
  case ${path%" (deleted)"} in */dockerd) continue ;; esac
  listening=$(sed -n "s/^[0-9a-f]*: [0-9A-F]* [0-9]* 00010000 [0-9]* [0-9]* *\([0-9]* \/.*\)/\1/p" "/proc/$pid/net/unix")
  for socket in $listening; do
    case $open in *"> socket:[${socket%% *}]"*) printf "socket|%s|%s\n" "$pid" "${socket#* }" ;; esac
  done
  config=/etc/containerd/config.toml before=""
  for word in $(tr "\n\0" " \n" <"/proc/$pid/cmdline"); do
    case $word in --config=* | -c=*) config=${word#*=} ;; esac
    case $before in --config | -c) config=$word ;; esac
    before=$word
  done
  place "config $pid" "$config"
done
# shellcheck disable=SC2086 # one word for each line
[ -z "$links" ] || ls -ln $links 2>/dev/null | sed "s/^/namespace|/;s/ \/proc\// /"
# shellcheck disable=SC2154 # what the probe engine answered
for path in $(printf "%s" "$engine" | grep -o '"path":"[^"\\]*'); do
  path=${path##*\"}
  case $path in /*) place "program ${path##*/}" "$path" ;; *) names=$names$line_feed$path ;; esac
done
seen=$line_feed
IFS=:$line_feed
for folder in $PATH $folders; do
  cd -P "$folder" 2>/dev/null || continue
  folder=$PWD
  case $seen in *"$line_feed$folder$line_feed"*) continue ;; esac
  seen=$seen$folder$line_feed
  for name in containerd containerd-shim containerd-shim-runc-v1 containerd-shim-runc-v2 runc $names; do
    [ ! -f "$folder/$name" ] || place "program $name" "$folder/$name"
  done
done
exit 0
