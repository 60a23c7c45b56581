"""What is known of a target under each group of countermeasures of NIST SP 800-190."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from hullcheck.facts.containers import Container
from hullcheck.facts.daemon import Daemon
from hullcheck.facts.images import Image
from hullcheck.facts.registry import Later
from hullcheck.facts.subjects import Subjects


@dataclass(frozen=True)
class Checklist:
    """What is known of a target, in words."""

    daemon: Daemon
    images: Later[Subjects[Image]]
    containers: Later[Subjects[Container]]
    os_name: str

    def of_images(self) -> str:
        """How many there are, and from where."""
        found = [image for _, image in self.images.get()]
        unknown = sum(not image.origins for image in found)
        return f"{len(found)} images, {unknown} of them from no registry that is known"

    def of_registries(self) -> str:
        """Which are used, and how."""
        images = [image for _, image in self.images.get()]
        hosts = sorted({origin.partition("/")[0] for image in images for origin in image.origins})
        insecure = self.daemon.insecure_registries
        return (
            f"images from {', '.join(hosts) or 'no registry that is known'}; "
            f"reached without verified TLS: {', '.join(insecure) or 'none'}"
        )

    def of_orchestrator(self) -> str:
        """Whether there is one."""
        return f"swarm mode is {self.daemon.engine.value('Swarm', 'LocalNodeState') or 'inactive'}"

    def of_containers(self) -> str:
        """The engine, and how many there are."""
        found = self.containers.get().named
        running = sum(container.running for _, container in found)
        return f"engine {self.daemon.engine.version}, {len(found)} containers, {running} running"

    def of_host(self) -> str:
        """Its operating system."""
        return self.os_name or "an operating system that does not say its name"

    def of_hardware(self) -> str:
        """Where to look."""
        return "nothing of the hardware is read: whether its boot is measured, its records say"


SECTIONS: Mapping[str, Callable[[Checklist], str]] = {
    "4.1 images": Checklist.of_images,
    "4.2 registries": Checklist.of_registries,
    "4.3 orchestrator": Checklist.of_orchestrator,
    "4.4 containers": Checklist.of_containers,
    "4.5 host": Checklist.of_host,
    "4.6 hardware": Checklist.of_hardware,
}
"""The groups by number and name, each to be looked at by a person."""
