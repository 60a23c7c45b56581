"""A Docker engine of our own: its own daemon, containerd, network namespace, files and sockets."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Self

from selftests.rig import cleanup, images, processes, removal
from selftests.rig.engines import readonly, versions
from selftests.rig.engines.versions import EngineVersion
from selftests.rig.laboratory import Laboratory
from selftests.rig.shell import CommandError, LabError, call, environment

IMAGE = "bb:1"
FOREVER = ("sleep", "9999")
START_LIMIT = 30.0  # seconds; it takes one, or several where the machine is busy


class Engine:
    """A Docker engine of our own, in its own network namespace."""

    def __init__(
        self,
        lab: Laboratory,
        settings: Mapping[str, object] | None = None,
        flags: Sequence[str] = (),
        hosts: Sequence[str] = (),
        version: EngineVersion | None = None,
    ) -> None:
        """Prepare an engine; `start` it.

        *settings* are its daemon.json, *flags* further options of dockerd, and *hosts* addresses to listen on
        besides its socket. In its own network every engine may have the same one, say tcp://127.0.0.1:2375. The
        *version* is the one that the tests are run with, unless it is given.
        """
        self.lab = lab
        self.version = version or versions.chosen()
        self.settings = dict(settings or {})
        self.flags = tuple(flags)
        self.hosts = tuple(hosts)
        self.name = lab.name()
        self.netns = self.name
        self.directory = lab.root / self.name.rpartition("-")[2]
        self.socket = self.directory / "docker.sock"
        self.config_path = self.directory / "daemon.json"
        self.data_root = self.directory / "data"
        self.log = self.directory / "log"
        self._process: subprocess.Popen[bytes] | None = None
        self._has_image = False
        self.directory.mkdir(mode=0o711)
        self._prepare()
        self.configure(self.settings)

    def __enter__(self) -> Self:
        """Start the engine; nothing of it is left where it does not start."""
        try:
            self.start()
        except BaseException:
            self.down()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        """Take it down."""
        self.down()

    @property
    def pid(self) -> int:
        """The process of the daemon.

        Raises:
            LabError: the engine does not run.
        """
        if not self.running or self._process is None:
            raise LabError(f"engine {self.name} does not run")
        return self._process.pid

    @property
    def running(self) -> bool:
        """Whether the daemon's process lives."""
        return self._process is not None and self._process.poll() is None

    @property
    def environment(self) -> dict[str, str]:
        """What leads a Docker client on this machine here."""
        return {"DOCKER_HOST": f"unix://{self.socket}"}

    def configure(self, settings: Mapping[str, object]) -> None:
        """Write daemon.json; a running daemon goes on with the old one until it starts again."""
        self.config_path.write_text(json.dumps(self.version.document(settings), indent=2) + "\n")

    def start(self) -> None:
        """Start the daemon and wait until it answers.

        Raises:
            LabError: it ended or did not answer in time; the message has the last line of its log.
        """
        if self.running:
            return
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=self._environment(),
                start_new_session=True,  # Ctrl-C is for us, who then stop the engine in order
            )
        self.lab.note_process(self._process.pid)
        self._wait()
        self._bring_image()

    def stop(self) -> None:
        """Stop the daemon and keep its files; with live-restore its containers run on."""
        self._end(hurry=answers(self.socket) and not self._containers_outlive_it())

    def restart(self) -> None:
        """Stop and start, so that a changed daemon.json is in force."""
        self.stop()
        self.start()

    def reload(self) -> None:
        """Let the running daemon read daemon.json again; most settings stay as they were at the start."""
        os.kill(self.pid, signal.SIGHUP)

    def down(self) -> None:
        """Stop the engine and forget everything of it; harmless if that was done before."""
        if not self.directory.exists():
            return
        if self.running and answers(self.socket):
            with contextlib.suppress(CommandError):  # what resists is ended by force
                self._remove_containers()
        self._end(hurry=True)
        cleanup.clear(self.directory)
        self._tidy()
        removal.delete(self.directory)

    def docker(self, *arguments: str, stdin: str | bytes = b"", timeout: float = 120) -> str:
        """What Docker's command line prints when it is asked this engine.

        Raises:
            CommandError: it ended with another status than zero; the message has its stderr.
        """
        # a configuration directory of our own: the caller's may name another context, proxies and credentials
        own = {"DOCKER_CONFIG": str(self.lab.root / "client"), "DOCKER_BUILDKIT": "0"}
        env = environment(PATH=self.version.path, **own)
        argv = ("docker", "--host", f"unix://{self.socket}", *arguments)
        return call(*argv, stdin=stdin, env=env, timeout=timeout)

    def inspect(self, *names: str) -> list[dict[str, Any]]:
        """The documents of `docker inspect` on containers, images, networks or volumes."""
        documents: list[dict[str, Any]] = json.loads(self.docker("inspect", *names))
        return documents

    def run(self, name: str, *options: str, image: str = IMAGE, command: Sequence[str] = FOREVER) -> str:
        """Start a container in the background and give its id; *options* are those of `docker run`."""
        return self.docker("run", "--detach", "--name", name, *options, image, *command).strip()

    def create(self, name: str, *options: str, image: str = IMAGE, command: Sequence[str] = FOREVER) -> str:
        """Make a container without starting it and give its id; *options* are those of `docker create`."""
        return self.docker("create", "--name", name, *options, image, *command).strip()

    def import_image(self, archive: Path, tag: str, *changes: str) -> str:
        """Make an image of a file system; *changes* are Dockerfile lines such as `USER app`. Gives its id."""
        options = [word for change in changes for word in ("--change", change)]
        return self.docker("import", *options, str(archive), tag).strip()

    def nsenter(self, *command: str, stdin: str = "", timeout: float = 120) -> str:
        """What *command* of this machine prints when it runs in the engine's network."""
        # not `ip netns exec`, which hides the control groups
        env = environment(PATH=self.version.path)
        return call(*self._enter(), *command, stdin=stdin, env=env, timeout=timeout)

    def _prepare(self) -> None:
        self.lab.namespace(self.netns)

    def _tidy(self) -> None:
        cleanup.delete_namespace(self.netns)

    def _enter(self) -> tuple[str, ...]:
        """What runs a command in the engine's network."""
        return "nsenter", f"--net=/run/netns/{self.netns}"

    def _command(self) -> list[str]:
        return [*self._enter(), "dockerd", *self._options()]

    def _environment(self) -> dict[str, str]:
        return environment(PATH=self.version.path)

    def _options(self) -> list[str]:
        listen = [word for host in (f"unix://{self.socket}", *self.hosts) for word in ("--host", host)]
        files = {
            "config-file": self.config_path,
            "data-root": self.data_root,
            "exec-root": self.socket.parent / "exec",
            "pidfile": self.socket.parent / "docker.pid",
        }
        options = [f"--{name}={path}" for name, path in files.items()]
        return [*options, *listen, *self.flags]

    def _wait(self) -> None:
        deadline = time.monotonic() + START_LIMIT
        while not answers(self.socket):
            if not self.running or time.monotonic() > deadline:
                lines = self.log.read_text(errors="replace").splitlines() or ["nothing"]
                raise LabError(f"engine {self.name} does not start; its log ends with: {lines[-1]}")
            time.sleep(0.02)

    def _bring_image(self) -> None:
        if self._has_image:
            return
        archive = self.lab.root / "bb.tar"
        if not archive.exists():
            images.busybox(archive)
        self.import_image(archive, IMAGE)
        self._has_image = True

    def _containers_outlive_it(self) -> bool:
        return self.docker("info", "--format", "{{.LiveRestoreEnabled}}").strip() == "true"

    def _end(self, *, hurry: bool) -> None:
        if self._process is not None and self.running:
            self._process.terminate()
            if hurry:
                self._hurry()
            processes.end([self._process.pid], cleanup.PATIENCE)
            self._process.wait()

    def _hurry(self) -> None:
        """End the containers that do not listen to SIGTERM, for which the daemon would wait ten seconds."""
        if self._process is not None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(1)
            cleanup.end_containers(self.directory)

    def _remove_containers(self) -> None:
        if ids := self.docker("ps", "--all", "--quiet", "--no-trunc").split():
            self.docker("rm", "--force", "--volumes", *ids)


class GuardedEngine(Engine):
    """An engine that can destroy nothing of the machine: in its mount namespace all but the laboratory is read-only.

    The daemon itself removes the folders of volumes. If a volume of the machine's /etc were still mounted in one, it
    would remove /etc.

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


def answers(path: Path) -> bool:
    """Whether an engine answers on the socket *path*."""
    try:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(5)
            connection.connect(str(path))
            connection.sendall(b"GET /_ping HTTP/1.0\r\n\r\n")
            return b" 200 " in connection.recv(100)
    except OSError:
        return False
