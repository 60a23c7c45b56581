"""What a Compose file does not tell, and what stands for an engine and a kernel beside it."""

from collections.abc import Mapping
from typing import Any

from hullcheck.facts.containers import Partial
from hullcheck.facts.containers.compose_document import COMPOSE_FILE, document
from hullcheck.facts.registry import NOT_TOLD, fact
from hullcheck.recording import Recording
from hullcheck.verdicts import EvidenceError, NotApplicable


class Unknown(Partial):
    """A part of which a Compose file tells nothing but what is defined."""

    WHY = NOT_TOLD


class UnknownEngine:
    """The engine that will start the services: it is not known, but for where engines usually keep their data."""

    docker_root_dir = "/var/lib/docker"

    @property
    def info(self) -> "UnknownEngine":
        """What it says of itself."""
        return self

    def __getattr__(self, name: str) -> Any:
        """Tell nothing else.

        Raises:
            NotApplicable: always.
        """
        if name.startswith("__"):
            raise AttributeError(name)
        raise NotApplicable(NOT_TOLD)


class UnknownKernel:
    """The kernel below the services."""

    selinux = "enforcing"
    """As far as it depends on the file: whether a label is given, the engine decides."""

    def __getattr__(self, name: str) -> Any:
        """Tell nothing else.

        Raises:
            NotApplicable: always.
        """
        if name.startswith("__"):
            raise AttributeError(name)
        raise NotApplicable(NOT_TOLD)


@fact(COMPOSE_FILE, name="engine", on="compose")
def engine_of_file(recording: Recording) -> UnknownEngine:
    """Stands for the engine that will start the services."""
    return UnknownEngine()


@fact(COMPOSE_FILE, name="kernel", on="compose")
def kernel_of_file(recording: Recording) -> UnknownKernel:
    """Stands for the kernel below that engine."""
    return UnknownKernel()


@fact(COMPOSE_FILE, name="image_names", on="compose")
def images_of_file(recording: Recording) -> Mapping[str, str]:
    """No image is there yet."""
    return {}


@fact(COMPOSE_FILE, name="clock", on="compose")
def clock_of_file(recording: Recording) -> None:
    """Nothing of a Compose file has a time."""
    return


@fact(name="engine_version", on="compose")
def engine_version_of_file() -> str:
    """No engine is asked."""
    return ""


@fact(COMPOSE_FILE, name="os_name", on="compose")
def reader_of_file(recording: Recording) -> str:
    """What read and merged the files, in the place of a system."""
    try:
        return f"read by {document(recording)['reader']}"
    except EvidenceError:
        return ""
