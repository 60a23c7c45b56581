"""The inventory: the targets, and the policy for each."""

from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec import Struct, field

from hullcheck.data.releases import KnownReleases
from hullcheck.inventory.acceptance import Entry
from hullcheck.messages import WrongUse, did_you_mean, hide_passwords
from hullcheck.policy import Policy, merged, value_faults
from hullcheck.recording.backends import COMPOSE, WITHOUT_HOST
from hullcheck.results import Attestation, Waiver
from hullcheck.secrets.names import NOTHING_SAID, SiteNames

if TYPE_CHECKING:
    from hullcheck.inventory.yamlfile import Document, Way


Layer = tuple[tuple[str, ...], Mapping[str, Any]]
"""The keys of a part of the policy or of changed controls, and its content."""


class InventoryError(WrongUse):
    """An inventory cannot be used. Each line of the message is one fault, ``file:line: what is wrong``."""

    def __init__(self, *faults: str) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults


class Target(Struct, frozen=True):
    """One host or container to audit."""

    name: str  # what reports say, and the name of its directory in them
    connect: str  # a host specification of testinfra with its backend, or `recorded://` and a path
    groups: tuple[str, ...] = ()  # in the order in which their policies are laid over each other
    docker_host: str | None = None  # the engine to ask, as DOCKER_HOST would say it
    paths: tuple[tuple[str, str], ...] = ()  # of `Policy.paths`
    secret_names: SiteNames = NOTHING_SAID  # of the policy; what is stored depends on it
    ssh_args: str = ""  # what the inventory passes to ssh for it, quoted for a shell
    fault: str = ""  # why it cannot be audited as the inventory has it


class Tailoring(Struct, frozen=True):
    """The changes to one control on one target."""

    severity: str = ""  # empty for the control's own
    off: str = ""  # why it is switched off; empty if it is not
    by: str = ""  # file and line that say so


class Inventory(Struct, frozen=True, dict=True):
    """The targets in the order of the file, and the policy."""

    path: Path
    targets: tuple[Target, ...]
    policy: Mapping[str, Any] = field(default_factory=dict)  # as written; `policy_for` reads it
    controls: Mapping[str, Any] = field(default_factory=dict)  # as written; `tailoring_for` reads it
    profiles: Mapping[str, str] = field(default_factory=dict)  # selections by name, as for -m
    waivers: tuple[Entry[Waiver], ...] = field(default=())
    attestations: tuple[Entry[Attestation], ...] = field(default=())
    document: "Document | None" = field(default=None)  # the file as it was read, if there is one
    further: tuple[Path, ...] = ()  # other files that it names and that decide verdicts too
    notes: tuple[str, ...] = ()  # what of it is not used, a line each
    is_of_ansible: bool = False

    def messages(self, faults: Mapping["Way", str]) -> tuple[str, ...]:
        """Return *faults* that need knowledge of controls and frameworks, as lines."""
        return self.document.messages(faults) if self.document else ()

    def policy_for(self, target: Target) -> Policy:
        """Return the policy of *target*: that for all, those of its groups, and its own."""
        return Policy.from_mapping(self.policy_as_written(target))

    def policy_as_written(self, target: Target) -> dict[str, Any]:
        return merged(*(each for _, each in self._layers_of(target, self.policy)))

    def tailoring_for(self, target: Target) -> Mapping[str, Tailoring]:
        """Return the changes to controls on *target*, later layers over earlier ones."""
        found: dict[str, Tailoring] = {}
        for way, controls in self._layers_of(target, self.controls):
            for name, entry in controls.items():
                before = found.get(name, Tailoring())
                off, by = before.off, before.by
                if "off" in entry:  # `off: false` switches it on again
                    place = self.document.place(("controls", *way, name, "off")) if self.document else ""
                    off, by = (entry["off"], place) if entry["off"] else ("", "")
                found[name] = Tailoring(entry.get("severity", before.severity), off, by)
        return found

    def all_tailoring(self) -> list[Layer]:
        return [(("controls", *way), each) for way, each in _layers(self.controls)]

    def groups_of(self, target: Target) -> tuple[str, ...]:
        """Return the groups of *target*, by its name if it is not of the inventory."""
        known = self._by_name.get(target.name)
        return target.groups or (known.groups if known else ())

    def _layers_of(self, target: Target, content: Mapping[str, Any]) -> list[Layer]:
        known = dict(_layers(content))
        ways = (("all",), *(("groups", name) for name in self.groups_of(target)), ("targets", target.name))
        return [(way, known[way]) for way in ways if way in known]

    @cached_property
    def _by_name(self) -> Mapping[str, Target]:
        return {target.name: target for target in self.targets}


