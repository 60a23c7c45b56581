cd ~root 2>/dev/null || {
  echo "the home directory of root cannot be entered" >&2
  exit 1
}
set --
for file in /etc/environment /etc/profile /etc/profile.d/*.sh /etc/bash.bashrc /etc/bashrc \
  ~root/.profile ~root/.bash_profile ~root/.bash_login ~root/.bashrc; do
  [ ! -f "$file" ] || set -- "$@" "$file"
done
grep -H DOCKER_CONTENT_TRUST "$@" /dev/null || [ $? -eq 1 ]
