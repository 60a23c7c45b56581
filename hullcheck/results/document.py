"""The document of results.json: an audit as JSON can hold it, and back (docs/results.md).

The same form travels from a worker of xdist to the main process.
"""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, TypeVar

from hullcheck.results import (
    Attestation,
    Audit,
    AuditedTarget,
    Control,
    Finding,
    Gate,
    Result,
    Run,
    SwitchedOff,
    User,
    Waiver,
)
from hullcheck.results.changes import Change, Changes, Moment
from hullcheck.results.requirements import Requirement, Rollup
from hullcheck.verdicts import Verdict

SCHEMA = "hullcheck/results/1"
_T = TypeVar("_T")

_LEFT_OUT: Mapping[type, tuple[str, ...]] = {
    **dict.fromkeys((SwitchedOff, User, Waiver, Attestation, Requirement, Rollup, Gate, Moment, Change), ()),
    Changes: ("before",),
    AuditedTarget: ("clock", "neighbours", "same_engine", "same_machine", "groups"),
    Control: ("cis_level",),
    Finding: ("accepted_by",),
    Result: ("severity", "switched_off"),
}
"""What the document leaves out of each value where it is empty."""


def to_json(value: Any) -> Any:
    """*value* or its parts in text, numbers, lists and dicts."""
    kind = type(value)
    if kind in _LEFT_OUT:
        optional = _LEFT_OUT[kind]
        return {name: to_json(part) for name, part in vars(value).items() if part or name not in optional}
    if kind is tuple:
        return [to_json(part) for part in value]
    if kind is dict:
        return {key: to_json(part) for key, part in value.items()}
    return str(value) if kind is Verdict else value


def from_json(kind: type[_T], document: Mapping[str, Any]) -> _T:
    """The inverse of `to_json`; what *kind* does not know is passed over.

    Raises:
        KeyError, TypeError, ValueError or AttributeError: the document is damaged.
    """
    parts = _PARTS.get(kind, {})
    known = kind.__annotations__
    return kind(
        **{
            name: parts[name](part) if name in parts else part
            for name, part in document.items()
            if name in known
        }
    )


def _all(kind: type[_T], documents: Any) -> tuple[_T, ...]:
    return tuple(from_json(kind, each) for each in documents)


def _tuples(lists: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    return {name: tuple(each) for name, each in lists.items()}


_PARTS: Mapping[type, Mapping[str, Callable[[Any], Any]]] = {
    AuditedTarget: dict.fromkeys(("neighbours", "same_engine", "same_machine", "groups"), tuple),
    Changes: dict.fromkeys(("new", "gone"), partial(_all, Change)) | {"before": partial(_all, Moment)},
    Attestation: dict.fromkeys(("targets", "subjects", "evidence"), tuple),
    Control: {"frameworks": _tuples},
    Finding: {"verdict": Verdict},
    Gate: {"broken": tuple},
    Requirement: dict.fromkeys(("controls", "deciding", "left_out"), tuple),
    Result: {
        "verdict": Verdict,
        "findings": partial(_all, Finding),
        "evidence": tuple,
        "switched_off": partial(from_json, SwitchedOff),
    },
    Rollup: {"requirements": partial(_all, Requirement)},
    Run: {"arguments": tuple, "user": partial(from_json, User), "limits": _tuples},
    SwitchedOff: {"otherwise": Verdict},
    Waiver: dict.fromkeys(("targets", "subjects"), tuple),
}
"""How the parts of each value are made that are no text and no number."""


def document_of(audit: Audit) -> dict[str, Any]:
    """All that results.json says; equal audits give equal documents."""
    document = {
        "schema": SCHEMA,
        "run": _run(audit.run),
        "targets": _by("name", audit.targets),
        "controls": _by("id", audit.controls),
        "results": to_json(audit.results),
        "requirements": to_json(audit.requirements),
        "waivers": to_json(audit.waivers),
        "attestations": to_json(audit.attestations),
    }
    later = {"since": to_json(audit.since), "gates": to_json(audit.gates)}
    return document | {name: each for name, each in later.items() if each}


def audit_of(document: Mapping[str, Any]) -> Audit:
    """The inverse of `document_of`.

    Raises:
        KeyError, TypeError, ValueError or AttributeError: it is damaged.
    """
    run = document["run"]
    return Audit(
        from_json(Run, {**run, "version": run["hullcheck"]}),
        tuple(from_json(AuditedTarget, {"name": name, **each}) for name, each in document["targets"].items()),
        tuple(from_json(Control, {"id": name, **each}) for name, each in document["controls"].items()),
        _all(Result, document["results"]),
        _all(Rollup, document["requirements"]),
        _all(Waiver, document["waivers"]),
        _all(Attestation, document["attestations"]),
        from_json(Changes, document["since"]) if "since" in document else None,
        _all(Gate, document.get("gates", ())),
    )


def _by(key: str, values: tuple[object, ...]) -> dict[str, Any]:
    """*values* without what is their key."""
    documents = map(to_json, values)
    return {each.pop(key): each for each in documents}


def _run(run: Run) -> dict[str, Any]:
    document = {
        "id": run.id,
        "started": run.started,
        "finished": run.finished,
        "hullcheck": run.version,
        "arguments": list(run.arguments),
        "exit_status": run.exit_status,
    }
    if run.user:
        document |= {"user": vars(run.user), "machine": run.machine}
    named = {"releases": dict(run.releases), "limits": _lists(run.limits), "shard": run.shard}
    named["inventory"] = run.inventory
    return document | {name: each for name, each in named.items() if each}


def _lists(patterns: Mapping[str, tuple[str, ...]]) -> dict[str, list[str]]:
    return {name: list(each) for name, each in patterns.items()}
