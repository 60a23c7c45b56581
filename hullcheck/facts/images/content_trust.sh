users=$(getent passwd 2>/dev/null || cat /etc/passwd) || exit
groups=$(getent group 2>/dev/null || cat /etc/group) || exit
sockets=$(sed -n "s/^[^/]* 00010000 [^/]*\(\/.*\)$/\1/p" /proc/net/unix 2>/dev/null)
IFS="
"
# shellcheck disable=SC2086 # one word for each line
numbers=$(stat -L -c %g $sockets /run/docker.sock "${DOCKER_HOST#unix://}" 2>/dev/null | tr "\n" " ")
pullers=$({
  printf "%s\n" "$groups" | sed "s/^/g:/"
  printf "%s\n" "$users" | sed "s/^/u:/"
} |
  awk -F : -v "numbers= $numbers" '
    $1 == "g" && ($2 == "docker" || index(numbers, " " $4 " ")) {
      gids[$4] = 1
      count = split($5, members, ",")
      for (i = 1; i <= count; i++) names[members[i]] = 1
    }
    $1 == "u" && ($4 == 0 || ($2 in names) || ($5 in gids)) { print $2 ":" $7 }')
list() {
  printf "%s\n" /etc/environment /etc/security/pam_env.conf /etc/profile /etc/profile.d/*.sh /etc/bash.bashrc \
    /etc/bashrc /etc/zshenv /etc/zprofile /etc/zshrc /etc/zsh/zshenv /etc/zsh/zprofile /etc/zsh/zshrc /etc/csh.cshrc
  printf "%s\n" "$pullers" | while IFS=: read -r name home; do
    for file in .pam_environment .profile .bash_profile .bash_login .bashrc .bash_aliases .zshenv .zprofile .zshrc \
      .cshrc .tcshrc; do
      printf "%s/%s\n" "${home%/}" $file
    done
  done
}
read_them() { tr "\n" "\0" | xargs -0 grep -aHs "$@" /dev/null; }
plugins() { # FOLDER of plugins of the docker command
  for plugin in compose buildx; do
    [ ! -e "$1/docker-$plugin" ] || echo "plugin $plugin"
  done
}
printf "%s\n" "$pullers" | while IFS=: read -r name home; do
  printf "user %s:%s\n" "$name" "$home"
  [ ! -d "$home" ] || [ -x "$home" ] || printf "unread %s\n" "$home"
  plugins "$home/.docker/cli-plugins"
done
printf "client %s\n" "$(docker --version 2>/dev/null | sed "s/^Docker version \([^, ]*\).*/\1/")"
for folder in /usr/libexec /usr/lib /usr/local/libexec /usr/local/lib; do
  plugins $folder/docker/cli-plugins
done
! command -v docker-compose >/dev/null || echo "plugin compose"
files=""
for file in $(list | sort -u); do
  if [ -p "$file" ]; then # would never be read to its end
    printf "unread %s\n" "$file"
    continue
  fi
  files=$files$IFS$file
  [ ! -e "$file" ] || [ -r "$file" ] || printf "unread %s\n" "$file"
done
echo "--lines"
printf "%s\n" "$files" | grep . | read_them -e DOCKER_CONTENT_TRUST -e disable-content-trust
echo "--units"
called="docker[- a-z]* (pull|run|create|build|buildx|compose|stack|service) (.*--disable-content-trust[^ ]*)?"
find /etc/systemd/system /run/systemd/system /usr/lib/systemd/system /lib/systemd/system \
  -name "*.service" -o -name "*.conf" 2>/dev/null |
  read_them -oE -e "^Exec[A-Za-z]*=.*($called|docker-compose )" -e "^EnvironmentFile=" -e "^Environment=.*DOCKER_CONTENT_TRUST=[^ ]*"
printf "%s\n" /etc/crontab /etc/cron.d/* /var/spool/cron/* /var/spool/cron/crontabs/* |
  read_them -oE -e "^[^#]*($called|docker-compose )" -e "^DOCKER_CONTENT_TRUST *=.*"
exit 0
