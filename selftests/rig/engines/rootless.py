"""A rootless Docker engine, which runs as a user that the laboratory adds to the machine meanwhile."""

import pwd
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

from selftests.rig import cleanup
from selftests.rig.engines import versions
from selftests.rig.engines.engine import Engine
from selftests.rig.laboratory import Laboratory
from selftests.rig.shell import SYSTEM_PATH, LabError, call

TOOLS = ("rootlesskit", "slirp4netns", "newuidmap", "setpriv", "unshare", "useradd")
SCRIPT = "dockerd-rootless.sh"
SCRIPT_DIRECTORIES = "/usr/share/docker.io/contrib:/usr/bin"  # Debian's place and that of Docker's packages
# All mounts stay in a namespace of the engine's own. There everybody may use the tunnel device, as udev would
# have it, and mounts are shared with what rootlesskit makes below.
START = """
set -e
mount --make-rshared /
mount -t tmpfs -o mode=755 tmpfs "$1"
mknod -m 666 "$1/tun" c 10 200
mount --bind "$1/tun" /dev/net/tun
user=$2; shift 2
exec setpriv --reuid "$user" --regid "$user" --init-groups -- "$@"
"""


def obstacle() -> str | None:
    """Why no rootless engine can be started on this machine, in words; None if nothing stands in the way."""
    missing = [tool for tool in TOOLS if not shutil.which(tool, path=SYSTEM_PATH)]
    if not _script():
        missing.append(SCRIPT)
    if missing:
        return f"a rootless engine misses {', '.join(missing)} on this machine"
    if not Path("/dev/net/tun").exists():
        return "a rootless engine misses /dev/net/tun on this machine"
    return None


class RootlessEngine(Engine):
    """A rootless engine; `pid` is that of rootlesskit, and `daemon_pid` that of dockerd."""

    def __init__(
        self,
        lab: Laboratory,
        settings: Mapping[str, object] | None = None,
        flags: Sequence[str] = (),
        hosts: Sequence[str] = (),
    ) -> None:
        """Add a user with subordinate ids; `start` the engine then."""
        self.user = lab.name()
        super().__init__(lab, settings, flags, hosts)

    @property
    def daemon_pid(self) -> int:
        """The process of dockerd itself."""
        return int((self.socket.parent / "docker.pid").read_text())

    def _prepare(self) -> None:
        super()._prepare()
        home, runtime = self.directory / "home", self.directory / "run"
        self.lab.note("user", self.user)
        call("useradd", "--no-create-home", "--home-dir", str(home), "--shell", "/bin/sh", self.user)
        self.socket = runtime / "docker.sock"
        (self.directory / "dev").mkdir()
        uid = pwd.getpwnam(self.user).pw_uid
        for directory in (home, runtime, self.data_root):
            directory.mkdir(mode=0o700)
            shutil.chown(directory, uid, uid)

    def _tidy(self) -> None:
        cleanup.delete_user(self.user)
        super()._tidy()

    def _enter(self) -> tuple[str, ...]:
        return "nsenter", f"--target={self.daemon_pid}", "--user", "--net", "--preserve-credentials"

    def _environment(self) -> dict[str, str]:
        runtime = str(self.socket.parent)
        own = {"HOME": str(self.directory / "home"), "XDG_RUNTIME_DIR": runtime, "USER": self.user}
        return {**super()._environment(), **own}

    def _command(self) -> list[str]:
        script = _script()
        if script is None:
            raise LabError(f"{SCRIPT} is not installed")
        start = ("sh", "-c", START, "start", str(self.directory / "dev"), self.user)
        return [*super()._enter(), "unshare", "--mount", *start, script, *self._options()]

    def _options(self) -> list[str]:
        """Without an exec-root: that it lies in the user's runtime directory is worth a test."""
        return [each for each in super()._options() if not each.startswith("--exec-root")]


def _script() -> str | None:
    unpacked = versions.chosen().tree
    own = f"{unpacked}/usr/share/docker.io/contrib:" if unpacked else ""
    return shutil.which(SCRIPT, path=own + SCRIPT_DIRECTORIES)
