"""Content trust, as the files of root's environment set it."""

import json

import pytest

from hullcheck.facts.images.reports import REPORTS

ALL = "/etc/environment:DOCKER_CONTENT_TRUST=1"


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ((ALL,), ["on"]),
        (("/etc/environment:DOCKER_CONTENT_TRUST='yes'",), ["on"]),
        (("/etc/profile.d/trust.sh:export DOCKER_CONTENT_TRUST=1 # for all",), ["on"]),
        (("/etc/environment:DOCKER_CONTENT_TRUST=false",), ["off"]),
        (("/etc/environment:DOCKER_CONTENT_TRUST=",), ["off"]),
        (("/root/.bashrc:# export DOCKER_CONTENT_TRUST=1",), []),
        (("/root/.bashrc:export DOCKER_CONTENT_TRUST_SERVER=https://x",), []),
        ((ALL, "/root/.bashrc:export DOCKER_CONTENT_TRUST=0"), ["on", "off"]),
        ((ALL, ALL.replace("1", "0")), ["off"]),
        (("/etc/profile:DOCKER_CONTENT_TRUST=1",), ["off"]),
    ],
)
def test_content_trust(lines: tuple[str, ...], expected: list[str]) -> None:
    """The files decide, each for itself, and no value is stored."""
    secret = "/etc/profile:export TOKEN=Hunter2secret DOCKER_CONTENT_TRUST_X=1"
    kept = REPORTS.keep("\n".join(("--trust", *lines, secret, "--end")))
    assert [*json.loads(kept.split("\n")[1]).values()] == expected
