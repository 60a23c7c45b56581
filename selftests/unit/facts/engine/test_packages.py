"""The packages of the engine, as the answer of apt-cache names them."""

from __future__ import annotations

import pytest

from hullcheck.facts.engine.packages import ENGINE_PACKAGES, Package, Packages, engine_packages
from hullcheck.facts.host.presence import Presence
from hullcheck.recording import Recording
from hullcheck.recording.probe import Answer
from hullcheck.verdicts import EvidenceError

ANSWER = """manager:apt
refreshed:1795690000
refreshed:1795696200
security:mirror_debian-security_dists_trixie-security_main_binary-amd64_Packages.lz4
package:docker.io
installed:26.1.5+dfsg1-9
candidate:26.1.5+dfsg1-9+deb13u1
offered:
offered:
package:docker-ce
installed:(none)
candidate:(none)
package:runc
installed:1.1.15+ds1-2
candidate:1.1.15+ds1-2
"""
FOUND = (
    Package("docker.io", "26.1.5+dfsg1-9", "26.1.5+dfsg1-9+deb13u1", offered=True),
    Package("runc", "1.1.15+ds1-2", "1.1.15+ds1-2", offered=False),
)


def read(text: str, presence: Presence | None = None) -> Packages:
    """The fact of an answer, with what is kept of it."""
    answer = Answer("engine_packages", 0, ENGINE_PACKAGES.keep(text), "")
    return engine_packages(Recording("host", "local", {answer.name: answer}), presence)  # type: ignore[arg-type]


def test_packages_of_apt() -> None:
    """Those that are installed, the newest day of the lists, and whether there are any of security updates."""
    assert read(ANSWER) == Packages("apt", FOUND, 1795696200, security=True)
    without = "".join(
        line for line in ANSWER.splitlines(True) if not line.startswith(("security", "refreshed"))
    )
    assert read(without) == Packages("apt", FOUND, 0, security=False)


@pytest.mark.parametrize(
    ("above", "candidate"),
    [
        ("above:2 500\n", "2"),
        ("above:2 -1 security\n", "2"),
        ("above:3 100\nabove:2 500 security\n", "2"),
        ("above:2 100\n", "1"),
        ("", "1"),
    ],
    ids=["pinned package", "pinned list", "below backports", "backports", "none"],
)
def test_version_that_is_kept_away(above: str, candidate: str) -> None:
    """What the preferences of apt keep away is offered all the same; what is not for everybody is not."""
    found = read(f"manager:apt\npackage:runc\ninstalled:1\ncandidate:1\n{above}offered:\n").all
    assert found == (Package("runc", "1", candidate, offered=True),)


def test_no_package_manager_that_is_known() -> None:
    """That is said in a word; an empty answer is none."""
    assert read("manager:none\n") == Packages("")
    with pytest.raises(EvidenceError, match="does not name a package manager"):
        read("")


@pytest.mark.parametrize("lost", ["installed:26.1.5+dfsg1-9\n", "candidate:26.1.5+dfsg1-9+deb13u1\n"])
def test_answer_that_is_cut(lost: str) -> None:
    """A package without one of its versions is an error, and no package that is up to date."""
    with pytest.raises(EvidenceError, match=r"does not tell the versions of docker\.io"):
        read(ANSWER.replace(lost, ""))


def test_lists_that_may_not_be_read() -> None:
    """The reason names the directory."""
    with pytest.raises(EvidenceError, match="/var/lib/apt/lists"):
        read("manager:apt\nunread:/var/lib/apt/lists\n")
