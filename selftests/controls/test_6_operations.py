"""Section 6: what lies about is counted by what uses it, and its age is judged when it was recorded."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from hullcheck.facts import Facts
from hullcheck.facts.images.unused import Idle, older_than
from hullcheck.policy import Policy, SprawlLimits
from hullcheck.recording import Recording
from hullcheck.recording.probe import Answer
from selftests.kit.facts import PRESENT
from selftests.kit.facts.container_host import DESCRIPTION
from selftests.kit.facts.containers import answer
from selftests.kit.facts.engines import engine_text
from selftests.kit.facts.images import kept
from selftests.kit.judging import judged

NOW = "2026-06-30T12:00:00Z"
NEVER = "0001-01-01T00:00:00Z"


def image(
    name: str, *tags: str, parent: str = "", created: str = NOW, tagged: str = NEVER, **more: Any
) -> dict[str, Any]:
    """An image whose id is made of its name, as the engine describes it."""
    document = {"Id": identifier(name), "Parent": identifier(parent) if parent else "", "Created": created}
    return document | {"RepoTags": list(tags), "Metadata": {"LastTagTime": tagged}} | more


def identifier(name: str) -> str:
    """The id of an image made for a test."""
    return f"sha256:{name.encode().hex():0<64}"


def container(
    name: str,
    created: str = NOW,
    finished: str = NEVER,
    status: str = "exited",
    of: str = "",
    mounted: tuple[str, ...] = (),
) -> dict[str, Any]:
    """A container, which does not run if nothing else is said."""
    document = {
        **DESCRIPTION,
        "Id": identifier(name).removeprefix("sha256:"),
        "Name": f"/{name}",
        "HostConfig": {},
    }
    document |= {"Status": status, "Running": False, "Pid": 0, "Image": identifier(of), "Args": []}
    document["Mounts"] = [{"Type": "image", "Name": each, "Destination": "/x"} for each in mounted]
    return document | {"Created": created, "FinishedAt": finished}


def facts(*lines: Any, used: tuple[str, ...] = (), stderr: str = "", status: int = 0, **limits: Any) -> Facts:
    """A target of which the probes said this, where running containers were made from the images *used*."""
    running = [container(f"uses-{name}", status="running", of=name) for name in used]
    ours = [*running, *(line for line in lines if "Running" in line)]
    others = [line for line in lines if "Running" not in line]
    answers = {
        "images": Answer("images", status, kept(*others), stderr),
        "containers": answer(*ours),
        "host": PRESENT,
        "engine": Answer("engine", 0, engine_text(), ""),
    }
    gathered = datetime.fromisoformat(NOW).timestamp()
    recording = Recording("host", "local", answers, gathered=gathered)
    return Facts(recording, Policy(sprawl=SprawlLimits(**limits)))


def verdict(number: str, target: Facts) -> tuple[str, str]:
    """Verdict and reason."""
    return judged(number, target)["host"]


def days_ago(days: float) -> str:
    """A time as the engine writes it."""
    time = datetime.fromtimestamp(datetime.fromisoformat(NOW).timestamp() - days * 86400, UTC)
    return time.strftime("%Y-%m-%dT%H:%M:%S.%f123Z")


# ---- 6.1


def test_image_that_is_used_by_id() -> None:
    """An image counts as used by its id, whatever its names are now."""
    lines = (image("a", "a:1", "a:2", "b:1"), image("c"))
    assert verdict("6.1", facts(*lines, used=("a", "c"), unused_images=0)) == ("pass", "no unused images")
    found = verdict("6.1", facts(*lines, used=("c",), unused_images=0))
    assert found == ("fail", "1 unused images, allowed are 0: a:1 (0 d)")


@pytest.mark.parametrize(
    ("name", "is_used"),
    [
        ("tool:1", True),
        ("latest", True),
        ("tool", False),
        (identifier("tool"), True),
        ("tools:1", False),
    ],
)
def test_image_that_is_mounted(name: str, is_used: bool) -> None:
    """What a container mounts of an image keeps it from going away, by its name or id."""
    images = (image("web", "web:1"), image("tool", "tool:1", "latest:latest"))
    found = verdict("6.1", facts(*images, container("one", of="web", mounted=(name,)), unused_images=5))
    assert found[1] == ("no unused images" if is_used else "1 unused images: tool:1 (0 d)")


@pytest.mark.parametrize(("came", "days"), [(None, 400), (1, 1), (500, 400), (-1, 400)])
def test_image_that_was_brought_here(came: int | None, days: int) -> None:
    """The time of its file counts where it is later than its build, unless it is still to come."""
    target = facts(image("web", "web:1", created=days_ago(400)))
    if came is not None:
        moment = datetime.fromisoformat(NOW).timestamp() - came * 86400
        line = f"--came\n{moment:.0f} {identifier('web').removeprefix('sha256:')}\n--end"
        found = target.recording.answers["images"]
        told = Answer("images", 0, found.stdout.replace("--end", line), "")
        target.recording.answers["images"] = told  # type: ignore[index]
    assert verdict("6.1", target)[1].endswith(f"web:1 ({days} d)")


def test_image_without_a_name() -> None:
    """A dangling image counts under its short id; one that was pulled by digest, under that."""
    found = verdict("6.1", facts(image("a"), unused_images=0))
    assert found == ("fail", "1 unused images, allowed are 0: 610000000000 (0 d)")
    found = verdict("6.1", facts(image("a", RepoDigests=["reg/a@sha256:12"], RepoTags=None)))
    assert found == ("pass", "1 unused images: reg/a@sha256:12 (0 d)")
    assert "610000000000" in verdict("6.1", facts(image("a", "<none>:<none>")))[1]


def test_images_between() -> None:
    """What a used image was built from is used; what an unused one was built from counts once, with it."""
    chain = (
        image("base", "base:1"),
        image("layer", parent="base"),
        image("app", "app:1", parent="layer"),
        image("other", parent="layer"),
    )
    assert verdict("6.1", facts(*chain, used=("app",)))[1] == "1 unused images: 6f7468657200 (0 d)"
    assert verdict("6.1", facts(*chain))[1] == (
        "3 unused images: 6f7468657200 (0 d), app:1 (0 d), base:1 (0 d)"
    )


def test_parents_in_a_circle_end() -> None:
    """An answer that makes no sense does not hang the judge."""
    lines = (image("a", "a:1", parent="b"), image("b", "b:1", parent="a"))
    assert verdict("6.1", facts(*lines, used=("a",)))[0] == "pass"


@pytest.mark.parametrize(
    ("days", "tagged", "expected"),
    [(29, None, "pass"), (31, None, "fail"), (900, 29, "pass"), (900, 31, "fail")],
)
def test_age_of_an_image(days: int, tagged: int | None, expected: str) -> None:
    """It lies there since it was made, or last given a name here; old in the registry is not old here."""
    last = NEVER if tagged is None else days_ago(tagged)
    found, reason = verdict("6.1", facts(image("a", "a:1", created=days_ago(days), tagged=last)))
    assert found == expected
    assert ("there for more than 30 days: a:1 (31 d)" in reason) == (expected == "fail")


@pytest.mark.parametrize("created", [NEVER, "1970-01-01T00:00:00Z", "2099-01-01T00:00:00Z", ""])
def test_age_that_the_build_does_not_tell(created: str) -> None:
    """A build may set no true time: a person has to say since when the image is here, if the engine does not."""
    undated = image("a", "a:1", created=created)
    assert verdict("6.1", facts(undated, image("b")))[0] == "manual"
    assert "a:1 (of unknown age)" in verdict("6.1", facts(undated))[1]
    assert verdict("6.1", facts(undated, used=("a",)))[0] == "pass"
    assert verdict("6.1", facts(undated, unused_images=0))[0] == "fail"
    assert verdict("6.1", facts(undated, image("c", created=days_ago(31))))[0] == "fail"
    tagged = {days: image("a", "a:1", created=created, tagged=days_ago(days)) for days in (29, 31)}
    assert {days: verdict("6.1", facts(each))[0] for days, each in tagged.items()} == {29: "pass", 31: "fail"}


def test_number_of_images() -> None:
    """Ten pass where the policy is silent, eleven fail, and no more than ten names are shown."""
    lines = [image(f"{number:02}", f"i:{number}", created=days_ago(number)) for number in range(12)]
    assert verdict("6.1", facts(*lines[:10]))[0] == "pass"
    assert verdict("6.1", facts(*lines[:11]))[0] == "fail"
    found, reason = verdict("6.1", facts(*lines))
    assert found == "fail"
    assert reason.startswith("12 unused images, allowed are 10: i:11 (11 d), i:10 (10 d)")
    assert reason.endswith("i:2 (2 d) and 2 more")
    assert verdict("6.1", facts(*lines, unused_images=12))[0] == "pass"
    many = [image(f"{number:02}", f"i:{number}", created=days_ago(number)) for number in range(25)]
    assert verdict("6.1", facts(*many))[1].endswith(" and 15 more")


# ---- 6.2


@pytest.mark.parametrize(
    ("created", "finished", "expected"),
    [(900, 29, "pass"), (900, 31, "fail"), (29, None, "pass"), (31, None, "fail")],
)
def test_age_of_a_container(created: int, finished: int | None, expected: str) -> None:
    """It lies there since it stopped; one that never ran, since it was made."""
    end = NEVER if finished is None else days_ago(finished)
    found, reason = verdict("6.2", facts(container("web", days_ago(created), end)))
    assert found == expected
    assert "web (" in reason


def test_number_of_containers() -> None:
    """More than the policy allows fail, all that are allowed pass."""
    lines = [container(name) for name in "abc"]
    assert verdict("6.2", facts(*lines))[0] == "pass"
    assert verdict("6.2", facts(*lines, stopped_containers=3))[0] == "pass"
    assert verdict("6.2", facts(*lines, stopped_containers=2)) == (
        "fail",
        "3 stopped containers, allowed are 2: a (0 d), b (0 d), c (0 d)",
    )
    assert verdict("6.2", facts()) == ("pass", "no stopped containers")


def test_limit_of_age_is_a_limit() -> None:
    """What is as old as the policy allows passes, and what is older by a moment does not."""
    lines = [Idle("a", 30.0), Idle("b", 30.001), Idle("c", 29.0)]
    assert [each.name for each in older_than(lines, 30)] == ["b"]


def test_image_is_called_by_its_name() -> None:
    """By a tag, or else a digest; one that has neither, by its id."""
    a, b = image("a", "<none>:<none>", "a:1"), image("b", "<none>:<none>")
    found = facts(a, b).sprawl.unused_images
    assert {each.name for each in found} == {"a:1", identifier("b")[7:19]}


# ---- evidence


def test_answers_that_cannot_be_judged() -> None:
    """A failed probe, a description that is cut off and one without a time are errors."""
    no_engine = facts(status=1, stderr="Cannot connect to the Docker daemon")
    assert verdict("6.1", no_engine) == ("error", "images: Cannot connect to the Docker daemon")
    for wrong in (image("a", created="yesterday"), image("a", RepoTags=5)):
        assert verdict("6.1", facts(wrong))[0] == "error"
    assert verdict("6.2", facts(container("a", created="x", finished="y"))) == (
        "error",
        "docker inspect: 'x' is not a time",
    )
    assert verdict("6.2", facts(container("a", created="2026-06-30T12:00:00")))[0] == "error"  # of no zone


# ---- policy


def test_limits_of_the_policy() -> None:
    """Limits are read as a file writes them; nothing said is the default."""
    assert Policy.from_mapping({}).sprawl == SprawlLimits(10, 10, 30)
    policy = Policy.from_mapping({"sprawl": {"unused_images": 0, "max_age_days": 7}})
    assert policy.sprawl == SprawlLimits(0, 10, 7)
