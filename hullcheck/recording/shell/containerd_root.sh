containerd_root() { # FOLDER of a process below /proc: where its containerd keeps its data, by the database that it holds open
  ls -l "$1/fd" 2>/dev/null | sed -n "s|.* -> \(/.*\)/io[.]containerd[.]metadata[.]v1[.]bolt/meta[.]db$|\1|p" | head -n 1
}
