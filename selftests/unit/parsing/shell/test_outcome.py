"""Which commands of a health check look at the service."""

import pytest

from hullcheck.parsing.shell.outcome import (
    CANNOT_FAIL,
    NOT_READ,
    TOO_LATE,
    kind_of_check,
    kind_of_health_check,
)

HOLLOW = r"""
true
expr 1 + 1
:
exit 0
exit
echo ok
/bin/true
exec true
A=1 true
! false
sleep 1
curl x || true
curl x ; true
curl x; exit 0
curl x || exit 0
curl x | cat || :
curl -f x >/dev/null 2>&1 || :
curl x && echo up || echo down
true && exit 0
curl x &
exec 3</etc/passwd; grep root <&3
exec 3<>/dev/tcp/localhost/80; exec 3<>/dev/null; echo x >&3
[ "" = "" ]
sh -c "exit 0"
bash -c "curl x || true"
[ 1 = 1 ]
test 1
echo "$(curl x)"
true # curl x
set -x; true
set -e; true; curl x || true
curl x || true; exit
busybox true
date
false; true
curl x | cat
curl x 2>&1 | tee -a /dev/null
curl x | head -n 1
false | wc -l
cat /etc/hostname
timeout 1 true
timeout -s KILL 5 true
(exit 0)
if true; then exit 0; fi
if true; then true; else curl x; fi
echo > /tmp/x
echo ok > /tmp/x 2>&1
sh -c 'sh -c "exit 0"'
ls /
ls -la /usr/bin
{ curl -f x || true; }
(curl -f x || true)
( curl -f x ) || exit 0
curl x; exit 256
test -f /usr/bin/app
[ -x /bin/sh ]
command -v curl
which nginx
type nginx >/dev/null
nginx --version
curl --version
ping -c1 localhost
ping -c 1 127.0.0.1 > /dev/null
for i in 1 2; do curl x || true; done
case x in x) exit 0;; esac
f() { curl x; return 0; }; f
function f { curl x; true; }; f
function f() { curl x; true; }; f
A=$(curl x); exit 0
grep root /etc/passwd
grep -q root /etc/passwd || exit 1
grep -m 1 root /etc/passwd
grep 0 /etc/passwd
[ -n "$PATH" ]
touch /tmp/x; mkdir -p /tmp/a
df -h
free | grep Mem
date | grep 2
env nice -n 5 timeout 3 true
busybox sh -c true
bash -lc 'exit 0'
[ "$(hostname)" = "$(cat /etc/hostname)" ]
[[ -f /bin/sh && 1 == 1 ]]
A=1; [ "$A" = 1 ]
if curl -f x; then echo up; else echo down; fi
if curl -f x; then exit 0; else exit 0; fi
curl x && exit 0 || exit 0
curl x && exit 0; exit 0
test -d /tmp
kill -0 1
true `curl x`
echo $(curl x)
echo "$(curl x)" | cat
sleep $(( 1 + 1 ))
: $((1))
exit $((0))
ps aux
ps aux | wc -l
! (false)
cat /proc/1/cmdline
wc -l < /etc/passwd
[ -e /proc/1/status ]
sh
for f in a b; do echo $f; done
(curl x; true)
{ curl x; exit 0; }
curl x & true
x=0; while [ $x -lt 3 ]; do x=3; done
curl -s x | sed s/a/b/
curl -s x | sort | uniq
test 1 -eq 1 -a 2 -eq 2
echo ok | grep -q no
: > /tmp/x
: ${A:?}
[ -n "$A" ]
kill -0 1
sh
nginx -t
nginx -tq -c /etc/nginx/nginx.conf
apachectl configtest
haproxy -c -f /etc/haproxy.cfg
php-fpm8.2 -t
caddy validate --config /c
promtool check config /c
ss -ltn
netstat -an
nginx -v
postgres -V
openssl version
dpkg -s curl
apk info -e curl
rpm -q curl
ps -p 1 -o comm=
curl -sf file:///etc/passwd
""".strip().split("\n")
HOLLOW += ["", "curl x\ntrue", "curl x ||\ntrue"]
LOOKS = r"""
expr $(curl -s x | wc -l) - 1
cat /tmp/ready
curl x | grep ok
tail /no/such
curl x | cat - /no/such
curl x
curl x || exit 1
curl x || false
curl x && true
true && curl x
curl x; exit $?
curl x; exit
set -e; curl x; exit 0
exit 1
curl x || exit 1; exit 0
true; false
! true
curl x && exit 0 || exit 1
! curl x
redis-cli ping | grep PONG
echo >/dev/tcp/127.0.0.1/80
echo>/dev/tcp/127.0.0.1/80
: < /tmp/ready
test -e /x
[ 1 = 2 ]
[ $(x) = 1 ]
[ `x` ]
ls /tmp/ready
grep 0050 /proc/net/tcp
grep -q 0050 /proc/net/tcp
grep -m 1 0050 /proc/net/tcp
env curl x
if curl x; then exit 0; else exit 1; fi
while curl x; do true; done
f() { false; }; f
(curl x)
{ curl x; }
$CHECK
pgrep nginx >/dev/null
exec curl x
. /check
sh -c "curl x"
bash -ec "curl x; exit 0"
bash -o pipefail -c 'curl x | true'
sh /check.sh
set -o pipefail; curl x | true
set -e; curl x | grep y; true
curl x || exit; true
curl -f http://localhost
curl -f http://localhost || exit 1
wget -qO- http://localhost:80/ || exit 1
wget --spider -q localhost:8080
nc -z localhost 80
pg_isready -U postgres
[ "$(curl x)" = ok ]
[ $(curl x) = ok ]
test "$(redis-cli ping)" = "PONG"
A=$(curl x)
A=$(curl x); rc=$?; exit $rc
A=$(curl x) && [ "$A" = ok ]
A=`curl x`; [ "$A" = ok ]
grep -q 1F90 /proc/net/tcp
test -S /run/app.sock
/healthcheck.sh
./check
healthcheck
if ! curl x; then exit 1; fi
curl x > /dev/null 2>&1 || exit 1
for p in 80 443; do nc -z localhost $p || exit 1; done
f() { curl "$1"; }; f http://localhost
f() { [ "$1" = ok ]; }; f "$(curl x)"
curl x && exit 0; exit 1
curl -s x | grep -q ok
curl -s x | jq -e '.status == "ok"'
test $(curl -s -o /dev/null -w '%{http_code}' localhost) -eq 200
[[ "$(curl -s x)" == ok ]]
[[ $(curl -s x) == ok && 1 == 1 ]]
kill -0 $(cat /run/app.pid)
pgrep nginx
pidof nginx || exit 1
ps aux | grep [n]ginx
ps aux | grep nginx | grep -v grep
case "$(curl x)" in ok) exit 0;; *) exit 1;; esac
while read l; do [ "$l" = ok ] || exit 1; done < /tmp/state
curl x | while read l; do [ "$l" = ok ] || exit 1; done
until curl x; do sleep 1; done
echo > /dev/tcp/127.0.0.1/80
bash -c 'echo > /dev/tcp/127.0.0.1/80'
timeout 3 bash -c '</dev/tcp/localhost/80'
exec 3<>/dev/tcp/localhost/80
exec 3<>/dev/tcp/localhost/80; echo x >&3; if [ $? -eq 0 ]; then exit 0; else exit 1; fi
bash -c 'exec 3<>/dev/tcp/localhost/80; printf "GET /" >&3; grep -q UP <&3'
exec 3<>/dev/tcp/localhost/80; sh -c 'cat <&3 | grep -q UP'
[ "$(curl x)" != "" ]
curl -H '' x
sh -c 'curl -f x'
mysqladmin ping -h localhost -p$MYSQL_PASSWORD
python -c "import urllib.request; urllib.request.urlopen('http://localhost:8000')"
python3 -c 'import socket; socket.create_connection(("localhost", 80))'
node -e "require('http').get('http://localhost', r => process.exit(r.statusCode == 200 ? 0 : 1))"
php -r 'exit(@fsockopen("localhost", 80) ? 0 : 1);'
find /tmp/alive -mmin -1 | grep -q .
test $(find /tmp/alive -mmin -1 | wc -l) -gt 0
test -n "$(find /tmp/alive -mmin -1)"
ss -ltn | grep -q :80
netstat -an | grep LISTEN | grep 80
false
dig @127.0.0.1 localhost
stat /tmp/x
test $(( $(date +%s) - $(stat -c %Y /tmp/beat) )) -lt 60
n=$(curl x | wc -l); [ $n -gt 0 ] && exit 0; exit 1
ok=0; curl x && ok=1; [ $ok = 1 ]
set -eo pipefail; curl x | true
export A=1; curl x
curl x || (echo down; exit 1)
curl x || { echo down; exit 1; }
echo ruok | nc localhost 2181 | grep imok
rabbitmq-diagnostics -q ping
cat < /tmp/ready
echo PING | timeout 2 nc localhost 6379
xargs curl < /tmp/urls
su -c 'pg_isready' postgres
gosu postgres pg_isready
su-exec app curl x
sudo -u app curl x
nginx -s reload
ip link show wg0
openssl s_client -connect localhost:443
ps -p $(cat /run/x.pid)
ps -p 12
curl -f http://localhost/file:x
ss -ltn | grep -q :80
nc -vz localhost 80
promtool check healthy
redis-cli -h db ping
rm /tmp/alive
""".strip().split("\n")
UNREAD = r"""
curl x | tee /no/such
eval $CHECK
pgrep -f nginx || exit 1
ps aux | grep nginx
python -c "exit(0)"
node -e 0
echo 'exit 0' | sh
eval "$X"
trap 'exit 0' EXIT; curl x
(( 1 ))
cat /etc/app/ready
cat ready
ping -c1 8.8.8.8
curl x | sh
if curl x
curl x )
test -f /app/package.json
touch /data/x
for ((i=0;i<3;i++)); do true; done
""".strip().split("\n")


