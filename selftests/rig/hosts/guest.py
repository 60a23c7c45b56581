"""What hosts and machines of the laboratory have in common: root's commands on them, and the way in by ssh."""

import shlex
from collections.abc import Sequence
from pathlib import Path

from selftests.rig.engines.engine import FOREVER, IMAGE
from selftests.rig.shell import call


class Guest:
    """A system of its own with sshd and Docker.

    Attributes:
        name: by which *ssh_config* and the system itself know it.
        ssh_config: the file with the way in: `ssh -F ssh_config name`.
    """

    name: str
    ssh_config: Path

    def exec(self, *command: str, stdin: str | bytes = b"", timeout: float = 120) -> str:
        """What *command* prints as root of the system.

        Raises:
            CommandError: it ended with another status than zero.
        """
        raise NotImplementedError

    def ssh(self, *command: str, user: str = "root", stdin: str | bytes = b"", timeout: float = 120) -> str:
        """What *command* prints when *user* runs it over ssh.

        Raises:
            CommandError: no login, or the command ended with another status than zero.
        """
        target = f"{user}@{self.name}"
        argv = ("ssh", "-F", str(self.ssh_config), "-o", "BatchMode=yes", target, shlex.join(command))
        return call(*argv, stdin=stdin, timeout=timeout)

    def docker(self, *arguments: str, stdin: str | bytes = b"") -> str:
        """What Docker's command line prints when it is asked there."""
        return self.exec("docker", *arguments, stdin=stdin)

    def run(self, name: str, *options: str, image: str = IMAGE, command: Sequence[str] = FOREVER) -> str:
        """Start a container in its engine and give the container's id."""
        return self.docker("run", "--detach", "--name", name, *options, image, *command).strip()

    def write(self, path: str, text: str, mode: int = 0o644) -> None:
        """Write a file of root's, making the directories on the way."""
        script = 'mkdir -p "${1%/*}/" && cat > "$1" && chmod "$2" "$1"'
        self.exec("sh", "-c", script, "write", path, f"{mode:o}", stdin=text)
