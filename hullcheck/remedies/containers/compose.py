"""What mends the containers of a Compose project: a file that Compose lays over those of the project.

Compose joins lists of two files. Only `!override` replaces one and only `!reset` takes a setting away, by
https://docs.docker.com/reference/compose-file/merge/ (Docker's documentation).
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import yaml

from hullcheck.facts.containers import Container
from hullcheck.messages import printable
from hullcheck.remedies.containers import Limit, Options
from hullcheck.verdicts import EvidenceError

NEEDED = "2.24.4"
"""The first version of Docker Compose that knows both tags."""
_PROJECT = re.compile(r"[a-z0-9][a-z0-9_-]*", re.ASCII)
_SERVICE = re.compile(r"[a-zA-Z0-9._-]+", re.ASCII)
_LABEL = "com.docker.compose."
_LISTS = {"--cap-drop": "cap_drop", "--security-opt": "security_opt", "--tmpfs": "tmpfs"}
_VALUES = {
    "--cpu-shares": "cpu_shares",
    "--memory": "mem_limit",
    "--memory-swap": "memswap_limit",
    "--pids-limit": "pids_limit",
    "--restart": "restart",
}
_SWITCHES = {"--read-only": "read_only"}
_TAKEN = {"--ipc": "ipc", "--pid": "pid", "--uts": "uts"}
_SECURITY = "--security-opt"


class _Reset:
    """Nothing, whatever the files of the project say."""


class _Whole(list[str]):
    """A list in the place of that of the project."""


class _Dumper(yaml.SafeDumper):
    """Writes them with their tags."""

    def ignore_aliases(self, data: Any) -> bool:
        """Write everything out."""
        return True


_Dumper.add_representer(_Reset, lambda dumper, _: dumper.represent_scalar("!reset", "null"))
_Dumper.add_representer(_Whole, lambda dumper, items: dumper.represent_sequence("!override", items))


@dataclass
class Project:
    """A Compose project on the host, and what is changed of its services.

    Attributes:
        files: those with which it was started, as far as that is recorded.
        services: by name, the settings of each.
        containers: the names of those that it mends.
    """

    name: str
    files: tuple[str, ...]
    services: dict[str, dict[str, Any]] = field(default_factory=dict)
    containers: set[str] = field(default_factory=set)

    @property
    def file(self) -> str:
        """The name of the file."""
        return f"compose.{self.name}.yml"

    @property
    def text(self) -> str:
        """The file."""
        head = (
            f"# Lies over the files of the Compose project {self.name}: see README.md\n"
            f"# needs Docker Compose {NEEDED} or later\n"
        )
        document = {"services": {name: self.services[name] for name in sorted(self.services)}}
        return head + yaml.dump(document, Dumper=_Dumper, sort_keys=False, width=1000)

    @property
    def replaced(self) -> tuple[str, ...]:
        """The services whose security_opt it replaces as a whole."""
        return tuple(
            name
            for name, each in sorted(self.services.items())
            if isinstance(each.get("security_opt"), _Whole)
        )


def projects(
    options: Sequence[Options], limits: Sequence[Limit], containers: Mapping[str, Container]
) -> tuple[tuple[Project, ...], tuple[Options, ...]]:
    """The projects whose files mend what *options* and *limits* do, and the options that are in none of them.

    Args:
        containers: those of the target, by name.
    """
    made = dict[str, Project]()
    rest = list[Options]()
    for each in options:
        found = _place(containers.get(each.container))
        if found is None:
            rest.append(each)
            continue
        project, service = _of(made, *found)
        left = tuple(_without(each, service, containers[each.container]))
        _add((word for option in each.add for word in [option.split()]), service)
        project.containers.add(each.container)
        if left:
            rest.append(Options(each.container, (), left))
    for limit in limits:
        if (found := _place(containers.get(limit.container))) is not None:
            project, service = _of(made, *found)
            more = [limit.more[at : at + 2] for at in range(0, len(limit.more), 2)]
            _add([(limit.option, limit.value), *more], service)
            project.containers.add(limit.container)
    return tuple(made[name] for name in sorted(made) if any(made[name].services.values())), tuple(rest)


def _place(container: Container | None) -> tuple[str, str, tuple[str, ...]] | None:
    """Project, service and files of a container that `docker compose up` makes again; None for others."""
    try:
        labels = container.labels if container else {}
    except EvidenceError:
        return None
    project, service = labels.get(f"{_LABEL}project") or "", labels.get(f"{_LABEL}service") or ""
    if not _PROJECT.fullmatch(project) or not _SERVICE.fullmatch(service):
        return None
    if labels.get(f"{_LABEL}oneoff", "False") != "False":
        return None
    files = (labels.get(f"{_LABEL}project.config_files") or "").split(",")
    plain = all(each.startswith("/") and printable(each) == each and "\n" not in each for each in files)
    return project, service, tuple(files) if plain else ()


def _of(
    made: dict[str, Project], name: str, service: str, files: tuple[str, ...]
) -> tuple[Project, dict[str, Any]]:
    project = made.setdefault(name, Project(name, files))
    return project, project.services.setdefault(service, {})


def _add(options: Iterable[Sequence[str]], service: dict[str, Any]) -> None:
    """Put words of `docker run`, of one option each, into the settings of a service."""
    for name, *values in options:
        if name in _SWITCHES:
            service[_SWITCHES[name]] = True
        elif name in _VALUES:
            (value,) = values
            service[_VALUES[name]] = int(value) if value.isdecimal() else value
        else:
            items = service.setdefault(_LISTS[name], [])
            items += [value for value in values if value not in items]


def _without(options: Options, service: dict[str, Any], container: Container) -> Iterator[str]:
    """Take options away from a service; give those that a file cannot take away."""
    for option in options.drop:
        name, value = option.split()
        if name in _TAKEN:
            service[_TAKEN[name]] = _Reset()
            continue
        assert name == _SECURITY
        try:
            kept = _others(container, value)
        except EvidenceError:
            yield option
            continue
        before = service.get("security_opt", [])
        service["security_opt"] = _Whole([*kept, *(each for each in before if each not in kept)])


def _others(container: Container, without: str) -> list[str]:
    """The security options with which a container was created, without one, as Compose takes them.

    Raises:
        EvidenceError: they are not known as they were written.
    """
    found = container.configuration.setting("SecurityOpt") or ()
    if any("={" in each or printable(each) != each or "\n" in each for each in found):
        raise EvidenceError("a profile is recorded by what it says, and not by its name")
    return [each.replace("$", "$$") for each in found if each.replace(":", "=", 1) != without]