USUAL = r"""
curl --fail http://localhost:8080/health || exit 1
pgrep -x nginx
ps aux | grep '[h]ttpd' || exit 1
cat /proc/net/tcp | grep 1F90
stat /run/nginx.pid || exit 1
mongosh --eval 'db.runCommand("ping").ok' localhost:27017/test --quiet
echo QUIT | nc -w 5 127.0.0.1 25 | grep -E "^220"
supervisorctl status | grep -q RUNNING
SCRIPT_NAME=/ping cgi-fcgi -bind -connect 127.0.0.1:9000 || exit 1
test "$(curl -s -o /dev/null -w "%{http_code}" http://localhost/)" = "200"
[ "$(curl -s -o /dev/null -w '%{http_code}' http://localhost/)" == "200" ] || exit 1
curl -s localhost | grep -q "<title>ok</title>"
curl -s localhost | grep '<ok'
timeout 5 bash -c ':> /dev/tcp/127.0.0.1/8080' || exit 1
bash -c 'cat < /dev/null > /dev/tcp/127.0.0.1/80'
wget -qO- http://localhost:$PORT/health || exit 1
netstat -ltn | grep -c ":80" > /dev/null; if [ 0 != $? ]; then exit 1; fi;
RESULT=$(curl -s x); if [ $? -ne 0 ]; then exit 1; fi
curl x || kill 1
curl x || bash -c 'kill -s 15 -1 && (sleep 10; kill -s 9 -1)'
/usr/bin/curl x && /bin/echo ok || exit 1
curl -f http://localhost/ && [ -f /tmp/ready ]
[ -f /tmp/ready ] && curl -sf http://localhost/ > /dev/null
[ $(curl -s http://localhost/ | jq -r .status) = "UP" ]
curl -s http://localhost/actuator/health | grep -o '"status":"UP"' || exit 1
java -jar /health.jar
nginx -t && curl -f localhost
status=$(curl -o /dev/null -s -w "%{http_code}\n" http://localhost); if [ "$status" -ne 200 ]; then exit 1; fi
until pg_isready; do sleep 1; done
PGPASSWORD=$POSTGRES_PASSWORD psql -U postgres -c 'select 1' | grep -q 1
/usr/bin/test `curl -s localhost` = ok
test -z "$(redis-cli ping | grep -v PONG)"
exit $(curl -s localhost | grep -c down)
curl -f http://localhost:9200/_cat/health | awk '{print $4}' | grep -q green
curl -s x | python3 -c "import sys, json; sys.exit(json.load(sys.stdin)['ok'] != 1)"
""".strip().split("\n")
"""As build files of others have them."""


