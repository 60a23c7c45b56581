daemons() { # the numbers of the processes that are called dockerd
  for process in /proc/[0-9]*; do
    read -r name 2>/dev/null <"$process/comm" && [ "$name" = dockerd ] && printf "%s\n" "${process#/proc/}"
  done
}
