"""Section 6 on real engines: images and containers that lie about, and those that only look like it."""

from __future__ import annotations

import json
import tarfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from hullcheck.facts import Facts
from hullcheck.policy import Policy, SprawlLimits
from selftests.kit.judging import facts_of_engine, judged
from selftests.rig.shell import CommandError, call

if TYPE_CHECKING:
    from selftests.rig.engines.engine import Engine

EngineFactory = Callable[..., "Engine"]
NONE = Policy(sprawl=SprawlLimits(unused_images=0, stopped_containers=0))


def verdict(number: str, facts: Facts) -> tuple[str, str]:
    """Verdict and reason."""
    return judged(number, facts)["local"]


def audit(number: str, engine: Engine, policy: Policy = NONE) -> tuple[str, str]:
    """Verdict and reason on a running engine, of which nothing may lie about."""
    return verdict(number, facts_of_engine(engine.socket, policy, of=number))


def later(facts: Facts, days: int) -> Facts:
    """The same evidence, as if it had been gathered some days later."""
    recording = replace(facts.recording, gathered=facts.recording.gathered + days * 86400)
    return Facts(recording, Policy())


def built_long_ago(engine: Engine, folder: Path) -> bytes:
    """The archive of an image `old:1` that is like bb:1, and was built in 2020."""
    engine.docker("save", "--output", str(folder / "bb.tar"), "bb:1")
    with tarfile.open(folder / "bb.tar") as archive:
        archive.extractall(folder, filter="data")
    (manifest,) = json.loads((folder / "manifest.json").read_text())
    document = json.loads((folder / manifest["Config"]).read_text()) | {"created": "2020-01-01T00:00:00Z"}
    (folder / "old.json").write_text(json.dumps(document))
    named = {"Config": "old.json", "RepoTags": ["old:1"], "Layers": manifest["Layers"]}
    (folder / "manifest.json").write_text(json.dumps([named]))
    members = ("old.json", "manifest.json", *manifest["Layers"])
    call("tar", "--create", "--file", str(folder / "old.tar"), "--directory", str(folder), *members)
    return (folder / "old.tar").read_bytes()


def test_image_is_used_or_not(engine: EngineFactory) -> None:
    """An image fails until a container is made from it, running or not, and whatever its name is then."""
    one = engine()
    assert audit("6.1", one) == ("fail", "1 unused images, allowed are 0: bb:1 (0 d)")
    one.create("web")
    assert audit("6.1", one)[0] == "pass"
    one.docker("tag", "bb:1", "other:2")
    assert audit("6.1", one)[0] == "pass"
    one.docker("image", "rm", "bb:1")
    assert audit("6.1", one)[0] == "pass"
    one.docker("rm", "web")
    assert audit("6.1", one) == ("fail", "1 unused images, allowed are 0: other:2 (0 d)")
    assert audit("6.1", one, Policy())[0] == "pass"


@pytest.mark.needs_engine(">=28", "earlier ones mount no images")
@pytest.mark.parametrize("settings", [{}, {"features": {"containerd-snapshotter": True}}])
def test_image_that_is_mounted(engine: EngineFactory, settings: dict[str, object]) -> None:
    """An image of which a container mounts the files is used, and the engine does not remove it either."""
    one = engine(**settings)
    one.docker("build", "--tag", "tool:1", "-", stdin="FROM bb:1\nRUN touch /x\n")
    one.create("web", "--mount", "type=image,source=tool:1,target=/tool")
    assert audit("6.1", one) == ("pass", "no unused images")
    with pytest.raises(CommandError, match="is using"):
        one.docker("image", "rm", "tool:1")


def test_images_of_a_build(engine: EngineFactory) -> None:
    """What a used image was built from is used; a build that lost its name to the next one is not."""
    one = engine()
    file = "FROM bb:1\nRUN touch /{0}\nRUN touch /{0}2\nRUN touch /{0}3\n"
    one.docker("build", "--tag", "app:1", "-", stdin=file.format("a"))
    one.run("web", image="app:1")
    assert len(one.docker("image", "ls", "--all", "--quiet").split()) > 2
    assert audit("6.1", one) == ("pass", "no unused images")
    one.docker("build", "--tag", "next:1", "-", stdin=file.format("b"))
    one.docker("build", "--tag", "next:1", "-", stdin=file.format("c"))
    (dangling,) = one.docker("image", "ls", "--quiet", "--filter", "dangling=true").split()
    found, reason = audit("6.1", one)
    assert found == "fail"
    assert reason.startswith("2 unused images, allowed are 0: ")
    assert dangling in reason
    assert "next:1" in reason


def test_stopped_containers(engine: EngineFactory) -> None:
    """A container that ended or never ran counts; one that runs or is paused does not."""
    one = engine()
    one.run("web")
    one.run("paused")
    one.docker("pause", "paused")
    assert audit("6.2", one) == ("pass", "no stopped containers")
    one.create("never")
    assert audit("6.2", one) == ("fail", "1 stopped containers, allowed are 0: never (0 d)")
    one.docker("start", "never")
    assert audit("6.2", one)[0] == "pass"
    one.docker("kill", "web")
    assert audit("6.2", one) == ("fail", "1 stopped containers, allowed are 0: web (0 d)")
    assert audit("6.2", one, Policy())[0] == "pass"


def test_age(engine: EngineFactory) -> None:
    """After thirty days either fails, at the time of the recording and not of the judge."""
    one = engine()
    one.create("web")
    one.docker("import", str(one.lab.root / "bb.tar"), "spare:1")
    facts = facts_of_engine(one.socket, of="6")
    for number in ("6.1", "6.2"):
        assert verdict(number, later(facts, 29))[0] == "pass"
        assert verdict(number, later(facts, 31))[0] == "fail"
    assert "spare:1 (31 d)" in verdict("6.1", later(facts, 31))[1]


@pytest.mark.parametrize("settings", [{}, {"features": {"containerd-snapshotter": True}}])
@pytest.mark.needs_engine(">=24", "earlier ones have no store of containerd")
def test_age_of_an_older_build(engine: EngineFactory, tmp_path: Path, settings: dict[str, object]) -> None:
    """An image that was built years ago and is here since today is no older than that here, in either store."""
    one = engine(**settings)
    one.create("web")
    one.docker("load", stdin=built_long_ago(one, tmp_path))
    facts = facts_of_engine(one.socket, of="6.1")
    assert verdict("6.1", later(facts, 0)) == ("pass", "1 unused images: old:1 (0 d)")
    assert verdict("6.1", later(facts, 31))[0] == "fail"


def test_more_than_ten(engine: EngineFactory) -> None:
    """Ten stopped containers pass where the policy is silent, eleven fail."""
    one = engine()
    for number in range(10):
        one.create(f"c{number}")
    assert audit("6.2", one, Policy())[0] == "pass"
    one.create("c10")
    assert audit("6.2", one, Policy())[0] == "fail"