@pytest.mark.parametrize("script", HOLLOW)
def test_script_that_cannot_fail(script: str) -> None:
    """Whatever the service does, it ends alike."""
    assert kind_of_check(["CMD-SHELL", script]) == CANNOT_FAIL


@pytest.mark.parametrize("script", [*LOOKS, *USUAL])
def test_script_that_looks(script: str) -> None:
    """What a program says that may look at the service gets through."""
    assert kind_of_check(["CMD-SHELL", script]) == "CMD-SHELL"


@pytest.mark.parametrize("script", UNREAD)
def test_script_that_is_not_read(script: str) -> None:
    """What it looks at is not known: its words are not read, or it may find itself, or files of the image."""
    assert kind_of_check(["CMD-SHELL", script]) == NOT_READ


@pytest.mark.parametrize(
    ("test", "expected"),
    [
        (["CMD", "true"], CANNOT_FAIL),
        (["CMD", "kill", "-0", "1"], CANNOT_FAIL),
        (["CMD-SHELL", "test -d /proc/1"], CANNOT_FAIL),
        (["CMD-SHELL", "[ -e / ] && exit 0"], CANNOT_FAIL),
        (["CMD-SHELL", "kill -0 $(cat /run/app.pid)"], "CMD-SHELL"),
        (["CMD-SHELL", "test -e /run/app.pid"], "CMD-SHELL"),
        (["CMD", "/bin/sh", "-c", "exit 0"], CANNOT_FAIL),
        (["CMD", "echo", "a", "||", "b"], CANNOT_FAIL),
        (["CMD", "curl", "x", "||", "true"], "CMD"),  # words, to a program that is no shell
        (["CMD", ":"], "CMD"),  # no such program: it always fails
        (["CMD", "exit", "0"], "CMD"),
        (["CMD"], "CMD"),
        (["CMD-SHELL"], "CMD-SHELL"),
        (["NONE"], "NONE"),
        ([], ""),
        (None, ""),
        ("CMD", "another"),
        (["curl", "x"], "another"),
    ],
)
def test_kinds(test: object, expected: str) -> None:
    """A list of words starts a program without a shell."""
    assert kind_of_check(test) == expected


