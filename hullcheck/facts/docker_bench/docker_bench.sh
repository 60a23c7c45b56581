name=docker-bench-security
echo "--checkouts"
for path in /opt/"$name"* /root/"$name"* /srv/"$name"* /usr/local/"$name"* /usr/local/*/"$name"* /home/*/"$name"*; do
  [ -f "$path/$name.sh" ] || continue
  printf "checkout:%s\n" "$path"
  remote=$(sed -n "/remote \"origin\"/,/^\[/s/^[[:space:]]*url *= *//p" "$path/.git/config" 2>/dev/null)
  read -r head 2>/dev/null <"$path/.git/HEAD" || head=""
  case $head in "ref: "*)
    ref=${head#ref: }
    read -r head 2>/dev/null <"$path/.git/$ref" ||
      head=$(sed -n "s|^\([0-9a-f]*\) $ref\$|\1|p" "$path/.git/packed-refs" 2>/dev/null)
    ;;
  esac
  printf "remote:%s\ncommit:%s\n" "$remote" "$head"
done

echo "--log"
[ -n "$docker_bench_log" ] || exit 0
printf "asked:%s\n" "$docker_bench_log"
if [ ! -e "$docker_bench_log" ]; then
  [ ! -d "${docker_bench_log%/*}/" ] || [ -x "${docker_bench_log%/*}/" ] || echo "unreadable:"
  exit 0
fi
echo "there:"
sed "s/^/:/" "$docker_bench_log" || echo "unreadable:"
