"""Section 6: what lies about is counted by what uses it, and its age is judged when it was recorded."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from hullcheck.facts import Facts
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


@pytest.mark.parametrize(
    ("mounted", "used", "unused"),
    [
        ((), ("web", "tool"), ()),
        ((), ("web",), ("tool:1",)),
        (("tool:1",), ("web",), ()),
        (("latest",), ("web",), ()),
        ((identifier("tool"),), ("web",), ()),
        (("tool",), ("web",), ("tool:1",)),
    ],
)
def test_image_in_use(mounted: tuple[str, ...], used: tuple[str, ...], unused: tuple[str, ...]) -> None:
    """An image counts as used by its id, whatever its names are now, and by a mount of it by name or id."""
    images = (image("web", "web:1", "x:1"), image("tool", "tool:1", "latest:latest"))
    found = facts(*images, container("one", of="web", mounted=mounted), used=used)
    assert tuple(each.name for each in found.sprawl.unused_images) == unused


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


def test_names_of_images() -> None:
    """An image is called by a tag, or else its digest, or else its short id."""
    images = (
        image("a", "<none>:<none>", "a:1"),
        image("b", "<none>:<none>"),
        image("c", RepoDigests=["reg/a@sha256:12"], RepoTags=None),
    )
    found = facts(*images).sprawl.unused_images
    assert {each.name for each in found} == {"a:1", identifier("b")[7:19], "reg/a@sha256:12"}


def test_images_between() -> None:
    """What a used image was built from is used; what an unused one was built from counts once, with it."""
    chain = (
        image("base", "base:1"),
        image("layer", parent="base"),
        image("app", "app:1", parent="layer"),
        image("other", parent="layer"),
    )
    assert verdict("6.1", facts(*chain, used=("app",)))[1] == "1 unused images: 6f7468657200 (0 d)"
    assert (
        verdict("6.1", facts(*chain))[1] == "3 unused images: 6f7468657200 (0 d), app:1 (0 d), base:1 (0 d)"
    )
    circle = (image("a", "a:1", parent="b"), image("b", "b:1", parent="a"))
    assert verdict("6.1", facts(*circle, used=("a",)))[0] == "pass"


@pytest.mark.parametrize(
    ("created", "tagged", "expected"),
    [
        (days_ago(29), NEVER, "pass"),
        (days_ago(31), NEVER, "fail"),
        (days_ago(900), days_ago(29), "pass"),  # old in the registry is not old here
        (days_ago(900), days_ago(31), "fail"),
        (NEVER, NEVER, "manual"),
        ("1970-01-01T00:00:00Z", NEVER, "manual"),
        ("2099-01-01T00:00:00Z", NEVER, "manual"),
        (NEVER, days_ago(29), "pass"),
        (NEVER, days_ago(31), "fail"),
        ("yesterday", NEVER, "error"),
    ],
)
def test_age_of_an_image(created: str, tagged: str, expected: str) -> None:
    """It lies there since it was made, or last given a name here; a build may set no true time."""
    found, reason = verdict("6.1", facts(image("a", "a:1", created=created, tagged=tagged), image("b")))
    assert found == expected
    assert ("there for more than 30 days: a:1 (31 d)" in reason) == (expected == "fail")
    assert ("check since when" in reason) == (expected == "manual")


def test_number_of_images() -> None:
    """As many pass as the policy allows, and no more than ten names are shown."""
    lines = [image(f"{number:02}", f"i:{number}", created=days_ago(number)) for number in range(12)]
    assert verdict("6.1", facts(*lines[:10]))[0] == "pass"
    found, reason = verdict("6.1", facts(*lines))
    assert found == "fail"
    assert reason.startswith("12 unused images, allowed are 10: i:11 (11 d), i:10 (10 d)")
    assert reason.endswith("i:2 (2 d) and 2 more")
    assert verdict("6.1", facts(*lines, unused_images=12))[0] == "pass"
    assert verdict("6.1", facts(status=1, stderr="Cannot connect")) == ("error", "images: Cannot connect")


# ---- 6.2


@pytest.mark.parametrize(
    ("created", "finished", "expected"),
    [
        (days_ago(900), days_ago(29), "pass"),
        (days_ago(900), days_ago(31), "fail"),
        (days_ago(29), NEVER, "pass"),
        (days_ago(31), NEVER, "fail"),
        ("x", "y", "error"),
        ("2026-06-30T12:00:00", NEVER, "error"),  # of no zone
    ],
)
def test_age_of_a_container(created: str, finished: str, expected: str) -> None:
    """It lies there since it stopped; one that never ran, since it was made."""
    assert verdict("6.2", facts(container("web", created, finished)))[0] == expected


def test_number_of_containers() -> None:
    """More than the policy allows fail, all that are allowed pass."""
    lines = [container(name) for name in "abc"]
    assert verdict("6.2", facts(*lines, stopped_containers=3))[0] == "pass"
    assert verdict("6.2", facts(*lines, stopped_containers=2)) == (
        "fail",
        "3 stopped containers, allowed are 2: a (0 d), b (0 d), c (0 d)",
    )
    assert verdict("6.2", facts()) == ("pass", "no stopped containers")


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
