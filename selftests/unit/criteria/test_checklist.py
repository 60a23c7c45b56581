"""What is known under each group of countermeasures."""

from types import SimpleNamespace
from typing import Any

from hullcheck.criteria.checklist import SECTIONS, Checklist
from hullcheck.facts.registry import Later
from hullcheck.facts.subjects import Subjects


def test_what_is_known() -> None:
    """Each group has its sentence, of what there is and of what there is not."""
    engine = SimpleNamespace(version="26.1.5", value=lambda *keys: "active")
    daemon: Any = SimpleNamespace(engine=engine, insecure_registries=("reg:5000",))
    images: Any = Subjects(
        "image", (("a", SimpleNamespace(origins=("reg:5000/a",))), ("b", SimpleNamespace(origins=())))
    )
    containers: Any = Subjects("container", (("c", SimpleNamespace(running=True)),))
    known = Checklist(daemon, Later(lambda: images), Later(lambda: containers), "")
    assert {name: say(known) for name, say in SECTIONS.items()} == {
        "4.1 images": "2 images, 1 of them from no registry that is known",
        "4.2 registries": "images from reg:5000; reached without verified TLS: reg:5000",
        "4.3 orchestrator": "swarm mode is active",
        "4.4 containers": "engine 26.1.5, 1 containers, 1 running",
        "4.5 host": "an operating system that does not say its name",
        "4.6 hardware": "nothing of the hardware is read: whether its boot is measured, its records say",
    }
