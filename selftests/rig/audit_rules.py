"""The audit system of the machine's kernel in the hands of one test at a time: what it was set to is put back.

Rules and settings are the machine's and not a namespace's. So nobody may change them where they are in use: where
rules are loaded, where a daemon takes the records, and where the settings are locked until the next start.
"""

import contextlib
import fcntl
import shlex
from collections.abc import Iterator

from selftests.rig import audit_system
from selftests.rig.laboratory import Laboratory
from selftests.rig.shell import LabError

LOCK = ".audit"


@contextlib.contextmanager
def turn(lab: Laboratory) -> Iterator[None]:
    """Wait until no other test uses the audit system; what a test that was killed left in it is put back first."""
    with (lab.root.parent / LOCK).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        lab.machine.settle()
        yield


class Rules:
    """The audit system in the hands of one test, which has its `turn`."""

    def __init__(self, lab: Laboratory) -> None:
        """Write down how it is set.

        Raises:
            LabError: it may not be changed here.
        """
        if reason := audit_system.obstacle():
            raise LabError(reason)
        self._machine, self._holder = lab.machine, f"{lab.holder} audit"
        self._machine.borrow(self._holder, "audit", "settings")

    def set(self, *arguments: str) -> None:
        """Change a setting, as `auditctl` takes it."""
        audit_system.auditctl(*arguments)

    def add(self, *rule: str) -> None:
        """Load a rule, as `auditctl` takes it."""
        self._machine.borrow(self._holder, "audit rule", shlex.join(rule))
        audit_system.auditctl(*rule)

    def clear(self) -> None:
        """Take every rule of this test away."""
        self._machine.give_back(self._holder, "audit rule")

    def close(self) -> None:
        """Put everything back.

        Raises:
            LabError: something does not go.
        """
        self._machine.give_back(self._holder)
        if (listed := audit_system.auditctl("-l").strip()) != audit_system.NO_RULES:
            raise LabError(f"audit rules of a self-test are left, take them away with `auditctl -D`: {listed}")
