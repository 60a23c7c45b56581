"""What is known of a target under each group of countermeasures of NIST SP 800-190."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hullcheck.facts.subjects import Subjects

if TYPE_CHECKING:
    from hullcheck.facts import Facts


@dataclass(frozen=True)
class Section:
    """One group of countermeasures.

    Attributes:
        number: in the publication.
        known: what is known of the target, in words.
    """

    number: str
    known: Callable[[], str]


def _images(facts: "Facts") -> str:
    found = [image for _, image in facts.image]
    unknown = sum(not image.origins for image in found)
    return f"{len(found)} images, {unknown} of them from no registry that is known"


def _registries(facts: "Facts") -> str:
    images = [image for _, image in facts.image]
    hosts = sorted({origin.partition("/")[0] for image in images for origin in image.origins})
    insecure = facts.daemon.insecure_registries
    return (
        f"images from {', '.join(hosts) or 'no registry that is known'}; "
        f"reached without verified TLS: {', '.join(insecure) or 'none'}"
    )


def _orchestrator(facts: "Facts") -> str:
    return f"swarm mode is {facts.engine.value('Swarm', 'LocalNodeState') or 'inactive'}"


def _containers(facts: "Facts") -> str:
    running = sum(container.running for _, container in facts.container)
    return f"engine {facts.engine.version}, {len(facts.container.named)} containers, {running} running"


def _host(facts: "Facts") -> str:
    return facts.os_name or "an operating system that does not say its name"


def _hardware(facts: "Facts") -> str:
    assert facts.engine  # without one there is nothing to list
    return "nothing of the hardware is read: whether its boot is measured, its records say"


_SECTIONS: Mapping[str, tuple[str, Callable[["Facts"], str]]] = {
    "4.1 images": ("4.1", _images),
    "4.2 registries": ("4.2", _registries),
    "4.3 orchestrator": ("4.3", _orchestrator),
    "4.4 containers": ("4.4", _containers),
    "4.5 host": ("4.5", _host),
    "4.6 hardware": ("4.6", _hardware),
}


def sections(facts: "Facts") -> Subjects[Section]:
    """All groups, each to be looked at by a person.

    Raises:
        NotApplicable: there is no engine on the target.
        EvidenceError: it did not answer.
    """
    assert facts.engine
    named = ((name, _section(facts, *each)) for name, each in _SECTIONS.items())
    return Subjects("section", tuple(named))


def _section(facts: "Facts", number: str, known: Callable[["Facts"], str]) -> Section:
    return Section(number, lambda: known(facts))
