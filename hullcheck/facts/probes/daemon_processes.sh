cd /proc || exit
# shellcheck disable=SC2154 # what the probe engine answered
endpoint=${engine#--endpoint?\"}
endpoint=${endpoint%%\"*}
case $endpoint in
  "" | --* | *\\*) endpoint=$(docker context inspect --format "{{.Endpoints.docker.Host}}" 2>/dev/null) ;;
esac
read -r uptime rest </proc/uptime && printf "clock:%s|%s\n" "$(stat -L -c %z self/)" "$uptime"
[ ! -S /run/containerd/containerd.sock ] || echo "system-containerd:"
printf "endpoint:%s\n" "$endpoint"
ls -ln self/ns 2>/dev/null | sed "s/^/own:/"

real() { # PREFIX PATH: prints the path without symbolic links; goes there, to need no process of its own
  if [ -L "$2" ]; then
    printf "%s%s\n" "$1" "$(readlink -f "$2")"
  elif cd -P "${2%/*}/" 2>/dev/null; then
    printf "%s%s/%s\n" "$1" "${PWD%/}" "${2##*/}"
  else
    printf "%s%s\n" "$1" "$2"
  fi
}
tab=$(printf "\t")
path=""
case $endpoint in unix://*)
  path=$(real "" "${endpoint#unix://}")
  printf "endpoint-path:%s\n" "$path"
  ;;
esac

for folder in ${daemons?}; do
  printf "dockerd:%s\n" "$folder"
  tr "\n\0" " \n" <"$folder/cmdline" | sed "s/^/argument:/"
  tr "\n\0" " \n" 2>/dev/null <"$folder/environ" | sed -n "1{h;s/.*/environment:/p;g;}
    /^DOCKER_\(CERT_PATH\|CONFIG\)=/s/^/environment:/p
    /^\(HOME\|XDG_RUNTIME_DIR\)=/s/^/environment:/p"
  ls -ln "$folder/exe" "$folder/cwd" "$folder/ns" "$folder/fd" 2>/dev/null |
    sed -n "/\/\(exe\|cwd\) -> /s/^/link:/p;/-> [a-z]*:\[[0-9]*\]$/s/^/link:/p"
  grep -Hs "" "$folder/stat" "$folder/mountinfo"
  grep -Hs -e ^Uid: -e ^PPid: -e local_address -e "^Num " -e " 00010000 " -e " 0A " \
    "$folder/status" "$folder/net/unix" "$folder/net/tcp" "$folder/net/tcp6"
  sed -n "s/^[0-9a-f]*: [0-9A-F]* [0-9]* 00010000 [0-9]* [0-9]* *[0-9]* \(\/.*\)/\1/p" "$folder/net/unix" |
    while IFS= read -r socket; do real "real:$socket$tab" "$socket"; done
  [ -z "$path" ] || stat -L -c "identity:%d:%i" "$path" "$folder/root$path" 2>/dev/null
done
exit 0
