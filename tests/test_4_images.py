"""CIS Docker Benchmark v1.8.0, section 4: images and what runs from them."""

import pytest

from hullcheck.facts.containers import Container
from hullcheck.verdicts import EvidenceError


@pytest.mark.cis("4.1", level=1)
@pytest.mark.nist("AC-6", "CM-6", sp="800-53")
@pytest.mark.nist("4.1.2", sp="800-190")
@pytest.mark.pci("2.2.6", "7.2.5")
@pytest.mark.hipaa("164.312(a)(1)")
@pytest.mark.severity("high")
def test_container_user_is_not_root(container: Container) -> str | None:
    """No process of a container runs as root.

    Who breaks into a program that runs as root owns all of the container, and is one fault in the kernel away
    from the host. The user that an image names says little where the program changes it: the processes count.

    Remedy: put a `USER` with a number other than 0 into the image, or run it with `--user`.
    """
    if container.running:
        root = sorted({each.name for each in container.processes if container.root_uid in each.uids})
        assert not root, f"runs {', '.join(root)} as root"
        return None
    user = str(container.description["User"] or "").partition(":")[0]
    as_root = user in ("", "root") or not user.strip("0")
    assert not as_root, f"would start as root (its user is {user or 'not set'})"
    if not user.isdecimal():
        raise EvidenceError(
            f"does not run, and only its own /etc/passwd tells whether the user {user} is root"
        )
    return f"does not run; would start as user {user}"
