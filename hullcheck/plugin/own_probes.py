"""The probes of a user's own repository, as the hook `pytest_hullcheck_probes` gives them."""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence

from hullcheck import facts
from hullcheck.recording.probe import Probe

_HOOK = "pytest_hullcheck_probes"


def gathered(given: Iterable[Mapping[str, Sequence[Probe]]]) -> dict[str, tuple[Probe, ...]]:
    """The probes of all plugins, by the name of the fixture that reads their answers.

    Raises:
        ValueError: one of them could not be told from another, or has a name that no answer can have.
    """
    found: dict[str, tuple[Probe, ...]] = {}
    taken = {probe.name for probe in facts.PROBES}
    for mapping in given:
        if not isinstance(mapping, Mapping):
            raise ValueError(f"{_HOOK}: gives {mapping!r}; write {{'name_of_a_fixture': [Probe(...)]}}")
        for fixture, probes in mapping.items():
            if fixture in found or fixture in facts.ARGUMENTS:
                raise ValueError(f"{_HOOK}: there is a fixture {fixture!r} already; choose another name")
            found[fixture] = _checked(fixture, probes, taken)
            taken |= {probe.name for probe in found[fixture]}
    return found


def _checked(fixture: str, probes: Sequence[Probe], taken: Collection[str]) -> tuple[Probe, ...]:
    names: list[str] = []
    for probe in probes:
        if not isinstance(probe, Probe):
            raise ValueError(f'{_HOOK}: {fixture}: {probe!r} is no probe; write Probe("name", "command")')
        if not re.fullmatch(r"[a-z][a-z0-9_]*", probe.name):
            raise ValueError(
                f"{_HOOK}: {fixture}: a probe is named {probe.name!r}; write small letters, digits and '_'"
            )
        if probe.name in taken or probe.name in names:
            raise ValueError(
                f"{_HOOK}: {fixture}: there is a probe {probe.name!r} already; choose another name"
            )
        names.append(probe.name)
    return tuple(probes)
