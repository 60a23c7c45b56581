cd /proc || exit
line_feed="
"
. containerd_root.sh
place() { # WORD PATH: what is there, without links
  if [ -d "$2" ]; then kind="directory"; elif [ -e "$2" ]; then
    kind="file"
  else
    case $(ls -d "$2" 2>&1) in
      *": No such file or directory" | *": Not a directory") printf "%s|absent|%s|\n" "$1" "$2" ;;
      *) printf "%s|unread|%s|\n" "$1" "$2" ;;
    esac
    return
  fi
  printf "%s|%s|%s|%s\n" "$1" $kind "$2" "$(readlink -f "$2")"
}

(
  . data_root.sh
  place data-root "$root"
  if [ -r "$root" ]; then
    echo "data-root-listed|"
    for part in "$root"/*; do [ ! -L "$part" ] || place data-root-part "$part"; done
  fi
) 2>/dev/null
place containerd-directory /run/containerd
place containerd-configuration /etc/containerd/config.toml

running=$(ls -ln [0-9]*/exe 2>/dev/null | sed -n "s/.* \([0-9]*\)\/exe -> /\1|/p" |
  grep -E "/(containerd-shim(-[a-z0-9-]*)?|(dockerd|containerd|runc)( [(]deleted[)])?)$")
folders="" links="" names=""
set -f
IFS=$line_feed
for line in $running; do
  printf "running|%s\n" "$line"
  links=$links$line_feed${line%%|*}/ns/mnt
  path=${line#*|}
  case "$folders$line_feed" in
    *"$line_feed${path%/*}$line_feed"*) ;;
    *) folders=$folders$line_feed${path%/*} ;;
  esac
  held=""
  case $path in */containerd | */dockerd | *" (deleted)") held=$(containerd_root "${line%%|*}") ;; esac
  if [ -n "$held" ]; then
    printf "held|%s|%s\n" "${line%%|*}" "$held"
    place containerd-root "$held"
  fi
  case $path in
    */containerd | */containerd" (deleted)")
      config="" before="" containerd_root=""
      for word in $(tr "\n\0" " \n" <"${line%%|*}/cmdline"); do
        printf "argument|%s|%s\n" "${line%%|*}" "$word"
        case $before in --config | -c) config=$word ;; esac
        case $before in --root) containerd_root=$word ;; esac
        case $word in --config=* | -c=*) config=${word#*=} ;; --root=*) containerd_root=${word#*=} ;; esac
        before=$word
      done
      config=${config:-/etc/containerd/config.toml}
      place "containerd-in-use" "$config"
      # the files that it imports, and that those import; of a pattern the folder, where others may come
      found=$config
      for _ in 1 2 3; do
        queue=$found found=""
        for file in $queue; do
          for each in $(sed -n -e "/^[[:space:]]*imports[[:space:]]*=/{:a" -e "/]/!{N;ba" -e "}" -e "p;q" -e "}" "$file" \
            2>/dev/null | grep -o "[\"'][^\"']*[\"']" | tr -d "\"'"); do
            case $each in /*) ;; *) each=${file%/*}/$each ;; esac
            # shellcheck disable=SC2086 # a pattern
            found=$found$line_feed$(set +f && printf "%s\n" $each)
            case $each in *[*?[]*) each=${each%/*} ;; esac
            place containerd-import "$each"
          done
        done
      done
      [ -n "$containerd_root" ] || containerd_root=$(sed -n \
        "s/^[[:space:]]*root[[:space:]]*=[[:space:]]*[\"']\([^\"']*\)[\"'].*/\1/p" "$config" 2>/dev/null | head -n 1)
      place "containerd-root" "${containerd_root:-/var/lib/containerd}"
      grep -hs -e "^[[:space:]]*\[" -e "^[[:space:]]*root[[:space:]]*=" \
        -e "^[[:space:]]*address[[:space:]]*=" "$config" |
        sed -e "/\[grpc\]/!s/^[[:space:]]*\[.*/[other]/" -e "s/^/toml|${line%%|*}|/"
      ;;
  esac
done
# shellcheck disable=SC2086 # one word for each line
[ -z "$links" ] || ls -ln $links 2>/dev/null | sed "s/^/namespace|/"
# shellcheck disable=SC2154 # what the probe docker_info answered
runtimes=$(printf "%s" "$docker_info" | grep -o '"path":"[^"\\]*' | sed "s/.*\"//")
for path in $runtimes; do
  case $path in /*) place "program ${path##*/}" "$path" ;; *) names=$names$line_feed$path ;; esac
done
seen=""
for folder in $(printf "%s" "$PATH" | tr : "\n") $folders; do
  cd -P "$folder" 2>/dev/null || continue
  folder=$PWD
  case "$seen$line_feed" in *"$line_feed$folder$line_feed"*) continue ;; esac
  seen=$seen$line_feed$folder
  for name in containerd containerd-shim containerd-shim-runc-v1 containerd-shim-runc-v2 runc $names; do
    [ ! -f "$folder/$name" ] || place "program $name" "$folder/$name"
  done
done
exit 0
