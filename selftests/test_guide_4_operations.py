"""Section 4 of the guide: each step of a proof fails on what it names, and what cannot be read is an error."""

from __future__ import annotations

import json
from typing import Any

import pytest

from hullcheck.facts import Facts
from hullcheck.facts.container_probe import DOCKER_CONTAINERS
from hullcheck.facts.docker_bench import DOCKER_BENCH
from hullcheck.facts.processes import PROCESSES
from hullcheck.policy import DockerBench, Policy, PolicyError
from hullcheck.probes import Answer
from hullcheck.recording import Recording
from selftests.judging import judged

NOW = 1_800_000_000
DAY = 86400
ID = "ab" * 32
SECRET = "Hunter2secret"
PRESENT = Answer("engine_presence", 0, "command docker /usr/bin/docker", "")
INFO = Answer("docker_info", 0, '{"ServerVersion": "26.1.5"}', "")


def process(pid: int, executable: str, *, name: str = "", cgroup: str = "/system.slice/x.service") -> str:
    """What the probe shows of a process."""
    comm = name or executable.rpartition("/")[2][:15]
    link = f"lrwxrwxrwx 1 0 0 0 Nov 25 00:00 {pid}/exe -> {executable}"
    return f"{pid}/status:Name:\t{comm}\n{pid}/cgroup:0::{cgroup}\n{link}"


def target(
    policy: Policy, answers: dict[str, str], *processes: str, containers: tuple[str, ...] = ()
) -> Facts:
    """The facts of a host with an engine that answered so."""
    texts = {
        PROCESSES.name: "\n".join(processes),
        DOCKER_CONTAINERS.name: "\n".join((*containers, "--proc", "--paths")),
    } | answers
    all_answers = {name: Answer(name, 0, text, "") for name, text in texts.items()}
    all_answers |= {each.name: each for each in (PRESENT, INFO)}
    return Facts(Recording("host", "local", all_answers, gathered=NOW), policy)


# ---- docker-bench-security

LOG = "/var/log/docker-bench.log.json"
POLICY = Policy(docker_bench=DockerBench(LOG))
CRON = process(7, "/usr/sbin/cron")
TIMER = """Id=bench.timer
Unit=bench.service
ActiveState=active
UnitFileState=enabled

Id=bench.service
ExecStart={ path=/opt/docker-bench-security/docker-bench-security.sh ; argv[]=x -t Hunter2secret ; }
"""
LINE = "line:/etc/cron.d/bench:0 3 * * * root TOKEN=Hunter2secret /opt/x/docker-bench-security.sh\n"
OTHER_LINE = "line:/etc/crontab:17 * * * * root run-parts /etc/cron.hourly\n"


def log(**more: Any) -> str:
    """A log of yesterday."""
    sections = [
        {"id": each, "desc": "", "results": [{"id": f"{each}.1", "desc": "", "result": "PASS"}]}
        for each in "1234567"
    ]
    start = NOW - DAY
    return json.dumps(
        {
            "dockerbenchsecurity": "1.6.0",
            "start": start,
            "tests": sections,
            "checks": 7,
            "score": 1,
            "end": start + 9,
        }
        | more,
        indent=1,
    )


def bench(
    timers: str = TIMER,
    crontabs: str = "",
    programs: str = "",
    checkouts: str = "",
    text: str | None = None,
    asked: str = LOG,
    policy: Policy = POLICY,
    processes: tuple[str, ...] = (CRON,),
) -> Facts:
    """A host whose probe says this of the tool; without *text* its log is a good one."""
    lines = "".join(f":{line}\n" for line in (log() if text is None else text).split("\n"))
    said = f"asked:{asked}\n" + ("there:\n" + lines if text != "absent" else "") if asked else ""
    answer = f"--timers\n{timers}\n--crontabs\n{crontabs}--programs\n{programs}--checkouts\n{checkouts}--log\n{said}"
    kept = DOCKER_BENCH.keep(answer)
    assert SECRET not in kept
    return target(policy, {DOCKER_BENCH.name: kept}, *processes)


def steps(facts: Facts) -> list[str]:
    """The verdicts on the three steps."""
    return [verdict for verdict, _ in judged("docker_bench_runs_regularly", facts).values()]


