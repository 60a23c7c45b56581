"""Products for runtime security that run, and whether they start with the host."""

from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase

from msgspec import Struct

from hullcheck.data.runtime_security import PRODUCTS, Product
from hullcheck.facts.containers import Container
from hullcheck.facts.engine.info import Engine
from hullcheck.facts.host.units import Units
from hullcheck.facts.registry import Later, fact
from hullcheck.facts.subjects import Subjects
from hullcheck.parsing.answer_lines import Unit

_ENABLED = ("enabled", "alias", "generated")
_RESTARTED = ("always", "unless-stopped")


class Sensor(Struct, frozen=True):
    """A running unit or container of a product, and whether it starts with the host."""

    product: str
    place: str
    at_boot: str  # the state of the unit's file, or the restart policy of the container
    starts: bool


@fact()
def sensors(engine: Engine, units: Units, container: Later[Subjects[Container]]) -> dict[str, Sensor]:
    """The running products for runtime security, by name."""
    running = [each for _, each in container.get() if each.running]
    found = [each for one in PRODUCTS.items() for each in (*_units(*one, units.shown), *_containers(*one, running))]
    return {each.product: each for each in sorted(found, key=lambda each: each.starts)}


def _units(name: str, product: Product, units: Mapping[str, Unit]) -> Iterator[Sensor]:
    for unit, shown in units.items():
        known = any(fnmatchcase(unit, pattern) for pattern in product.units)
        if known and shown.active == "active":
            state = shown.file or "without a file"
            yield Sensor(name, f"unit {unit}", state, state in _ENABLED)


def _containers(name: str, product: Product, containers: list[Container]) -> Iterator[Sensor]:
    for each in containers:
        if product.has_image(each.image.name):
            policy = each.host_config.restart_policy.name or "no"
            starts = policy in _RESTARTED or bool(each.service_id)
            yield Sensor(name, f"container {each.name}", f"restart policy {policy}", starts)