def test_shell_that_ends_where_a_command_fails() -> None:
    """The image may name another shell, with options."""
    test = ["CMD-SHELL", "curl x; exit 0"]
    assert kind_of_check(test, ["/bin/bash", "-c"]) == CANNOT_FAIL
    assert kind_of_check(test, ["/bin/bash", "-eo", "pipefail", "-c"]) == "CMD-SHELL"
    assert kind_of_check(["CMD-SHELL", "curl x | true"], ["/bin/bash", "-o", "pipefail", "-c"]) == "CMD-SHELL"


def test_shell_that_is_none() -> None:
    """The image may name any program, to which the script is a word as any other."""
    test = ["CMD-SHELL", "curl x"]
    assert kind_of_check(test, ["/bin/true"]) == CANNOT_FAIL
    assert kind_of_check(test, ["/usr/bin/env", "bash", "-c"]) == "CMD-SHELL"
    assert kind_of_check(test, ["pwsh", "-Command"]) == "CMD-SHELL"


HOUR = 3600 * 10**9


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({}, "CMD"),
        ({"Interval": 8 * HOUR}, "CMD"),
        ({"Interval": 9 * HOUR}, TOO_LATE),
        ({"Interval": 9 * HOUR, "Retries": 1}, "CMD"),
        ({"Retries": 2880}, "CMD"),
        ({"Retries": 10**9}, TOO_LATE),
        ({"Timeout": 7 * HOUR}, "CMD"),
        ({"Timeout": 8 * HOUR}, TOO_LATE),
        ({"Timeout": 8 * HOUR, "Retries": 2}, "CMD"),
        ({"StartPeriod": 24 * HOUR}, "CMD"),
        ({"StartPeriod": 25 * HOUR}, TOO_LATE),
        ({"Test": ["NONE"], "Interval": 99 * HOUR}, "NONE"),
        ({"Test": ["CMD", "true"], "Interval": 99 * HOUR}, CANNOT_FAIL),
        ({"Test": None, "Interval": 99 * HOUR}, ""),
    ],
)
def test_check_that_comes_too_late(said: dict[str, object], expected: str) -> None:
    """How often it is made, how long it may hang, how often it may fail, and when that does not count add up."""
    assert kind_of_health_check({"Test": ["CMD", "curl", "x"], **said}) == expected
    assert kind_of_health_check(None) == ""
