"""Content trust, as files of the environment switch it."""

import pytest

from hullcheck.facts.images.trust import CONTENT_TRUST, ContentTrust, Setting
from hullcheck.verdicts import EvidenceError


@pytest.mark.parametrize(
    ("lines", "setting"),
    [
        (("export DOCKER_CONTENT_TRUST=1",), Setting.ON),
        (("DOCKER_CONTENT_TRUST=1",), Setting.OFF),
        (("DOCKER_CONTENT_TRUST=1", "export DOCKER_CONTENT_TRUST"), Setting.ON),
        (("export DOCKER_CONTENT_TRUST=1", "unset DOCKER_CONTENT_TRUST"), Setting.OFF),
        (("export DOCKER_CONTENT_TRUST=0",), Setting.OFF),
        (("export DOCKER_CONTENT_TRUST=yes",), Setting.ON),
        (("export DOCKER_CONTENT_TRUST=1", "if x; then DOCKER_CONTENT_TRUST=0; fi"), Setting.UNSURE),
        (("# export DOCKER_CONTENT_TRUST=1",), Setting.OFF),
        (
            ("export DOCKER_CONTENT_TRUST=1", "export DOCKER_CONTENT_TRUST_SERVER=https://notary.example"),
            Setting.ON,
        ),
        (("export DOCKER_CONTENT_TRUST=1", "alias docker='docker --disable-content-trust'"), Setting.UNSURE),
        (("export DOCKER_CONTENT_TRUST=1", "setenv DOCKER_CONTENT_TRUST 0"), Setting.UNSURE),
    ],
)
def test_lines_of_a_profile(lines: tuple[str, ...], setting: Setting) -> None:
    """The last one decides; what is not handed on is off, and what may do anything leaves it open."""
    text = "\n".join(["user root:/root", "--lines", *(f"/etc/profile:{each}" for each in lines)])
    head, _, rest = CONTENT_TRUST.keep(f"{text}\n--units\n").partition("\n--lines\n")
    pairs = [line.rpartition(":") for line in rest.partition("--units\n")[0].splitlines()]
    found = ContentTrust({"root": "/root"}, (), tuple((path, Setting(word)) for path, _, word in pairs))
    assert head == "user root:/root"
    assert found.of_user("root") is setting


def test_file_that_could_not_be_read() -> None:
    """It spoils the user whose it is, and no other; one of all users spoils them all."""
    homes = {"root": "/root", "bob": "/home/bob"}
    found = ContentTrust(homes, ("/home/bob/.profile",), (("/etc/profile", Setting.ON),))
    assert found.of_user("root") is Setting.ON
    with pytest.raises(EvidenceError, match=r"/home/bob/\.profile could not be read"):
        found.of_user("bob")
    assert "could not be read" in str(ContentTrust(homes, ("/etc/environment",), ()).look("root"))
