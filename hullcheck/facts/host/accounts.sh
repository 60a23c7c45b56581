IFS="
"
sockets=$(cat /proc/net/unix 2>/dev/null | sed -n "s/^[^/]* 00010000 [^/]*\(\/.*\)$/\1/p")
# shellcheck disable=SC2086 # one word for each line
numbers=$(stat -L -c %g $sockets /run/docker.sock 2>/dev/null | sort -u)
if command -v getent >/dev/null; then
  users=$(getent passwd) || exit
  groups=$(getent group) || exit
  # shellcheck disable=SC2086 # one word for each number
  asked=$(getent group $numbers docker) # a directory of the network may answer for one group and not list it
  # nor tell of its members for a group that is in a file too, whose group a login gives them all the same
  for source in $(sed -n "s/\[[^]]*]//g;s/^group://p" /etc/nsswitch.conf 2>/dev/null | tr " \t" "\n"); do
    # shellcheck disable=SC2086 # one word for each number
    asked=$asked$IFS$(getent -s "$source" group $numbers docker)
  done
else
  ! grep -qsE "^(passwd|group):.*(sss|ldap|winbind|nis)" /etc/nsswitch.conf || {
    echo "getent is missing, so accounts of the network are unknown" >&2
    exit 1
  }
  users=$(cat /etc/passwd) || exit
  groups=$(cat /etc/group) || exit
  asked=""
fi
passwords="s/^\([^:]*\):[^:!*][^:][^:]*:[0-9].*/password:\1/p"
printf "%s\n" "$groups" | sed -n "$passwords"
if [ -r /etc/gshadow ]; then
  passwords="s/^\([^:]*\):[^:!*][^:]*:.*/password:\1/p"
  sed -n -e "s/^\([^:]*\):[^:]*:\([^:][^:]*\):.*/admins:\1:\2/p" -e "$passwords" /etc/gshadow
  # newgrp(1) of shadow, and not that of util-linux, lets in those whom this file alone lists
  program=$(command -v newgrp) && ! grep -q util-linux "$program" &&
    sed -n "s/^\([^:]*\):[^:]*:[^:]*:\([^:][^:]*\)$/admins:\1:\2/p" /etc/gshadow
elif [ -e /etc/gshadow ]; then
  echo unread:
fi
printf "%s\n" "$users" | cut -d : -f 1,3,4,7 | sed "s/^/user:/"
printf "%s\n%s\n" "$groups" "$asked" | cut -d : -f 1,3,4 | sed "s/^/group:/"

# Groups that a unit gives to its processes are in no list: those that run tell, and the files of those that do not.
here=$(stat -L -c %d:%i /)
for number in $numbers; do
  [ "$number" != 0 ] || continue
  # shellcheck disable=SC2013 # no path has a blank
  for status in $(grep -lsE "^(Gid|Groups):.*[[:space:]]$number([[:space:]]|$)" /proc/[0-9]*/status); do
    [ "$(stat -L -c %d:%i "${status%/status}/root/" 2>/dev/null)" = "$here" ] || continue # in a container
    user=$(sed -n "s/^Uid:[^0-9]*[0-9]*[^0-9]*\([0-9]*\).*/\1/p" "$status" 2>/dev/null)
    read -r name 2>/dev/null <"${status%/status}/comm" || continue
    [ -z "$user" ] || printf "process:%s:%s:%s\n" "$number" "$user" "$name"
  done
done

# What lets people use a socket though no list of groups says it: programs that lend a group or root's rights to whoever
# runs them, numbers that are lent, groups that a login gives, and sudo.
echo ways:
clients="@CLIENTS@"
for folder in /usr/local/sbin /usr/local/bin /usr/sbin /usr/bin /sbin /bin; do
  [ -L $folder ] || find $folder/ -maxdepth 1 -type f \( -perm -4000 -o -perm -2000 \) -exec stat -c %a:%u:%g:%n {} + 2>/dev/null
done | while IFS=: read -r mode user group path; do
  case "|$clients|$mode:$group" in
    *"|${path##*/}|"*) ;;
    *"|"[2367]???:[1-9]*) printf "%s\n" "$numbers" | grep -qx "$group" || continue ;;
    *) continue ;;
  esac
  printf "program:%s:%s:%s:%s\n" "$mode" "$user" "$group" "$path"
