"""What the kernel of a target offers."""

from __future__ import annotations

import pytest

from hullcheck.facts.host.kernel import kernel
from hullcheck.recording import Recording
from hullcheck.recording.probe import Answer
from hullcheck.verdicts import EvidenceError


def test_values_of_the_kernel() -> None:
    """A value may have a colon; one that could not be read is an error that names the file."""
    text = "/sys/module/apparmor/parameters/enabled:Y\n/proc/sys/x:a:b\n/sys/fs/selinux/enforce absent"
    found = kernel(Recording("local", "local", {"kernel": Answer("kernel", 0, text, "")}))
    assert found.values["/proc/sys/x"] == "a:b"
    assert found.apparmor
    assert found.selinux == ""
    with pytest.raises(EvidenceError, match=r"^/proc/sys/kernel/pid_max could not be read$"):
        assert found.most_processes
