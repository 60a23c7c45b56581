# Programs that may take commands on a unix socket and pass them on to a daemon: their command line names one of its own,
# or of containerd, or their configuration does, and says of their socket that they take connections there.
. relay_files.sh
socket_relays() { # PROCESS of a daemon in /proc, INODES of its sockets: of each such socket the program and the path
  line="^[0-9a-f]*: [0-9A-F]* [0-9]* 00010000 [0-9]* [0-9]* *\([0-9]*\) \(.*\)"
  names=$(sed -n "s/$line/\1 \2/p" "$1/net/unix" 2>/dev/null | while read -r inode path; do
    case " $2 $path" in *" $inode "* | */containerd.sock) printf "%s\n" "${path#/var}" ;; esac
  done)
  [ -n "$names" ] || return 0
  space=$(readlink "$1/ns/mnt")
  # shellcheck disable=SC2013 # no name in /proc has a blank
  for process in $(grep -lasF "$names" [0-9]*/cmdline) $(grep -lsxE "$relay_names" [0-9]*/comm); do
    lines=""
    case $process in */comm) lines=$(relay_text "${process%/comm}" | grep -a "/") ;; esac
    case $process in */comm) printf "%s\n" "$lines" | grep -qF "$names" || continue ;; esac
    process=${process%/comm}
    process=${process%/cmdline}
    name=$(readlink "$process/exe") && [ "$(readlink "$process/ns/mnt")" = "$space" ] || continue
    name=${name##*/}
    name=${name%" (deleted)"}
    case $name in docker | dockerd | rootlesskit | containerd*) continue ;; *[!A-Za-z0-9._-]*) name=program ;; esac
    own=$(ls -ln "$process/fd" 2>/dev/null | sed -n "s/.*-> socket:\[\([0-9]*\)\]$/ \1 /p")
    sed -n "s/$line/\1 \2/p" "$process/net/unix" 2>/dev/null | while read -r inode path; do
      case "$own" in *" $inode "*) ;; *) continue ;; esac
      case $path in *.tmp) path=${path%.[0-9]*.tmp} ;; esac # HAProxy renames its sockets when they are there
      [ -z "$lines" ] || printf "%s\n" "$lines" | grep -F "$path" | grep -qE "^[[:space:]]*(bind|listen|accept)" || continue
      printf "%s %s\n" "$name" "$path"
    done
  done
}
