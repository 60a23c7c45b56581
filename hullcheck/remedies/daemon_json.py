"""The settings of daemon.json that mend failures, merged with those that are on the host."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hullcheck.facts import Facts
from hullcheck.facts.engine.daemon import Daemon
from hullcheck.facts.subjects import DAEMON_DEFAULT
from hullcheck.remedies import Settings
from hullcheck.remedies.merge import merged, written
from hullcheck.remedies.outcome import Outcome
from hullcheck.remedies.words import is_plain_path
from hullcheck.results.failures import Failure
from hullcheck.secrets.redact import DROPPED, HIDDEN
from hullcheck.verdicts import EvidenceError

_UNIT = re.compile(r"[\w.@:-]+\.service", re.ASCII)
_MOVES_DATA = "userns-remap"


@dataclass(frozen=True)
class DaemonChange:
    """What is changed in a daemon.json.

    Attributes:
        path: the file on the host.
        there: whether there is one already.
        put: the settings that are set, each as a whole.
        without: those that are taken out.
        merged: the whole file; empty where the recording does not hold all that is in it.
        unit: the unit that starts the engine; empty where systemd does not.
    """

    path: str
    there: bool
    put: Mapping[str, Any]
    without: tuple[str, ...]
    merged: str
    unit: str

    @property
    def moves_data(self) -> bool:
        """Whether the engine starts with another data root."""
        return _MOVES_DATA in self.put

    @property
    def settings(self) -> str:
        """What is to be merged, for a program that does it on the host."""
        return written({"put": dict(self.put), "without": list(self.without)})


@dataclass(frozen=True)
class _Known:
    """What is known of the settings on the host.

    Attributes:
        flags: the names of those on the command line, of this start and of the next one.
        in_swarm: whether the host is a node of a swarm, or may be one.
    """

    path: str
    there: bool
    document: Mapping[str, Any]
    flags: frozenset[str]
    unit: str
    in_swarm: bool

    @classmethod
    def of(cls, daemon: Daemon) -> "_Known":
        """Read it.

        Raises:
            EvidenceError: it is unknown, or cannot be changed in a file of root's.
        """
        if daemon.engine.rootless:
            raise EvidenceError("the engine is rootless: its settings are those of its user")
        config, unit = daemon.config, daemon.unit
        if not is_plain_path(config.path):
            raise EvidenceError("the engine has no configuration file, or one whose path is unusual")
        flags = (*daemon.process.flags, *daemon.configuration.next_flags)
        names = frozenset(name for name, _ in flags)
        swarm = daemon.engine.info.swarm.local_node_state != "inactive"
        document = config.values()
        name = unit.name if unit and _UNIT.fullmatch(unit.name) else ""
        return cls(config.path, config.state == "read", document, names, name, swarm)


def change(found: Sequence[tuple[Failure, Settings]], facts: Facts) -> tuple[DaemonChange | None, Outcome]:
    """What to change to mend these failures; None where nothing of it can be done in the file."""
    put, without = dict[str, Any](), dict[str, None]()

    def mend(failure: Failure, remedy: Settings) -> None:
        known = _Known.of(facts.get("daemon"))
        _require_effect(failure, remedy, known)
        put.update(remedy.put)
        without.update(dict.fromkeys(name for name in remedy.without if name in known.document))

    outcome = Outcome.of(found, mend)
    if not outcome.mended:
        return None, outcome
    known = _Known.of(facts.get("daemon"))
    whole = merged(dict(known.document), put, without)
    text = "" if _is_hidden(known.document) else written(whole)
    return DaemonChange(known.path, known.there, put, tuple(without), text, known.unit), outcome


def _require_effect(failure: Failure, remedy: Settings, known: _Known) -> None:
    """Check that a change of the file mends this failure.

    Raises:
        EvidenceError: it does not; the message says why.
    """
    if twice := [name for name in (*remedy.put, *remedy.without, *remedy.only) if name in known.flags]:
        raise EvidenceError(
            f"--{twice[0]} is on the engine's command line: change it there (`systemctl edit"
            f" {known.unit or 'docker.service'}`), as a setting that stands in both keeps the engine from starting"
        )
    if failure.finding.kind == "log" and failure.finding.subject != DAEMON_DEFAULT:
        raise EvidenceError(
            "a container keeps the log options that it was created with: create it again after the restart"
        )
    if remedy.no_swarm and known.in_swarm:
        raise EvidenceError("the host is a node of a swarm, or may be one, which cannot have this setting")
    if remedy.without and not any(name in known.document for name in remedy.without):
        raise EvidenceError(f"no setting of {known.path} is the cause; see the finding")
    for name, values in remedy.only.items():
        if known.document.get(name) not in values:
            raise EvidenceError(f"{name} is a choice of the site, in {known.path}")
    document = dict(known.document)
    same = bool(remedy.put) and merged(document, dict(remedy.put), ()) == document
    if same and "restart pending" not in failure.finding.reason:
        raise EvidenceError(
            f"{known.path} has the setting already, and something else is the cause; see the finding"
        )


def _is_hidden(value: Any) -> bool:
    """Whether a part of a recorded value was not kept, as it may be a secret or is not judged."""
    if isinstance(value, Mapping):
        return any(_is_hidden(each) for each in (*value.keys(), *value.values()))
    if isinstance(value, list):
        return any(map(_is_hidden, value))
    return isinstance(value, str) and (HIDDEN in value or value == DROPPED)
