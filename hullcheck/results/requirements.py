"""The verdict over each requirement of a framework."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self

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

    def to_json(self) -> dict[str, Any]:
        """Plain strings and lists."""
        return {key: list(each) if isinstance(each, tuple) else each for key, each in asdict(self).items()}


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

    def to_json(self) -> dict[str, Any]:
        """Plain strings, lists and dicts."""
        return {**vars(self), "requirements": [each.to_json() for each in self.requirements]}

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Self:
        """The inverse of `to_json`."""
        requirements = tuple(
            Requirement(
                each["id"],
                each["title"],
                each["verdict"],
                tuple(each["controls"]),
                tuple(each["deciding"]),
                tuple(each["left_out"]),
            )
            for each in document["requirements"]
        )
        framework, name, relation, note = (document[key] for key in ("framework", "name", "relation", "note"))
        return cls(framework, name, relation, note, requirements)