def load(path: Path) -> Inventory:
    """Read the inventory *path*, which may be one of Ansible, or raise InventoryError with all its faults."""
    # an audit without an inventory need not import a YAML parser
    from hullcheck.inventory import ansible, yamlfile

    if ansible.is_ansible(path):
        return ansible.load(path)
    return read(yamlfile.load(path))


def read(document: "Document") -> Inventory:
    """Return the inventory in *document*; raise as `load` does."""
    from hullcheck.inventory import specs
    from hullcheck.inventory.acceptance import files as acceptance_files

    faults = document.faults("inventory.json")
    if not document.shown:
        raise InventoryError(*document.messages(faults))
    data = _mapping(document.data)
    targets, policy = _mapping(data.get("targets")), _mapping(data.get("policy"))
    for name, entry in targets.items():
        connect = _mapping(entry).get("connect")
        if isinstance(connect, str) and (fault := specs.fault(connect)):
            faults["targets", name, "connect"] = fault
    controls = _mapping(data.get("controls"))
    stray = (*_stray("policy", targets, policy), *_stray("controls", targets, controls))
    for way, fault in (*policy_faults(policy), *stray):
        faults.setdefault(way, fault)
    waivers, attestations, more = acceptance_files.read(document)
    if faults or more:
        raise InventoryError(*map(hide_passwords, (*document.messages(faults), *more)))
    profiles = {name: " ".join(each.split()) for name, each in _mapping(data.get("profiles")).items()}
    beside = document.path.parent
    known = tuple(
        Target(name, _connect(each["connect"], beside), tuple(each.get("groups", ())), each.get("docker_host"))
        for name, each in targets.items()
    )
    further = tuple(beside / each for each in acceptance_files.named(data))
    return Inventory(document.path, known, policy, controls, profiles, waivers, attestations, document, further)


def load_releases(path: Path) -> tuple[KnownReleases, bytes]:
    """Return the releases in the file of `--releases`, and its bytes, or raise InventoryError."""
    from hullcheck.inventory import yamlfile

    document = yamlfile.load(path)  # JSON is YAML, and this reader knows the lines
    if faults := document.faults("releases.json"):
        raise InventoryError(*document.messages(faults))
    content = path.read_bytes()
    try:
        return KnownReleases.of(document.data, content), content
    except ValueError as error:
        raise InventoryError(f"{path}: {error}") from None


def _connect(written: str, beside: Path) -> str:
    """Return *written*, with a recording's path relative to the inventory if only found there."""
    backend, separator, path = written.partition("://")
    file = path.partition("?")[0] if backend == COMPOSE else path
    if backend not in WITHOUT_HOST or Path(file).exists() or not (beside / file).exists():
        return written
    return f"{backend}{separator}{beside / path}"


# ---- faults that a schema cannot find, or not as well


def _mapping(value: object) -> Mapping[str, Any]:
    """Return *value* if it is a mapping, else an empty one, as the schema reports that."""
    return value if isinstance(value, dict) else {}


def _layers(content: Mapping[str, Any]) -> Iterator[Layer]:
    """Yield the parts of a policy or of changed controls: for all, for groups and for targets."""
    yield ("all",), _mapping(content.get("all"))
    for section in ("groups", "targets"):
        for name, each in _mapping(content.get(section)).items():
            yield (section, name), _mapping(each)


def policy_faults(policy: Mapping[str, Any]) -> Iterator[tuple["Way", str]]:
    """Yield the faults in single policies, such as a range of ports that runs backwards."""
    for way, entry in _layers(policy):
        yield from ((("policy", *way, *inner), fault) for inner, fault in value_faults(entry))


def _stray(part: str, targets: Mapping[str, Any], content: Mapping[str, Any]) -> Iterator[tuple["Way", str]]:
    """Yield a fault for each group without targets and each unknown target."""
    groups = (_mapping(entry).get("groups") for entry in targets.values())
    known = {
        "groups": {str(name) for each in groups if isinstance(each, list) for name in each},
        "targets": set(targets),
    }
    said = {"groups": "no target is in this group", "targets": "there is no target of this name"}
    for way, _ in _layers(content):
        if way != ("all",) and way[1] not in known[way[0]]:
            yield (part, *way), f"{said[way[0]]}; {did_you_mean(way[1], known[way[0]])}"
