"""Images with many flaws: a reason stays short, and says how much more there is."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from hullcheck.facts import Facts
from hullcheck.policy import Policy
from hullcheck.recording.probe import Answer
from selftests.kit.facts.images import BASE, DOCKER, ID, facts, inside, verdict


@pytest.mark.parametrize(
    ("number", "name", "found", "allowed"),
    [
        ("4.3", "Packages", [f"p{each}" for each in range(10, 31)], Policy(allowed_packages=())),
        ("4.8", "Special", [[f"/{each}", "4755"] for each in range(10, 31)], Policy()),
        ("4.8", "Capable", [[f"/{each}", ["SYS_ADMIN"]] for each in range(10, 31)], Policy()),
        ("4.8", "Capable", [[f"/{each}", ["unknown"]] for each in range(10, 31)], Policy()),
        ("4.8", "Capable", [[f"/{each}", ["NET_RAW"]] for each in range(10, 31)], Policy()),
        ("4.10", "Keys", [f"/{each}/id_rsa" for each in range(10, 31)], Policy()),
        ("4.10", "Keys", [f"/{each}/x.key" for each in range(10, 31)], Policy()),
    ],
)
def test_many_are_named_in_part(number: str, name: str, found: list[Any], allowed: Policy) -> None:
    """Of 21 files or packages twenty are named, and that there is another one."""
    target = facts(BASE)
    document = inside(f"sha256:{ID}", **{name: found})
    answers = target.recording.answers | {"image_contents": Answer("image_contents", 0, document, "")}
    seen = replace(target.recording, answers=answers)
    reason = verdict(number, Facts(seen, allowed, engine=DOCKER))[1]
    words = [str(each[0] if isinstance(each, list) else each) for each in found]
    assert [word in reason for word in words] == [True] * 20 + [False]
    assert "1 more" in reason
