"""`--shard`: each target is in exactly one shard, and nothing but what the user wrote decides in which."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hullcheck.inventory import Target
from hullcheck.inventory.shards import Shard, divided, shard_of
from hullcheck.inventory.specs import TargetError
from selftests.kit.running import Project

NAMES = st.lists(st.from_regex(r"[a-z0-9.-]{1,6}", fullmatch=True), unique=True, max_size=60)
KUBERNETES = {"JOB_COMPLETION_INDEX": "2"}
GITLAB = {"CI_NODE_INDEX": "3", "CI_NODE_TOTAL": "20"}
SLURM = {
    "SLURM_ARRAY_TASK_ID": "14",
    "SLURM_ARRAY_TASK_MIN": "10",
    "SLURM_ARRAY_TASK_STEP": "2",
    "SLURM_ARRAY_TASK_COUNT": "20",
}
PARALLEL = {"PARALLEL_SEQ": "3"}


# ---- the division


@given(NAMES, st.integers(1, 80), st.randoms())
def test_each_target_is_in_one_shard(names: list[str], of: int, random) -> None:
    """Whatever the number of shards: together they have all, none twice, and no two differ by more than one."""
    parts = [Shard(number, of).part(names) for number in range(1, of + 1)]
    assert sorted(name for part in parts for name in part) == sorted(names)
    assert max(map(len, parts)) - min(map(len, parts)) <= 1
    for part in parts:
        assert list(part) == [name for name in names if name in part]
    shuffled = random.sample(names, len(names))
    assert [set(Shard(number, of).part(shuffled)) for number in range(1, of + 1)] == list(map(set, parts))


def test_shard_without_a_target_is_refused() -> None:
    """A job that has nothing to audit does not end green."""
    targets = [Target("a", "local://"), Target("b", "local://")]
    assert [each.name for each in divided(targets, Shard(2, 2))] == ["b"]
    assert divided(targets, None) == tuple(targets)
    with pytest.raises(TargetError, match="there are 2 targets, so this shard has none"):
        divided(targets, Shard(3, 3))


# ---- what is written


@pytest.mark.parametrize("written", ["3/20", "03/020"])
def test_number_and_total(written: str) -> None:
    """As they are written, whatever a scheduler says."""
    assert shard_of(written, {**GITLAB, "CI_NODE_INDEX": "7", **PARALLEL}) == Shard(3, 20)


@pytest.mark.parametrize("written", ["", "3", "/20", "a/b", "٣/٢٠", "env/x"])
def test_anything_else_is_refused(written: str) -> None:
    """An empty variable of a shell too: `--shard=$SHARD` never means all targets, and never a part by chance."""
    with pytest.raises(TargetError, match="write the number of the shard and how many there are"):
        shard_of(written, GITLAB)


@pytest.mark.parametrize("written", ["0/3", "4/3", "1/0"])
def test_number_outside_is_refused(written: str) -> None:
    """There is no shard 0, and none after the last."""
    with pytest.raises(TargetError, match="there is no shard"):
        shard_of(written, {})


# ---- what schedulers say


@pytest.mark.parametrize(
    ("written", "environment"),
    [
        ("env/20", KUBERNETES),
        ("env", GITLAB),
        ("env/20", GITLAB),
        ("env", SLURM),
        ("env/20", PARALLEL),
    ],
)
def test_scheduler_numbers_the_job(written: str, environment: dict[str, str]) -> None:
    """Each in its way: from 0, from 1, from the first of an array."""
    assert shard_of(written, environment) == Shard(3, 20)


@pytest.mark.parametrize(
    ("written", "environment", "said"),
    [
        ("env", {}, "no scheduler has numbered this job"),
        ("env", KUBERNETES, "tells no job how many there are; write --shard=env/TOTAL"),
        ("env", GITLAB | SLURM, "this job is one of GitLab CI .* and a job array of Slurm"),
        ("env/19", GITLAB, "CI_NODE_TOTAL is 20, and not 19"),
        (
            "env",
            GITLAB | {"CI_NODE_INDEX": "21"},
            "CI_NODE_INDEX is 21, which is none of 20 numbers in a row",
        ),
        ("env/2", KUBERNETES, "JOB_COMPLETION_INDEX is 2"),
        ("env", SLURM | {"SLURM_ARRAY_TASK_ID": "13"}, "SLURM_ARRAY_TASK_ID is 13"),
    ],
)
def test_scheduler_that_cannot_be_understood(written: str, environment: dict[str, str], said: str) -> None:
    """Two schedulers, a number too few, a list of jobs with gaps: refused, because hosts would be left out unseen."""
    with pytest.raises(TargetError, match=said):
        shard_of(written, environment)


def test_variables_alone_leave_nothing_out(tmp_path) -> None:
    """Whatever is set: without --shard all targets are audited, and with it only where it says so."""
    project = Project(tmp_path, {"test_one.py": "def test_one(audit_target):\n    pass\n"})
    hosts = "--hosts=" + ",".join(project.recorded(name) for name in ("web1", "web2", "web3"))
    project.environment = {**GITLAB, **SLURM, **PARALLEL, **KUBERNETES, "HULLCHECK_SHARD": "1/3"}
    run = project.pytest(hosts)
    assert len(run.results["targets"]) == 3
    assert "shard" not in run.results["run"]
    run = project.pytest(hosts, "--shard=2/3", "-n", "2")
    assert list(run.results["targets"]) == ["web2"]
    assert run.results["run"]["shard"] == "2/3"
    assert run.lines("shard 2/3: of 3 targets in all")
    assert run.lines("shard 2/3: the other targets are in other runs")
    assert not run.lines("bundle: ")
