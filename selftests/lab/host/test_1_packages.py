"""What apt tells of the engine's packages with a cache of its lists and without one; the cache stays as it is."""

from __future__ import annotations

import functools
import subprocess

import pytest

from hullcheck.facts.engine.packages import ENGINE_PACKAGES
from hullcheck.parsing.answer_lines import Words

pytestmark = [pytest.mark.lab, pytest.mark.needs("mount", "apt-cache")]

# In a mount namespace, which has a folder of its own for the caches; as apt makes them unless it is told not to.
ASK = """
set -e
mount -t tmpfs tmpfs /var/cache/apt
mkdir -p /var/cache/apt/archives/partial
apt-cache -o Dir::Cache::pkgcache=pkgcache.bin -o Dir::Cache::srcpkgcache=srcpkgcache.bin gencaches >/dev/null
eval "$2"
stat -c "%n %s %i %Z" /var/cache/apt/* >&2
sh -c "$1"
echo changed: >&2
stat -c "%n %s %i %Z" /var/cache/apt/* >&2
"""
NEWER = "cp -r {0} /var/cache/apt/archives/newer; mount --bind /var/cache/apt/archives/newer {0}"


@functools.cache
def ask(state: str) -> tuple[str, str]:
    """The answer to the probe with the caches in this state, and what it said beside."""
    done = subprocess.run(
        ["unshare", "--mount", "sh", "-c", ASK, "sh", ENGINE_PACKAGES.script, state],
        capture_output=True,
        text=True,
        check=True,
    )
    before, after = done.stderr.split("changed:\n")
    assert before.endswith(after), "the folder of the caches was changed"
    return done.stdout, before.removesuffix(after)


@pytest.mark.parametrize(
    "state",
    [
        ":",
        NEWER.format("/var/lib/dpkg/status"),
        "touch -d @0 /var/cache/apt/srcpkgcache.bin",
        "rm /var/cache/apt/pkgcache.bin",
    ],
    ids=["fresh", "newer packages", "old", "no other cache"],
)
def test_cache_that_apt_takes(state: str) -> None:
    """The answer is the one without a cache, though a package was installed since."""
    plain, _ = ask("rm /var/cache/apt/*.bin")
    assert "installed:" in plain
    assert ask(state) == (plain, "")


# A signed list is not needed to show it: one that root has put there, with a newer version that no list has.
LISTED = """
mount -t tmpfs tmpfs /mnt
apt-cache show docker.io | sed -e '/^$/q' -e 's/^Version: .*/Version: 9999:1/' >/mnt/Packages
cp -r /etc/apt /mnt/apt && mount --bind /mnt/apt /etc/apt
echo "deb [trusted=yes] file:/mnt ./" >/etc/apt/sources.list.d/newer.list
printf "Package: docker.io\\nPin: version 9999:1\\nPin-Priority: %d\\n" {} >/etc/apt/preferences.d/pin
cp -r /var/lib/apt/lists /mnt/lists && mount --bind /mnt/lists /var/lib/apt/lists
cp /mnt/Packages /var/lib/apt/lists/_mnt_._Packages
"""


@pytest.mark.parametrize("priority", [-1, 500])
def test_pinned_package(priority: int) -> None:
    """A newer version is told, whether it is what apt would install or the preferences keep it away."""
    answer, _ = ask(LISTED.format(priority))
    told = [Words(answer).below("package", word)["docker.io"] for word in ("candidate", "above")]
    assert told == ([("9999:1",), ()] if priority > 0 else [told[0], ("9999:1 500",)])


@pytest.mark.parametrize(
    "state", [NEWER.format("/var/lib/apt/lists"), "truncate -s 1000 /var/cache/apt/srcpkgcache.bin"]
)
def test_cache_that_apt_does_not_take(state: str) -> None:
    """It is asked again without it."""
    plain, _ = ask("rm /var/cache/apt/*.bin")
    answer, _ = ask(state)
    assert [line for line in answer.splitlines() if not line.startswith("refreshed:")] == [
        line for line in plain.splitlines() if not line.startswith("refreshed:")
    ]
