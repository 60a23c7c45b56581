. cron_files.sh
echo "clock:$(date +%s) $(cut -d " " -f 1 /proc/uptime)"
hardly=":[[:space:]]*@\(reboot\|yearly\|annually\)" # a line of a crontab that is no schedule
# Options with which a tool looks and changes nothing, and programs that are one of these tools or start it.
only_look="check\>\|syntax-check\|list-\|noop\|help\|version\|downloadonly\|no-installupdates\|dry-run"
starters="ansible-pull\|dnf-automatic\|dnf\|python\|sh\|bash\|dash\|env\|flock\|timeout\|nice\|ionice\|chronic\|systemd-cat"
own=$(grep -ls "^[^#]*ansible-pull" /etc/systemd/system/*.service /usr/lib/systemd/system/*.service \
  /lib/systemd/system/*.service | sed -e "s/.*\///" -e "s/\.service$//" | sort -u)
if command -v systemctl >/dev/null; then
  names=""
  for name in $own; do
    names="$names $name.service $name.timer"
    echo "own:$name"
  done
  # shellcheck disable=SC2086 # one word for each unit
  systemctl show \
    --property=Id,LoadState,UnitFileState,ActiveState,SubState,Result,ExecMainStatus,ExecMainExitTimestampMonotonic,ExecStart,WantedBy,RequiredBy,TriggeredBy \
    puppet.service pe-puppet.service puppet.timer puppet-run.timer puppet-agent.timer salt-minion.service \
    apt-daily-upgrade.timer dnf-automatic.timer dnf-automatic-install.timer \
    dnf-automatic-install.service dnf-automatic.service dnf5-automatic.timer dnf5-automatic.service $names |
    sed -e "/^ExecStart=.* --\($only_look\)/s/.*/RunsOther=yes/" \
      -e "s/^ExecStart={ path=[^ ]*\/\($starters\)[0-9.]* ; .*\(ansible-pull\|automatic\).*/RunsIt=yes/" \
      -e "s/^ExecStart=.*/RunsOther=yes/" -e "s/^/unit:/"
fi
for folder in /var/spool/cron /var/spool/cron/crontabs; do
  [ ! -d $folder ] || [ -r $folder ] || echo "unread:$folder"
done
cron_runs || echo idle:
for word in ansible-pull puppet salt-call; do
  what=$word
  # of Puppet not a job that clears up
  [ $word != puppet ] || what="\(puppet[ -]*\(agent\|apply\)\|puppetd\|puppet[-_]*run\|run[-_]*puppet\)"
  {
    cron_tables
    cron_scripts
  } | tr "\n" "\0" | xargs -0 grep -Hs "^[^#]*$what" /dev/null |
    grep -v -e " --\($only_look\)" -e "test=[Tt]" -e "$hardly" | sed "s/:.*//" | sort -u | sed "s/^/cron:$word /"
done

for folder in /opt/puppetlabs/puppet /var/cache/puppet /var/lib/puppet; do
  [ ! -d $folder ] || [ -x $folder ] || echo "unread:$folder"
  for file in $folder/public/last_run_summary.yaml $folder/cache/state/last_run_summary.yaml \
    $folder/state/last_run_summary.yaml; do
    [ -e "$file" ] || continue
    if [ -r "$file" ]; then
      echo "summary:$file"
      sed "s/^/yaml:/" "$file"
      echo
    else echo "unread:$file"; fi
  done
  for lock in $folder/state/agent_disabled.lock $folder/cache/state/agent_disabled.lock; do
    [ ! -e "$lock" ] || echo "disabled:$lock"
  done
done

[ ! -e /etc/salt/minion ] || echo "salt:/etc/salt/minion"
# Salt's records are msgpack, and may hold secrets: only which words are in them is told. apt-get(8) could say which
# updates are outstanding, in two seconds of work: what unattended-upgrades said last is there already.
cache=/var/cache/salt/minion
if [ -e $cache ] && [ ! -x $cache ]; then echo "unread:$cache"; fi
[ ! -e $cache/highstate.cache.p ] || echo "highstate:$(stat -c %Y $cache/highstate.cache.p)"
jobs=$(grep -las -e "state\.highstate" -e "state\.apply" $cache/minion_jobs/*/return.p)
# shellcheck disable=SC2086 # one word for each path
[ -z "$jobs" ] || jobs=$(grep -las -e "state\.highstate" -e "fun_args$(printf "\220")" $jobs)
# shellcheck disable=SC2086 # one word for each path
[ -z "$jobs" ] || jobs=$(grep -Las -e "fun_args.*test=" -e "test$(printf "\303")" $jobs)
if [ -n "$jobs" ]; then
  # shellcheck disable=SC2086 # one word for each path
  newest=$(ls -t $jobs | head -n 1)
  words=$(tr "\000" "\n" <"$newest")
  failed=$(printf "%s" "$words" | grep -ac "result$(printf "\302")")
  good=$(printf "%s" "$words" | grep -ac "result$(printf "\303")")
  echo "job:$(stat -c %Y "$newest") $failed $good"
fi

for log in /var/log/ansible-pull.log /var/log/ansible.log /var/log/ansible/*.log; do
  [ -e "$log" ] || continue
  [ -r "$log" ] || {
    echo "unread:$log"
    continue
  }
  case $log in */ansible-pull.log) ;; *) grep -q "Starting Ansible Pull at" "$log" || continue ;; esac
  echo "log:$(stat -c %Y "$log") $log"
  # What the last run did. To a file ansible-pull writes that it starts, and its command, after all that came of it.
  tail -n 2000 "$log" | awk '
    /Starting Ansible Pull at/ { before = did; did = ""; lines = 0; pulls = 1; next }
    NF { lines++ }
    /PLAY \[/ { did = "play" }
    /Repository has not changed/ { did = "nothing" }
    /\| (FAILED|UNREACHABLE)!|ERROR!|^\[ERROR\]:|^usage: ansible-pull/ { did = "failed" }
    match($0, /unreachable=[0-9]+ *failed=[0-9]+/) { did = substr($0, RSTART, RLENGTH) }
    END { if (pulls && lines < 2) did = before; if (did) print "did:" did }'
done

file=/var/log/unattended-upgrades/unattended-upgrades.log
# Of its last run that was no trial: how it ended, and what it kept back.
[ ! -r $file ] || awk '
  /Starting unattended upgrades script/ { trial = ""; kept = "" }
  /Option --dry-run given/ { trial = "yes" }
  / is kept back because | has conffile prompt |upgradable but fails to be marked/ { kept = kept "held:" $0 "\n" }
  /All upgrades installed|No packages found that can be upgraded|Installing the upgrades failed/ { if (!trial) end = $0 }
  /Apt returned an error|Cache has broken packages|GetArchives.. failed|An error occurred/ { if (!trial) end = $0 }
  { if (!trial) held = kept }
  END { if (end) print "unattended:" end; printf "%s", held }' $file | sed "s/^held:[^A-Z]*[A-Z]* [Pp]ackage \([^ ]*\) .*/held:\1/"
origins=$([ ! -r $file ] || grep "Allowed origins are:" $file | tail -n 1)
# What is kept from updates: packages on hold, those that unattended-upgrades or dnf leave out.
[ ! -r $file ] || grep "Initial black.*: " $file | tail -n 1 | sed -n "s/.*Initial black[a-z ]*: *\(.*[^ ]\) *$/held:\1/p"
[ ! -r $file ] || grep "Initial white.* (" $file | tail -n 1 | sed -n "s/.* (strict): *\(.*\)/held:all but \1/p"
# `apt-get update` ends well where it got no list, and writes its stamps where it got any: the lists of security updates
# tell themselves how old they are. Those of Ubuntu's extended support are for subscribers.
lists=$(find /var/lib/apt/lists -name "*security*Release" ! -name "esm.*" 2>/dev/null)
# shellcheck disable=SC2086 # one word for each path
releases=$([ -z "$lists" ] || sed -n "s/^\(Suite\|Codename\): //p" $lists | tr "\n" "|")
# Where apt prefers a release, and the security updates are not of it, it takes none of them.
default=$(apt-config dump 2>/dev/null | sed -n "s/^APT::Default-Release \"\(..*\)\";$/\1/p")
# security updates have the version and origin of their release, and a suite and codename of their own
case $default in *,*) ;; [0-9]* | [voc]=*) default="" ;; esac
pattern=$(printf "%s" "${default#[an]=}" | sed -e "s/^\/\(.*\)\/$/\1/" -e t -e "s/\*/.*/g" -e "s/.*/^&$/")
[ -z "$default" ] || [ -z "$releases" ] || printf "%s" "$releases" | tr "|" "\n" | grep -qE "$pattern" ||
  echo "held:all but $default (APT::Default-Release)"