@pytest.mark.parametrize(
    ("timers", "crontabs", "programs", "processes", "expected"),
    [
        (TIMER, "", "", (), "pass"),
        (TIMER.replace("=active", "=inactive"), "", "", (), "fail"),
        (TIMER.replace("=enabled", "=disabled"), "", "", (), "fail"),
        (TIMER.replace("=enabled", "=transient"), "", "", (), "fail"),
        (TIMER.replace("docker-bench-security", "other"), "", "", (), "manual"),
        (TIMER.replace("Unit=bench.service", "Unit=x.service"), "", "", (), "manual"),
        ("", LINE, "", (CRON,), "pass"),
        ("", LINE, "", (), "fail"),
        ("", LINE, "", (process(7, "/usr/bin/sleep", name="cron"),), "fail"),
        ("", OTHER_LINE, "", (CRON,), "manual"),
        (
            "",
            "script:/etc/cron.weekly/bench\n",
            "/etc/cron.weekly/bench:docker-bench-security\n",
            (CRON,),
            "pass",
        ),
        ("", "script:/etc/cron.weekly/bench\n", "", (CRON,), "manual"),
        ("", "unreadable:/var/spool/cron\n", "", (CRON,), "error"),
        (
            "",
            "line:/etc/crontab:1 1 * * * root /srv/a.sh\n",
            "/srv/a.sh:docker-bench-security\n",
            (CRON,),
            "pass",
        ),
    ],
)
def test_job(timers: str, crontabs: str, programs: str, processes: tuple[str, ...], expected: str) -> None:
    """A timer that is started and enabled, or a crontab with its daemon; a recent log without either is asked about."""
    assert steps(bench(timers, crontabs, programs, processes=processes))[0] == expected


def test_no_job_and_no_recent_log() -> None:
    """Then nothing runs it."""
    old = log(start=NOW - 99 * DAY, end=NOW - 99 * DAY)
    assert steps(bench("", text=old)) == ["fail", "fail", "pass"]
    assert steps(bench("", policy=Policy(), asked="")) == ["fail", "fail", "fail"]
    assert steps(bench(policy=Policy(), asked="")) == ["pass", "manual", "manual"]


def test_cron_daemon_of_a_container() -> None:
    """It reads no crontab of the host."""
    inside = process(7, "/usr/sbin/cron", cgroup=f"/docker/{ID}")
    facts = bench("", LINE, processes=(inside,))
    facts.recording.answers[DOCKER_CONTAINERS.name] = Answer(  # type: ignore[index]
        DOCKER_CONTAINERS.name, 0, f'container {{"Id": "{ID}", "Name": "/web"}}\n--proc\n--paths', ""
    )
    assert steps(facts)[0] == "fail"


@pytest.mark.parametrize(
    ("text", "expected", "words"),
    [
        (None, "pass", "ran 1 days ago, 7 checks"),
        (log(start=NOW - 31 * DAY, end=NOW - 30 * DAY), "fail", "ran 31 days ago, allowed are 30"),
        (log(start=NOW + DAY, end=NOW + DAY + 1), "fail", "future"),
        (log(end=5), "fail", "ends before its start"),
        (log(end=None), "error", "came to its end"),
        (log(start="x"), "error", "when it was started"),
        (log(tests=json.loads(log())["tests"][:6]), "fail", "left out section 7"),
        (log(tests=[{"id": "2.1", "desc": "", "result": "PASS"}]), "fail", "left out section 1, 2"),
        (log(dockerbenchsecurity="9.9"), "error", "numbers are not known"),
        (log()[:-20], "error", "cut off"),
        ("", "error", "cut off"),
        ('{"a": 1}', "error", "not the JSON log"),
        ("absent", "fail", "does not exist"),
    ],
)
def test_last_run(text: str | None, expected: str, words: str) -> None:
    """The log is whole, of a known version, recent and of no future day."""
    verdict, reason = judged("docker_bench_runs_regularly", bench(text=text))[
        "its last run is recent and whole"
    ]
    assert (verdict, words in reason) == (expected, True), reason


def test_warnings_are_shown() -> None:
    """Whether they are dealt with is for a person to say."""
    tests = json.loads(log())["tests"]
    tests[1]["results"][0] |= {"result": "WARN", "details": SECRET}
    found = judged("docker_bench_runs_regularly", bench(text=log(tests=tests)))["what it found is dealt with"]
    assert found == ("manual", "warned about 2.1 (numbers of the benchmark 1.6.0)")


def test_log_of_another_place() -> None:
    """A recording with another log, or with none, is no evidence."""
    assert steps(bench(asked="/other"))[1:] == ["error", "error"]
    assert steps(bench(asked=""))[1:] == ["error", "error"]


def test_source_of_the_tool() -> None:
    """Remote and commit are shown to a person; a password in the address is not kept."""
    commit = "12" * 20
    found = f"checkout:/opt/x\nremote:https://me:{SECRET}@github.com/docker/docker-bench-security\ncommit:{commit}\n"
    facts = bench(checkouts=found)
    facts.__dict__["image"] = ()
    verdict, reason = judged("docker_bench_comes_from_its_source", facts)["host"]
    assert verdict == "manual"
    assert reason == f"/opt/x: from https://***@github.com/docker/docker-bench-security, commit {commit}"
    facts = bench()
    facts.__dict__["image"] = ()
    assert "no checkout" in judged("docker_bench_comes_from_its_source", facts)["host"][1]


@pytest.mark.parametrize("wrong", [{}, {"log": "x"}, {"log": "/x", "max_age_days": 0}])
def test_wrong_policy_of_docker_bench(wrong: object) -> None:
    """The log has to be named, by an absolute path."""
    with pytest.raises(PolicyError):
        Policy.from_mapping({"docker_bench": wrong})
