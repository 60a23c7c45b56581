"""The verdict over each requirement of a framework."""

from dataclasses import dataclass

NOT_COVERED = "not covered"

INCOMPLETE = "incomplete"


@dataclass(frozen=True)
class Requirement:
    """One requirement and the verdict over all its controls and targets.

    Attributes:
        id: as controls name it: with the edition where the framework has several, as `800-53:AC-6`.
        verdict: the worst one, or `not covered` where no control speaks for it, or `incomplete` where some were
            not judged on every target, and nothing is worse than what they could still change.
        controls: all that speak for it.
        deciding: those of them that have this verdict.
        left_out: those of them that were not judged on every target.
    """

    id: str
    title: str
    verdict: str
    controls: tuple[str, ...]
    deciding: tuple[str, ...]
    left_out: tuple[str, ...]


@dataclass(frozen=True)
class Rollup:
    """The requirements of one framework, in the order of `markers.ini`.

    Attributes:
        framework: the name of its marker.
        name: title and version.
        relation: what a control is to a requirement: `supports` a part of it, or `judges` the whole of it.
    """

    framework: str
    name: str
    relation: str
    note: str
    requirements: tuple[Requirement, ...]