# What is held back elsewhere is so in a suite of Debian that the security updates here are not of.
cat /etc/apt/preferences /etc/apt/preferences.d/* 2>/dev/null | awk -v releases="$releases" '
  function elsewhere() {
    if (!releases || pin !~ /^release [an]=(unstable|sid|testing|experimental|rc-buggy)$/) return 0
    return !index(releases, substr(pin, 11))
  }
  function matters() {
    return priority < 0 ? !elsewhere() : pin ~ /^version/ || (pin ~ /[Ss]ecurity/ && priority < 500)
  }
  function told() {
    if (names && pin !~ /UbuntuESM/ && matters()) print "held:" names
    names = pin = ""
    priority = 500
  }
  /^Package:/ { told(); sub(/^Package: */, ""); names = $0 }
  /^Pin:/ { sub(/^Pin: */, ""); pin = $0 }
  /^Pin-Priority:/ { sub(/^Pin-Priority: */, ""); priority = $0 + 0 }
  END { told() }' | sort -u
sed -n -e "/^Package: /h" -e "/^Status: hold /{x;s/^Package: /held:/p;}" /var/lib/dpkg/status 2>/dev/null
# A line that begins with a blank goes on with the value before.
cat /etc/dnf/dnf.conf /etc/dnf/automatic.conf /etc/dnf/libdnf5.conf.d/*.conf /etc/yum.conf /etc/yum.repos.d/*.repo \
  /etc/dnf/repos.override.d/*.repo 2>/dev/null | awk '
  /^[#;]/ { next }
  /^[^[:space:]]/ {
    key = $0
    sub(/[[:space:]]*=.*/, "", key)
    if (!sub(/^[^=]*=/, "")) key = ""
  }
  { gsub(/^[[:space:]]+|[[:space:]]+$/, "") }
  key ~ /^exclude(pkgs)?$/ && $0 { print "held:" $0 }
  key == "includepkgs" && $0 { print "held:all but " $0 }'
