"""Ssh servers of this machine, each on a port of its own: many targets at little cost."""

import subprocess
from pathlib import Path

from selftests.rig import removal
from selftests.rig.laboratory import Laboratory
from selftests.rig.shell import call
from selftests.rig.waiting import until


class SshServer:
    """An ssh server of this machine on a port of its own, which lets root in with a key of its own.

    Attributes:
        folder: what it needs.
        config: an ssh configuration in which every name leads to it.
    """

    def __init__(
        self, lab: Laboratory, port: int, *, address: str = "127.0.0.1", netns: str = "", **settings: object
    ) -> None:
        """Start it, in the network namespace *netns* if one is named; *settings* are further lines of sshd_config."""
        self.folder = folder = lab.root / lab.name()
        folder.mkdir()
        self.address, self.port = address, port
        self.log = folder / "log"
        for name in ("key", "host_key"):
            call("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / name))
        lines = {
            "HostKey": folder / "host_key",
            "PidFile": "none",
            "AuthorizedKeysFile": folder / "key.pub",
            "StrictModes": "no",
            "UsePAM": "no",
            "PasswordAuthentication": "no",
            "PermitRootLogin": "prohibit-password",
            "ListenAddress": f"{address}:{port}",
            "LogLevel": "VERBOSE",
            **settings,
        }
        (folder / "sshd_config").write_text("".join(f"{key} {value}\n" for key, value in lines.items()))
        Path("/run/sshd").mkdir(exist_ok=True)
        there = ["nsenter", f"--net=/run/netns/{netns}"] if netns else []
        command = [*there, "/usr/sbin/sshd", "-D", "-f", str(folder / "sshd_config"), "-E", str(self.log)]
        self.process = subprocess.Popen(command)
        lab.note_process(self.process.pid)
        until(lambda: self.log.exists() and "listening" in self.log.read_text())
        key = " ".join((folder / "host_key.pub").read_text().split()[:2])
        (folder / "known_hosts").write_text(f"[{address}]:{port} {key}\n")
        self.config = self.write_config("ssh_config")

    def write_config(self, name: str, **settings: object) -> Path:
        """An ssh configuration that leads here; *settings* replace its own."""
        lines = {
            "HostName": self.address,
            "Port": self.port,
            "User": "root",
            "IdentityFile": self.folder / "key",
            "IdentitiesOnly": "yes",
            "UserKnownHostsFile": self.folder / "known_hosts",
            "StrictHostKeyChecking": "yes",
            **settings,
        }
        path = self.folder / name
        path.write_text("Host *\n" + "".join(f"    {key} {value}\n" for key, value in lines.items()))
        return path

    @property
    def logins(self) -> int:
        """How many connections were let in."""
        return self.log.read_text().count("Accepted publickey")

    def down(self) -> None:
        """Stop it and forget its keys."""
        self.process.terminate()
        self.process.wait()
        removal.delete(self.folder)
