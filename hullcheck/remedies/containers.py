"""What mends failures of containers: limits that the engine changes at once, and options to create them with."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from hullcheck.facts.containers import Container
from hullcheck.remedies import ContainerLimit, ContainerOptions
from hullcheck.remedies.outcome import Outcome
from hullcheck.results.failures import Failure
from hullcheck.verdicts import EvidenceError

_NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_.-]*", re.ASCII)
_ANOTHER = "it has another cause than those for which a remedy has been proven"
_UNUSUAL = "it is no container, or has an unusual name"
_GIVEN = "it is created with `--cap-add` of the same, or of all: leave that out first"
_DROP = "--cap-drop "


@dataclass(frozen=True)
class Limit:
    """A limit of one container, which `docker update` changes while it runs.

    Attributes:
        shown: the Go template that gives the value of now to `docker inspect`.
    """

    container: str
    option: str
    value: str
    shown: str
    more: tuple[str, ...] = ()


@dataclass(frozen=True)
class Options:
    """How one container is started when it is created again: with the options *add* and without those of *drop*."""

    container: str
    add: tuple[str, ...]
    drop: tuple[str, ...]


def limits(found: Sequence[tuple[Failure, ContainerLimit]]) -> tuple[tuple[Limit, ...], Outcome]:
    """The limits of containers."""
    made = list[Limit]()

    def mend(failure: Failure, remedy: ContainerLimit) -> None:
        _require(failure, remedy.finding)
        made.append(Limit(failure.finding.subject, remedy.option, remedy.value, remedy.shown, remedy.more))

    outcome = Outcome.of(found, mend)
    return tuple(made), outcome


def options(
    found: Sequence[tuple[Failure, ContainerOptions]], known: Mapping[str, Container]
) -> tuple[tuple[Options, ...], Outcome]:
    """The options of containers that are created again.

    Args:
        known: the containers of the target, by name.
    """
    add: dict[str, dict[str, None]] = {}
    drop: dict[str, dict[str, None]] = {}

    def mend(failure: Failure, remedy: ContainerOptions) -> None:
        _require(failure, remedy.finding)
        name = failure.finding.subject
        if name in known and _is_given(known[name], remedy):
            raise EvidenceError(_GIVEN)
        add.setdefault(name, {}).update(dict.fromkeys(remedy.add))
        drop.setdefault(name, {}).update(dict.fromkeys(remedy.drop))

    outcome = Outcome.of(found, mend)
    return tuple(Options(name, tuple(add[name]), tuple(drop[name])) for name in add), outcome


def _is_given(container: Container, remedy: ContainerOptions) -> bool:
    """Whether the container is given what the remedy takes away: the engine then does not take it away."""
    try:
        named = container.host_config.cap_add or ()
    except EvidenceError:
        return False
    added = {each.upper().removeprefix("CAP_") for each in named}
    dropped = {each.removeprefix(_DROP) for each in remedy.add if each.startswith(_DROP)}
    return bool(dropped and added & {"ALL", *dropped})


def _require(failure: Failure, cause: str) -> None:
    """Raise an EvidenceError unless the finding is of a container, and has the *cause* of the remedy."""
    if failure.finding.kind != "container" or not _NAME.fullmatch(failure.finding.subject):
        raise EvidenceError(_UNUSUAL)
    if not re.fullmatch(cause, failure.finding.reason):
        raise EvidenceError(_ANOTHER)


def by_container(found: Sequence[Options]) -> Mapping[str, str]:
    """What to do by container, as words with code of Markdown."""
    said = {}
    for each in found:
        parts = [("add", each.add), ("leave out", each.drop)]
        said[each.container] = "; ".join(
            f"{word} {', '.join(f'`{option}`' for option in options)}" for word, options in parts if options
        )
    return said
