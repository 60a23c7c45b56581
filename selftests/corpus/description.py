"""Descriptions of hosts: what an engine, its host and its containers are made of, read from `hosts/*.yml`.

A file describes one host for each of its engines: `careless.yml` is careless-20.10, careless-26.1 and careless-28.5.
With `variants` it describes one for each of these too, with what they change: `tcp.yml` has the variant `flag`,
which is tcp-flag-26.1.
"""

import hashlib
import shlex
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Self

import yaml
from msgspec import Struct, field
from msgspec.structs import replace

FOLDER = Path(__file__).parent / "hosts"


class File(Struct, frozen=True):
    """A file of the host.

    Attributes:
        text: what is in it; a folder is made where both *text* and *link* are missing.
        link: where it leads, if it is a symbolic link.
        mode, owner: as `chmod` and `chown` take them; empty for 644 and root's.
    """

    text: str | None = None
    link: str = ""
    mode: str = ""
    owner: str = ""

    @classmethod
    def parse(cls, value: str | Mapping[str, Any]) -> Self:
        """Read a file from YAML: its text, or a mapping of the attributes."""
        return cls(text=value) if isinstance(value, str) else cls(**value)


class Container(Struct, frozen=True):
    """A container.

    Attributes:
        run: options of `docker run`, besides the host's `confined`.
        without: options of `confined` that this container does not get, by name.
        image, command: as `docker run` takes them; without *image*, the first one of the host.
        exec: options and commands of `docker exec --detach`, each run once it has started.
        state: running, created, exited or paused.
    """

    run: str = ""
    without: str = ""
    image: str = ""
    command: str = ""
    exec: tuple[str, ...] = ()
    state: str = "running"

    @classmethod
    def parse(cls, value: str | Mapping[str, Any]) -> Self:
        """Read a container from YAML: the options of `docker run`, or a mapping of the attributes."""
        return cls(run=value) if isinstance(value, str) else cls(**value)

    def options(self, confined: Mapping[str, str]) -> list[str]:
        """Return all options of `docker run`, those of the host first."""
        kept = [f"{name} {value}".strip() for name, value in confined.items() if name not in self.without.split()]
        return shlex.split(" ".join([*kept, self.run]))


class Description(Struct, frozen=True):
    """A host.

    Attributes:
        name: of the file and the engine, such as careless-26.1.
        engine: its version, 20.10, 26.1 or 28.5.
        kernel: the security module of a kernel of its own, in user-mode Linux: `apparmor` or `selinux`. Without one
            the host is a container, which shares the kernel of the machine.
        asks: the sections or controls that are recorded and judged; empty for all.
        policy: of the organization, as in an inventory.
        daemon: daemon.json, as a mapping or as text; None for no such file.
        dockerd: options of dockerd in place of those of the unit; None to leave the unit alone.
        files: by path.
        users: supplementary groups, by name.
        sysctls: values, by name; only with a kernel of its own.
        audit_rules: lines for `auditctl`.
        before: a shell script that root runs before the engine starts again.
        images: Dockerfiles, by tag; busybox is `bb.tar` beside them.
        networks, volumes: options of `docker network create` and `docker volume create`, by name.
        confined: options that all containers get, by name.
        containers: by name.
        swarm: options of `docker swarm init`; None for no swarm.
        after: a shell script that root runs at the end.
        docker_host: the address of the engine that is audited; empty for the one of the host's docker.service.
    """

    name: str
    engine: str
    kernel: str = ""
    asks: str = ""
    policy: Mapping[str, Any] = field(default_factory=dict)
    daemon: Mapping[str, Any] | str | None = None
    dockerd: str | None = None
    files: Mapping[str, File] = field(default_factory=dict)
    users: Mapping[str, str] = field(default_factory=dict)
    sysctls: Mapping[str, str] = field(default_factory=dict)
    audit_rules: str = ""
    before: str = ""
    images: Mapping[str, str] = field(default_factory=dict)
    networks: Mapping[str, str] = field(default_factory=dict)
    volumes: Mapping[str, str] = field(default_factory=dict)
    confined: Mapping[str, str] = field(default_factory=dict)
    containers: Mapping[str, Container] = field(default_factory=dict)
    swarm: str | None = None
    after: str = ""
    docker_host: str = ""

    @property
    def digest(self) -> str:
        """The digest of all that its recording depends on: the policy decides only how that is judged."""
        return hashlib.sha256(repr(replace(self, policy={})).encode()).hexdigest()[:16]

    @classmethod
    def parse(cls, name: str, engine: str, mapping: Mapping[str, Any]) -> Self:
        """Read a host from YAML.

        Raises:
            TypeError: a key is unknown.
        """
        files = {path: File.parse(each) for path, each in mapping.get("files", {}).items()}
        containers = {name: Container.parse(each) for name, each in mapping.get("containers", {}).items()}
        return cls(**{**mapping, "name": name, "engine": engine, "files": files, "containers": containers})


@cache
def descriptions() -> Mapping[str, Description]:
    """Return the hosts of the corpus by name."""
    return {each.name: each for path in sorted(FOLDER.glob("*.yml")) for each in _hosts_of(path)}


def _hosts_of(path: Path) -> Iterator[Description]:
    mapping = yaml.safe_load(path.read_text())
    engines, variants = mapping.pop("engines"), mapping.pop("variants", {"": {}})
    for variant, own in variants.items():
        name = f"{path.stem}-{variant}" if variant else path.stem
        for engine in engines:
            yield Description.parse(f"{name}-{engine}", engine, {**mapping, **own})