sed -n "s/^[[:space:]]*\([^#!\[[:space:]].*\)/held:\1/p" /etc/dnf/plugins/versionlock.list 2>/dev/null
sed -n "s/^name *= *\"\(.*\)\"/held:\1/p" /etc/dnf/versionlock.toml 2>/dev/null
# CentOS has no list of which updates are for security: who asks for these alone gets none.
grep -qs "^ID=\"*centos" /etc/os-release &&
  grep -qs "^ *upgrade_type *= *security" /etc/dnf/automatic.conf &&
  echo "held:everything (upgrade_type = security)"
# With skip_if_unavailable dnf-automatic ends well though it got nothing from a repository.
cat /var/log/dnf.log.1 /var/log/dnf.log 2>/dev/null |
  sed -n "/Started dnf-automatic/h;/Ignoring repositories/H;\${x;s/.*Ignoring repositories:/held:repository/p;}"
grep -qs "^[[:space:]]*apply_updates[[:space:]]*=[[:space:]]*\([Yy]\|[Tt]rue\|1\|on\)" /etc/dnf/automatic.conf \
  /etc/dnf/dnf5-plugins/automatic.conf && echo "applies:yes"
[ ! -d /var/lib/apt/lists ] || echo "lists:$(printf "%s" "$lists" | grep -c "")"
# shellcheck disable=SC2086 # one word for each path
[ -z "$lists" ] || stat -c refreshed:%Y $lists
# An origin of another release than these takes nothing: `codename=bookworm` after the upgrade to trixie.
[ -z "$origins" ] ||
  if printf "%s\n" "${origins##*are: }" | sed "s/, /\n/g" | grep "[Ss]ecurity" |
    sed -E "s#(a|archive|suite|n|codename)=(${releases:-[^,]*})(,|\$)##g" |
    grep -qvE "(^|,)(a|archive|suite|n|codename)=[^*]*$"; then
    echo "origins:security"
  else echo "origins:other"; fi
# Modules of Ansible that a control node has run here leave a record with their arguments, of which the time is told.
command -v journalctl >/dev/null && journalctl --quiet --no-pager --output=short-unix --lines=200 \
  -t ansible-apt -t ansible-ansible.builtin.apt -t ansible-dnf -t ansible-ansible.builtin.dnf -t ansible-yum \
  -t ansible-ansible.builtin.yum -t ansible-package -t ansible-ansible.builtin.package 2>/dev/null |
  grep -E "Invoked with.*(upgrade=(dist|full|safe|yes|True)|state=latest)" | tail -n 1 | sed "s/^\([0-9]*\).*/pushed:\1/"
file=/var/log/apt/history.log
[ ! -r $file ] || grep "^End-Date:" $file | tail -n 1 | sed "s/^End-Date: */changed:/"
for file in /var/lib/rpm/rpmdb.sqlite /usr/lib/sysimage/rpm/rpmdb.sqlite /lib/apk/db/installed; do
  [ ! -e $file ] || echo "changed:$(stat -c %y $file)"
done
exit 0
