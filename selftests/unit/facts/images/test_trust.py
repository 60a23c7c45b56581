"""Content trust, as the files of root's environment set it."""

from collections.abc import Sequence

import pytest

from hullcheck.facts import Facts
from hullcheck.policy import Policy
from hullcheck.recording import Recording
from selftests.kit.facts.engines import engine
from selftests.kit.facts.images import SECRET, answered
from selftests.kit.judging import judged

ALL = "/etc/environment:DOCKER_CONTENT_TRUST=1"


@pytest.mark.parametrize(
    ("lines", "version", "expected"),
    [
        ((ALL,), "28.5.2", "pass"),
        (("/etc/environment:DOCKER_CONTENT_TRUST='yes'",), "26.1.5", "pass"),
        (("/etc/profile.d/trust.sh:export DOCKER_CONTENT_TRUST=1 # for all",), "20.10.24", "pass"),
        ((), "26.1.5", "fail"),
        (("/etc/environment:DOCKER_CONTENT_TRUST=false",), "26.1.5", "fail"),
        (("/root/.bashrc:# export DOCKER_CONTENT_TRUST=1",), "26.1.5", "fail"),
        (("/root/.bashrc:export DOCKER_CONTENT_TRUST_SERVER=https://x",), "26.1.5", "fail"),
        ((ALL, "/root/.bashrc:export DOCKER_CONTENT_TRUST=0"), "26.1.5", "manual"),
        ((ALL, "/root/.bashrc:alias docker='DOCKER_CONTENT_TRUST=0 docker'"), "26.1.5", "manual"),
        (("/etc/profile:DOCKER_CONTENT_TRUST=1",), "26.1.5", "manual"),
        ((ALL,), "29.0.1", "manual"),
    ],
)
def test_content_trust(lines: Sequence[str], version: str, expected: str) -> None:
    """Root's files decide; from 29 on the engine has none. A way of the site's own passes, and no value is stored."""
    secret = f"/etc/profile:export TOKEN={SECRET} DOCKER_CONTENT_TRUST_X=1"
    found = answered("reports", "\n".join(("--trust", *lines, secret, "--end")))
    assert SECRET not in found.stdout
    recording = Recording("host", "local", {"reports": found})
    for policy, wanted in ((Policy(), expected), (Policy(image_verification="cosign"), "pass")):
        made = Facts(recording, policy, engine=engine(ServerVersion=version))
        assert judged("4.5", made)["host"][0] == wanted