done
# with capabilities, of which each that a client may have opens it
for name in $(echo "$clients" | tr "|" "\n"); do
  path=$(command -v "$name") && [ -n "$(getcap "$path" 2>/dev/null)" ] && echo "capable:$path"
done
for file in subuid subgid; do
  sed -n "s/^\([^#:]*\):\([0-9]*\):\([0-9]*\)[[:space:]]*$/lent:$file:\1:\2:\3/p" /etc/$file 2>/dev/null
done
if grep -rqs "^[^#]*pam_group[.]so" /etc/pam.d /etc/pam.conf; then
  tr -d " \t" </etc/security/group.conf 2>/dev/null |
    sed -n "s/^[^#;]*;[^;]*;\([^;:]*\);[^;]*;\([^;:#]*\)$/login:\1:\2/p"
fi
if [ -e /etc/sudoers ] && [ ! -r /etc/sudoers ]; then echo hidden-sudoers:; fi
sudoers() { # FILE DEPTH: its lines, and those of the files that it includes
  [ -f "$1" ] || return 0
  if [ "$2" -ge 9 ]; then echo hidden-sudoers: && return; fi
  grep -ahs "" "$1" | sed "s/^/sudoers:/"
  # a path may be quoted, have a comment behind it, and be one of the same directory; %h is the host
  sed -n -e ":a" -e "/\\\\$/{N;s/\\\\\n//;ba" -e "}" -e tb -e :b \
    -e "s/^\([[:space:]]*@\|#\)includedir[[:space:]]*/d/" -e tp \
    -e "s/^\([[:space:]]*@\|#\)include\([\"[:space:]]\)[[:space:]]*/f\2/" -e tp -e d -e ":p" -e "s/^\(.\)[[:space:]]*/\1/" \
    -e "s/^\(.\)\"\([^\"]*\).*/\1\2/" -e "s/[[:space:]]#.*//" -e "s/[[:space:]]*$//" -e "s/\\\\\(.\)/\1/g" \
    -e "s/%h/$(uname -n | cut -d . -f 1)/g" -e p "$1" | while IFS= read -r place; do
    kind=${place%"${place#?}"} place=${place#?}
    case $place in /*) ;; *) place=${1%/*}/$place ;; esac
    case $kind in f) sudoers "$place" $(($2 + 1)) ;; d)
      for file in "$place"/*; do
        case ${file##*/} in *.* | *~) ;; *) sudoers "$file" $(($2 + 1)) ;; esac
      done
      ;;
    esac
  done
}
for file in /etc/sudoers /etc/sudoers-rs $(sed -n "s/^Plugin.* sudoers_file=\([^ ]*\).*/\1/p" /etc/sudo.conf 2>/dev/null); do
  sudoers "$file" 0
done
case $(grep -s "^sudoers:" /etc/nsswitch.conf) in
  *ldap*) echo directory-sudoers: ;;
  *sss*) [ ! -S /var/lib/sss/pipes/sudo ] || echo directory-sudoers: ;; # where SSSD answers sudo
esac
# rules of polkit that name the program of a client, which pkexec(1) runs as root, and not its unit or its pages
grep -lRsE "^[[:space:]]*[^/[:space:]].*(/s?bin|exec[.]path.*|program.[)].*)/($clients)([^a-z.-]|$)" /etc/polkit-1 /run/polkit-1 \
  /usr/local/share/polkit-1 /usr/share/polkit-1 | sed "s/^/polkit:/"
grep -ahs "" /etc/doas.conf /etc/doas.d/*.conf | sed "s/^/doas:/"
echo units:
find /etc/systemd/system*/ /run/systemd/*/ /usr/local/lib/systemd/system /usr/lib/systemd/system /lib/systemd/system \
  \( -name "*.service" -o -name "*.conf" \) -exec grep -Hsv "^[[:space:]]*[#;]" {} + 2>/dev/null |
  sed -nE -e :a -e "/\\\\$/{\$!N;s/^([^:]*):(.*)\\\\\n\1:/\1:\2 /;ta" -e "}" -e "s/\\\\(\n|$)/\1/" \
    -e "s/^([^:]*):[[:space:]]*(DynamicUser|Group|SupplementaryGroups|User)[[:space:]]*=/unit:\1:\2=/" -e "/^unit:/P" -e D
exit 0
