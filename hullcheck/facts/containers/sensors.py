"""Products that watch what containers do: which of them run, and which start with the host."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from shlex import quote

from hullcheck.data.runtime_security import PRODUCTS, Product
from hullcheck.facts.containers import Container
from hullcheck.facts.engine.info import Engine
from hullcheck.facts.registry import Later, fact
from hullcheck.facts.subjects import Subjects
from hullcheck.parsing import systemctl
from hullcheck.recording import Recording
from hullcheck.recording.probe import Probe
from hullcheck.secrets.redact import lines_like

SENSORS = Probe.from_file(
    "sensors",
    lines_like("(?:Id|ActiveState|UnitFileState)=.*"),
    UNITS=" ".join(quote(unit) for each in PRODUCTS.values() for unit in each.units),
)
_ENABLED = ("enabled", "alias", "generated")
_RESTARTED = ("always", "unless-stopped")


@dataclass(frozen=True)
class Sensor:
    """A unit or a container of a product that runs.

    Attributes:
        product: its name in `PRODUCTS`.
        at_boot: the state of the unit's file, or the restart policy of the container.
        starts: whether it starts with the host.
    """

    product: str
    place: str
    at_boot: str
    starts: bool

    def __str__(self) -> str:
        return f"{PRODUCTS[self.product].title} runs ({self.place}, {self.at_boot})"


@fact(SENSORS)
def sensors(recording: Recording, engine: Engine, container: Later[Subjects[Container]]) -> dict[str, Sensor]:
    """The products for runtime security that run, by name; of several units one that starts with the host.

    Raises:
        EvidenceError: units or containers could not be listed.
    """
    units = systemctl.units(recording.text(SENSORS), "ActiveState", "UnitFileState")
    running = [each for _, each in container.get() if each.running]
    found = [
        sensor
        for name, product in PRODUCTS.items()
        for sensor in (*_units(name, product, units), *_containers(name, product, running))
    ]
    return {each.product: each for each in sorted(found, key=lambda each: each.starts)}


def _units(name: str, product: Product, units: Mapping[str, Mapping[str, str]]) -> Iterator[Sensor]:
    for unit, shown in units.items():
        known = any(fnmatchcase(unit, pattern) for pattern in product.units)
        if known and shown["ActiveState"] == "active":
            state = shown["UnitFileState"] or "without a file"
            yield Sensor(name, f"unit {unit}", state, state in _ENABLED)


def _containers(name: str, product: Product, containers: list[Container]) -> Iterator[Sensor]:
    for each in containers:
        if product.has_image(each.configuration.image.name):
            policy = each.host_config.restart_policy.name or "no"
            starts = policy in _RESTARTED or bool(each.configuration.service_id)
            yield Sensor(name, f"container {each.name}", f"restart policy {policy}", starts)
