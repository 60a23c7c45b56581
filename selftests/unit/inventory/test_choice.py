"""`--targets` and `--shard`: each target is in exactly one shard, and nothing is left out unseen."""

from pathlib import Path

import pytest

from hullcheck.inventory import Inventory, Target
from hullcheck.inventory.choice import chosen, shard_of
from hullcheck.messages import WrongUse
from selftests.kit.running import Project

TARGETS = [Target(name, "local://") for name in "dbeac"]


@pytest.mark.parametrize(
    ("patterns", "names"),
    [
        ([], "web1 web2 db"),
        (["web*"], "web1 web2"),
        (["prod"], "web1"),
        (["db", "prod"], "web1 db"),
        (["all"], "web1 web2 db"),
    ],
)
def test_targets_by_name_and_group(patterns: list[str], names: str) -> None:
    """Patterns match whole names of targets and groups."""
    groups = (("web1", ("prod",)), ("web2", ()), ("db", ()))
    site = Inventory(Path("site.yml"), tuple(Target(name, "local://", each) for name, each in groups))
    assert [each.name for each in chosen(site.targets, site, patterns)] == names.split()
    with pytest.raises(WrongUse, match="no target and no group has this name; did you mean 'prod'"):
        chosen(site.targets, site, [*patterns, "prd"])
    broken = Inventory(Path("site.yml"), (*site.targets, Target("win", "", fault="hosts: win: winrm")))
    assert chosen(broken.targets, broken, ["db"]) == broken.targets[2:3]
    with pytest.raises(WrongUse, match=r"^hosts: win: winrm\n--targets limits a run"):
        chosen(broken.targets, broken, [])


def test_each_target_is_in_one_shard() -> None:
    """The order of the inventory decides nothing but the order in a shard; an empty shard is refused."""
    parts = [[each.name for each in shard_of(f"{number}/3", TARGETS)[1]] for number in (1, 2, 3)]
    assert parts == [["d", "a"], ["b", "e"], ["c"]]
    assert {each.name for each in shard_of("1/3", sorted(TARGETS, key=str))[1]} == set(parts[0])
    with pytest.raises(WrongUse, match="it has none of 5 targets"):
        shard_of("6/6", TARGETS)


@pytest.mark.parametrize(
    ("written", "said"),
    [
        *((each, "write the number of the shard and how many") for each in ("", "3", "/20", "env/20")),
        *((each, "there is no shard") for each in ("0/3", "4/3", "1/0")),
    ],
)
def test_what_is_no_shard(written: str, said: str) -> None:
    """An empty variable of a shell never means all targets, and hosts are not left out unseen."""
    assert shard_of("03/04", TARGETS)[0] == "3/4"
    with pytest.raises(WrongUse, match=said):
        shard_of(written, TARGETS)


def test_run_of_a_shard(tmp_path) -> None:
    """Every report says that it is one."""
    project = Project(tmp_path, {"test_one.py": "def test_one(audit_target):\n    pass\n"})
    hosts = "--hosts=" + ",".join(project.recorded(name) for name in ("web1", "web2", "web3"))
    run = project.pytest(hosts, "--shard=2/3")
    assert (list(run.results["targets"]), run.results["run"]["shard"]) == (["web2"], "2/3")
    assert run.lines("shard 2/3: of 3 targets in all")
    assert run.lines("shard 2/3: the other targets are in other runs")
