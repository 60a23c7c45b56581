"""Which downloads of a step are held against a sum or signature."""

from __future__ import annotations

import pytest

from hullcheck.facts.images.checked_downloads import Checks
from hullcheck.facts.images.installs import downloads, unverified
from hullcheck.facts.images.steps import Step


@pytest.mark.parametrize(
    ("script", "checked"),
    [
        ("set -eux; curl -O https://x/y; echo 12 y | sha256sum -c -; tar xf y", True),
        ("set -o errexit; curl -O https://x/y; sha256sum -c s; tar xf y", True),
        ("/bin/bash -eo pipefail -c curl -O https://x/y; sha256sum -c s; tar xf y", True),
        ("curl -O https://x/y; sha256sum -c s && tar xf y; rm y", True),
        ("curl -O https://x/y; if ! sha256sum -c s; then exit 1; fi; tar xf y", True),
        ("curl -O https://x/y; (sha256sum -c s) && tar xf y", True),
        ("curl -O https://x/y; sha256sum -c s", True),
        ("check() { sha256sum -c s; }; curl -O https://x/y; check && tar xf y", True),
        ("curl -O https://x/y; test $(sha256sum y) = 12 && tar xf y", True),
        ("curl -O https://x/y; sha256sum -c s; tar xf y", False),
        ("curl -O https://x/y && sha256sum -c s; tar xf y", False),
        ("curl -O https://x/y; gpg --verify y.asc y\ntar xf y", False),
        ("curl -O https://x/y; (sha256sum -c s); tar xf y", False),
        ("sh -c 'curl -O https://x/y; sha256sum -c s; tar xf y'", False),
    ],
)
def test_check_whose_failure_nobody_notices(script: str, checked: bool) -> None:
    """A shell goes on after a command that fails, where it is not told to stop: the check is as good as none."""
    assert (list(downloads(Step(f"RUN {script}"))) == []) is checked


@pytest.mark.parametrize(
    ("script", "unchecked"),
    [
        ("curl -o a https://x/a; echo 1 a | sha256sum -c; wget -O b https://x/b", ["wget"]),
        ("curl -o a https://x/a; echo 1 a | sha256sum -c; wget -O b https://x/b; gpg --verify b.asc b", []),
        ("curl -o a https://x/a; wget -O b https://x/b; echo '1  a' | sha256sum -c", ["wget"]),
        ("curl -o a https://x/a; wget -O b https://x/b; printf '1  a\\n1  b\\n' | sha256sum -c", []),
        ("curl -o /t/a https://x/a; cd /t; echo $SUM *a | sha256sum -c", []),
        ("curl -fsSLo a https://x/1; wget -qO/t/b https://x/2; echo '1 b' | sha512sum -c", ["curl"]),
        ("curl --output=a https://x/1; echo '1 b' | sha512sum -c", ["curl"]),
        ("curl https://x/1 >a 2>/dev/null; echo '1 b' | sha512sum -c", ["curl"]),
        ("curl https://x/1 > a; echo '1 a' | sha512sum -c", []),
        ("wget https://x/a; echo '1 b' | sha256sum -c", ["wget"]),
        ("wget https://x/a 2>/dev/null; echo '1 b' | sha256sum -c", []),
        ("wget https://x/$A; echo '1 b' | sha256sum -c", []),
        ("wget https://x/a; mv a b; echo '1 b' | sha256sum -c", []),
        ("wget https://x/a; printf '%s b' $SUM | sha256sum -c", []),
        ("wget https://x/a; echo $SUMS | sha256sum -c", []),
        ("wget https://x/a; if [ $SUM ]; then sha256sum -c s; fi", ["wget"]),
        ("wget https://x/a; [ -z $SUM ] || sha256sum -c s", ["wget"]),
        ("wget https://x/a; [ $SUM ] && sha256sum -c s", ["wget"]),
        ("wget https://x/a; case $A in b) sha256sum -c s;; esac", ["wget"]),
        ("case $A in b) wget https://x/a; sha256sum -c s;; c) wget https://x/c; sha256sum -c s;; esac", []),
        ("case $A in b) wget https://x/a; sha256sum -c s;; c) curl -o c https://x/c;; esac", ["curl"]),
        ("test -e a || { wget https://x/a; sha256sum -c s; }", []),
        ("for a in b c; do wget https://x/$a; sha256sum -c $a.sum; done", []),
        ("check() { sha256sum -c $1; }; wget https://x/a; check a; curl -o b https://x/b", ["curl"]),
        ("wget https://x/a || wget https://y/a; sha256sum -c s", []),
        ("wget https://x/a; wget -O sha256sum.txt https://x/a.txt; echo '1 a' | sha256sum -c", []),
        ("curl https://x/y | sh; sha256sum -c s", ["curl"]),
        ("curl https://x/y | tar x; gpg --verify s", ["curl"]),
        ("curl https://x/KEYS | gpg --import; curl -O https://x/y; gpg --verify y.asc y", []),
        ("git clone https://x/y; git -C y rev-parse --verify HEAD", ["git"]),
        ("git clone https://x/y; git -C y checkout 1111111111111111111111111111111111111111", []),
    ],
)
def test_check_of_another_download(script: str, unchecked: list[str]) -> None:
    """A check is of what was downloaded before it, where it is made, and by the name that its sum has."""
    assert list(downloads(Step(f"RUN set -e; {script}"))) == unchecked


def test_weak_download_behind_a_check() -> None:
    """What comes without TLS is not excused by the check of something else."""
    step = Step("RUN set -e; curl -o a https://x/a; echo 1 a | sha256sum -c; curl -ko b https://x/b; sh b")
    assert list(unverified(step)) == ["curl -ko"]


@pytest.mark.parametrize(
    ("check", "signed"),
    [("gpg --verify y.asc y", True), ("cosign verify-blob y", True), ("sha256sum -c s", False)],
)
def test_signature_or_sum(check: str, signed: bool) -> None:
    """A signature is worth more: who changes a file on the way changes its sum beside it."""
    checks = Checks(Step(f"RUN curl -O http://x/y && {check}"))
    assert (checks.signed, checks.cover(0)) == (signed, True)
