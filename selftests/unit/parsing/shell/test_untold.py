"""What a script starts of which its words do not tell what it does."""

from __future__ import annotations

import pytest

from hullcheck.parsing.shell.script import read_script
from hullcheck.parsing.shell.untold import unknown

KNOWN = [
    "set -eux; mkdir -p /a && cd /a; chown -R 1:1 /a; for f in a b; do rm -f $f; done",
    "[ -d /x ] || exit 1; [[ -f y ]] && (( 1 )); ! true; : ; . /etc/os-release; source venv/bin/activate",
    "case $(uname -m) in x86_64|amd64) a=1 ;; (i386) cp b c ;; *) exit 1 ;; esac",
    "f() { echo x; }; f; { echo a; echo b; } > /c 2> /d",
    "find / -name '*.pyc' -exec rm -rf '{}' + | while read -r l; do echo $l; done",
    "useradd x && echo x:y | chpasswd; su app -c 'echo x'; sudo -u app mkdir /y; timeout 5s nice -n 5 true",
    "gosu nobody id; chroot /x ls; su-exec app true; env A=1 busybox ls; xargs -r rm < /x; bash -lc 'ls'",
    "./configure --prefix=/usr && make -j4 && make install && /usr/bin/strip /x && \\cp a b",
    "python3 -m venv /v; python3 -c 'print(1)'; node --version; perl -pe s/a/b/ /x; php -v",
    "pip install x; curl -V",
]


@pytest.mark.parametrize("script", KNOWN)
def test_programs_that_are_known(script: str) -> None:
    """They get nothing from elsewhere, or are judged by others."""
    assert list(unknown(read_script(script), {"pip", "curl"}.__contains__)) == []


@pytest.mark.parametrize(
    ("script", "program"),
    [
        ("./setup", "./setup"),
        ("/opt/x/run --fast", "/opt/x/run"),
        ("sh -x build.sh", "build.sh"),
        ("install.sh", "install.sh"),
        (". ./lib", "./lib"),
        ("$TOOL x", "$TOOL"),
        ("timeout 5 some-tool x", "some-tool"),
        ("gosu app /usr/local/bin/some-tool", "some-tool"),
        ("setpriv --reuid=1 tool", "tool"),
        ("python3 -m spacy download en", "python3 -m spacy"),
        ("python3 /x/setup.py install", "/x/setup.py"),
        ("php artisan migrate", "artisan"),
        ("terraform init", "terraform"),
        ("gpg --batch --recv-keys 12", "gpg"),
        ("case x in a) tool;; esac", "tool"),
        ("false || (cd /x && tool)", "tool"),
    ],
)
def test_programs_that_nobody_knows(script: str, program: str) -> None:
    """Files are named as they were, programs by their name; interpreters by what they are given."""
    assert list(unknown(read_script(script), set[str]().__contains__)) == [program]
