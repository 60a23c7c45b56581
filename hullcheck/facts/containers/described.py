"""What the engine calls a container, and what it says of its state."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hullcheck.parsing.times import engine_moment
from hullcheck.verdicts import EvidenceError


@dataclass(frozen=True)
class Described:
    """A container as the engine describes it.

    Attributes:
        description: the allowed part of `docker inspect`.
    """

    description: Mapping[str, Any]

    @property
    def name(self) -> str:
        """Its name, without the slash."""
        return str(self.description["Name"]).removeprefix("/")

    @property
    def id(self) -> str:
        """Its id, in full."""
        return str(self.description["Id"])

    def setting(self, name: str) -> Any:
        """A field of HostConfig.

        Raises:
            EvidenceError: the engine does not report it.
        """
        try:
            return self.description["HostConfig"][name]
        except (KeyError, TypeError):
            raise EvidenceError(f"docker inspect does not report HostConfig.{name}") from None

    # ---- its state

    @property
    def running(self) -> bool:
        """Whether it has processes.

        One that waits to be restarted has none, though the engine calls it running.
        """
        return bool(self.description["Running"]) and not (self.restarting and not self.pid)

    @property
    def restarting(self) -> bool:
        """Whether the engine starts it again and again."""
        return self.status == "restarting"

    @property
    def status(self) -> str:
        """Its state, in the engine's word: `created`, `running`, `exited`."""
        return str(self.description["Status"])

    @property
    def pid(self) -> int:
        """The process id of its main process on the engine's machine, or 0."""
        return int(self.description["Pid"])

    @property
    def started(self) -> float | None:
        """When it was last started, in seconds since the epoch, or None where it never was."""
        return engine_moment(self.description["Started"])

    @property
    def creation_time(self) -> Any:
        """When it was created, as the engine writes it."""
        return self.description.get("Created")

    @property
    def end_time(self) -> Any:
        """When it last ended, as the engine writes it."""
        return self.description.get("Finished")

    @property
    def health(self) -> Any:
        """What its health check says, or None without one."""
        return self.description["Health"]

    @property
    def health_check_kind(self) -> str:
        """The kind of its health check, as `kind_of_check` returns it."""
        return str(self.description["Healthcheck"] or "")
