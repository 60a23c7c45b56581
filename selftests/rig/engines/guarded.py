"""An engine that cannot destroy anything of the machine: for tests that give it the machine's own folders.

The daemon itself removes the folders of volumes. If a volume of the machine's /etc were still mounted in one, it would
remove /etc.
"""

import sys

from selftests.rig.engines import readonly
from selftests.rig.engines.engine import Engine


class GuardedEngine(Engine):
    """An engine in a mount namespace of its own, where all but the laboratory's directory is read-only.

    It has the same files and devices as the machine, at the same paths, so that they are found to be the host's. What a
    test mounts for it has to be mounted there: with `nsenter`.
    """

    def _command(self) -> list[str]:
        own = ("unshare", "--mount", "--propagation", "private", sys.executable, readonly.__file__)
        return [*super()._enter(), *own, str(self.lab.root), "dockerd", *self._options()]

    def _enter(self) -> tuple[str, ...]:
        return "nsenter", f"--target={self.pid}", "--net", "--mount"

    def _environment(self) -> dict[str, str]:
        lock, temporary = self.directory / "xtables.lock", self.directory / "tmp"
        temporary.mkdir(exist_ok=True)
        return {**super()._environment(), "XTABLES_LOCKFILE": str(lock), "TMPDIR": str(temporary)}
