"""Section 4 of the guide: each step of a proof fails on what it names, and what cannot be read is an error."""

from __future__ import annotations

import json
import stat
from types import SimpleNamespace
from typing import Any

import pytest

from hullcheck.data import benchmarks
from hullcheck.facts import Facts
from hullcheck.facts.containers.probe import DOCKER_CONTAINERS
from hullcheck.facts.daemon.settings import Setting, Value
from hullcheck.facts.docker_bench import DOCKER_BENCH, Job
from hullcheck.facts.host.file import FileFact, Node, State
from hullcheck.facts.subjects import Subjects
from hullcheck.policy import DockerBench, Policy, PolicyError
from hullcheck.recording.probe import Answer
from selftests.kit.facts.tools import (
    DAY,
    ID,
    NOW,
    SECRET,
    process,
    target,
)
from selftests.kit.judging import but, judged

# ---- the checklist of NIST SP 800-190


def test_what_is_known_of_each_group() -> None:
    """Counted and named for the person who ticks it off; silence of the target is said too."""
    images = [("a", SimpleNamespace(origins=("r.io/a", "q.io/b"))), ("b", SimpleNamespace(origins=()))]
    running = [("a", SimpleNamespace(running=True)), ("b", SimpleNamespace(running=False))]

    def known(registries: tuple[str, ...], swarm: str, name: str, count: int) -> list[str]:
        state = {("Swarm", "LocalNodeState"): swarm}
        engine = SimpleNamespace(version="29.1", value=lambda *keys: state[keys])
        given = {
            "image": Subjects("image", tuple(images[-count:])),
            "container": Subjects("container", tuple(running[-count:])),
            "daemon": SimpleNamespace(insecure_registries=registries, engine=engine),
            "os_name": name,
        }
        found = judged("countermeasures_are_ticked_off", but(target(Policy(), {}), **given))
        said = "; controls with the numbers {}* of SP 800-190 say more"
        return [
            f"{title}|{number}|{reason.removesuffix(said.format(number))}"
            for title, (_, reason) in found.items()
            for number in [title.partition(" ")[0]]
        ]

    hardware = (
        "4.6 hardware|4.6|nothing of the hardware is read: whether its boot is measured, its records say"
    )
    assert known(("x:1", "y:1"), "active", "Debian 13", 2) == [
        "4.1 images|4.1|2 images, 1 of them from no registry that is known",
        "4.2 registries|4.2|images from q.io, r.io; reached without verified TLS: x:1, y:1",
        "4.3 orchestrator|4.3|swarm mode is active",
        "4.4 containers|4.4|engine 29.1, 2 containers, 1 running",
        "4.5 host|4.5|Debian 13",
        hardware,
    ]
    assert known((), "", "", 1) == [
        "4.1 images|4.1|1 images, 1 of them from no registry that is known",
        "4.2 registries|4.2|images from no registry that is known; reached without verified TLS: none",
        "4.3 orchestrator|4.3|swarm mode is inactive",
        "4.4 containers|4.4|engine 29.1, 1 containers, 0 running",
        "4.5 host|4.5|an operating system that does not say its name",
        hardware,
    ]


# ---- docker-bench-security


LOG = "/var/log/docker-bench.log.json"


POLICY = Policy(docker_bench=DockerBench(LOG))


CRON = process(7, "/usr/sbin/cron")


TIMER = """Id=bench.timer
Unit=bench.service
ActiveState=active
UnitFileState=enabled

Id=bench.service
ExecStart={ path=/opt/docker-bench-security/docker-bench-security.sh ; argv[]=x -t Hunter2secret ; ignore_errors=no ; }
"""


LINE = "line:/etc/cron.d/bench:0 3 * * * root TOKEN=Hunter2secret /opt/x/docker-bench-security.sh\n"


OTHER_LINE = "line:/etc/crontab:17 * * * * root run-parts /etc/cron.hourly\n"


CHECKS = {"1.1": 18, "1.2": 2, "2": 18, "3": 24, "4": 12, "5": 32, "6": 2, "7": 9}


def log(**more: Any) -> str:
    """A log of yesterday, of all checks and without an opinion."""
    numbers = [f"{above}.{number + 1}" for above, count in CHECKS.items() for number in range(count)]
    sections = [
        {
            "id": each,
            "desc": "",
            "results": [
                {"id": number, "desc": "", "result": "INFO"} for number in numbers if number[0] == each
            ],
        }
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


THERE = "".join(
    f"there:/{folder}/docker-bench-security.sh\n" for folder in ("opt/docker-bench-security", "opt/x", "x")
)
"""Where the tool lies."""


def bench(
    timers: str = TIMER,
    crontabs: str = "",
    programs: str = "",
    checkouts: str = "",
    text: str | None = None,
    asked: str = LOG,
    policy: Policy = POLICY,
    processes: tuple[str, ...] = (CRON,),
    user: int = 0,
) -> Facts:
    """A host whose probe says this of the tool; without *text* its log is a good one."""
    lines = "".join(f":{line}\n" for line in (log() if text is None else text).split("\n"))
    said = f"asked:{asked}\n" + ("there:\n" + lines if text != "absent" else "") if asked else ""
    parts = {
        "timers": f"{timers}\n",
        "crontabs": crontabs,
        "programs": programs + THERE,
        "checkouts": checkouts,
        "log": said,
    }
    answer = f"auditor:{user}\n" + "".join(f"--{name}\n{part}" for name, part in parts.items())
    kept = DOCKER_BENCH.keep(answer)
    assert SECRET not in kept
    daemon = SimpleNamespace(process=SimpleNamespace(started=None))
    facts = target(policy, {DOCKER_BENCH.name: kept}, *processes)
    return but(facts, daemon=daemon, api_socket=Subjects("file", ()))


def steps(facts: Facts) -> list[str]:
    """The verdicts on the four steps."""
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
            "program:/etc/cron.weekly/bench\n:docker-bench-security\n",
            (CRON,),
            "pass",
        ),
        ("", "script:/etc/cron.weekly/bench\n", "", (CRON,), "manual"),
        ("", "unreadable:/var/spool/cron\n", "", (CRON,), "error"),
        (
            "",
            "line:/etc/crontab:1 1 * * * root /srv/a.sh\n",
            "program:/srv/a.sh\n:cd /opt/docker-bench-security\n:exec ./docker-bench-security.sh\n",
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
    assert steps(bench("", text=old)) == ["fail", "fail", "manual", "pass"]
    assert steps(bench("", policy=Policy(), asked="")) == ["fail", "fail", "fail", "fail"]
    assert steps(bench(policy=Policy(), asked="")) == ["pass", "manual", "manual", "manual"]


def test_cron_daemon_that_may_not_be_seen() -> None:
    """Only root sees what others run."""
    assert steps(bench("", LINE, processes=(), user=1000))[0] == "error"
    assert steps(bench(processes=(), user=1000))[0] == "pass"


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
        (None, "pass", "ran 1 days ago, 117 checks"),
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


RAN = NOW - DAY  # as `log` says


SETTINGS = {"icc": False, "no-new-privileges": True, "live-restore": True, "userland-proxy": False}


class BenchHost:
    """A target on which all is good that can be compared; each test makes one thing bad."""

    def __init__(self) -> None:
        self.settings = dict(SETTINGS)
        self.started = RAN - 9.0
        self.bridge: dict[str, str] | None = {}
        self.swarm = "inactive"
        self.container: dict[str, Any] = {}
        self.created = RAN - 5.0
        self.socket = 0o660

    def facts(self, **results: str) -> Facts:
        """The facts, with a log that says PASS to all but these, by the numbers of the tool without its point.

        Of what has an empty result it says nothing.
        """
        numbers = ("2.2", "2.14", "2.15", "2.16", "3.16", "5.5", "5.10", "5.16", "5.17", "5.21", "5.32")
        tests = json.loads(log())["tests"]
        for number in numbers:
            result = results.get("n" + number.replace(".", "_"), "PASS")
            section = tests[int(number[0]) - 1]
            section["results"] = [each for each in section["results"] if each["id"] != number]
            section["results"] += [{"id": number, "desc": "", "result": result}] if result else []
        made = {"network_mode": "bridge", "pid_mode": "", "ipc_mode": "private", "uts_mode": ""}
        made |= {"privileged": False, "running": True, "engines": ()} | self.container
        container = SimpleNamespace(
            privileged=made["privileged"],
            running=made["running"],
            configuration=SimpleNamespace(**made, started=self.created),
            sockets=SimpleNamespace(engines=made["engines"]),
        )
        node = Node("/run/docker.sock", stat.S_IFSOCK | self.socket, 0, 0)
        socket = FileFact("/run/docker.sock", State.FOUND, node, grants=())
        return but(
            bench(text=log(tests=tests)),
            container=Subjects("container", (("web", container),)),
            api_socket=Subjects("file", (("/run/docker.sock", socket),)),
            daemon=SimpleNamespace(
                engine=SimpleNamespace(value=lambda *keys: self.swarm),
                process=SimpleNamespace(started=(RAN - 9.0, self.started)),
                default_bridge=self.bridge,
                setting=lambda name: Setting(name, Value(self.settings[name], "docker info")),
            ),
        )

    def agrees(self, **results: str) -> tuple[str, str]:
        """Verdict and reason on whether the tool says what is found here."""
        return judged("docker_bench_runs_regularly", self.facts(**results))["what it says is found here too"]


COMPARED = ("2.2", "2.15", "2.16", "2.17", "3.16", "5.5", "5.10", "5.16", "5.17", "5.21", "5.32")


SAME = "the same is found here for "


ALL = SAME + ", ".join(COMPARED)


@pytest.mark.parametrize(
    ("number", "change"),
    [
        ("2.2", {"settings": SETTINGS | {"icc": True}}),
        ("2.15", {"settings": SETTINGS | {"no-new-privileges": False}}),
        ("2.16", {"settings": SETTINGS | {"live-restore": False}}),
        ("2.17", {"settings": SETTINGS | {"userland-proxy": True}}),
        ("3.16", {"socket": 0o606}),
        ("3.16", {"socket": 0o661}),
        ("5.5", {"container": {"privileged": True}}),
        ("5.10", {"container": {"network_mode": "host"}}),
        ("5.16", {"container": {"pid_mode": "host"}}),
        ("5.17", {"container": {"ipc_mode": "host"}}),
        ("5.21", {"container": {"uts_mode": "host"}}),
        ("5.32", {"container": {"engines": ("/run/docker.sock",)}}),
    ],
)
def test_log_that_says_pass_to_what_is_bad(number: str, change: dict[str, Any]) -> None:
    """It fails and names the number of today; where the tool warned as well, both agree."""
    host = BenchHost()
    assert host.agrees() == ("pass", ALL)
    vars(host).update(change)
    verdict, reason = host.agrees()
    assert (verdict, f"its log says PASS, which is not so: {number}: " in reason) == ("fail", True), reason
    there = benchmarks.number_in("1.6.0", number)
    assert host.agrees(**{f"n{there}".replace(".", "_"): "WARN"}) == ("pass", ALL)
    rest = [each for each in COMPARED if each != number]
    assert host.agrees(**{f"n{there}".replace(".", "_"): "NOTE"}) == ("pass", SAME + ", ".join(rest))


def test_log_without_a_word_of_containers() -> None:
    """Some ran then: an option of the tool leaves out what it is told to."""
    numbers = ("5.5", "5.10", "5.16", "5.17", "5.21", "5.32")
    there = [benchmarks.number_in("1.6.0", each).replace(".", "_") for each in numbers]
    verdict, reason = BenchHost().agrees(**{f"n{each}": "" for each in there})
    assert (verdict, "says nothing of containers" in reason) == ("fail", True)
    assert BenchHost().agrees(**{f"n{each}": "" for each in there[1:]})[0] == "pass"


def test_warning_about_what_is_good() -> None:
    """It may be mended since, or a false alarm: a person has to look."""
    found = BenchHost().agrees(n2_16="WARN")
    assert found == ("manual", "it warned about what is good now: 2.17; mended since, or a false alarm?")


@pytest.mark.parametrize(
    ("change", "left"),
    [
        ({"started": RAN + 1.0}, ("2.2", "2.15", "2.16", "2.17")),
        ({"bridge": None}, ("2.2",)),
        ({"swarm": "active"}, ("2.16",)),
        ({"created": RAN + 1.0}, ("5.5", "5.10", "5.16", "5.17", "5.21", "5.32")),
        ({"created": None}, ("5.5", "5.10", "5.16", "5.17", "5.21", "5.32")),
        ({"container": {"running": False}}, ("5.5", "5.10", "5.16", "5.17", "5.21", "5.32")),
    ],
)
def test_what_the_tool_could_not_see(change: dict[str, Any], left: tuple[str, ...]) -> None:
    """A daemon or container that was started after the run, and what does not exist, are not compared."""
    host = BenchHost()
    host.settings = dict.fromkeys(SETTINGS) if left[0][0] == "2" and len(left) > 1 else host.settings
    vars(host).update(change)
    host.container = {"privileged": True} | host.container if "5.5" in left else {}
    verdict, reason = host.agrees()
    assert verdict == "pass", reason
    assert reason == SAME + ", ".join(each for each in COMPARED if each not in left)


def test_log_of_another_place() -> None:
    """A recording with another log, or with none, is no evidence."""
    assert steps(bench(asked="/other"))[1:] == ["error", "error", "error"]
    assert steps(bench(asked=""))[1:] == ["error", "error", "error"]


def with_images(target: Facts, **images: tuple[str, ...]) -> Facts:
    """The same target with these images, by name, and their digests."""
    named = tuple(
        (name, SimpleNamespace(tags=(name,), origins=(), digests=digests)) for name, digests in images.items()
    )
    return but(target, image=Subjects("image", named))


def test_source_of_the_tool() -> None:
    """Remote and commit are shown to a person; a password in the address is not kept."""
    commit = "12" * 20
    found = f"checkout:/opt/x\nremote:https://me:{SECRET}@github.com/docker/docker-bench-security\ncommit:{commit}\n"
    facts = with_images(bench(checkouts=found))
    verdict, reason = judged("docker_bench_comes_from_its_source", facts)["host"]
    assert verdict == "manual"
    assert reason == f"/opt/x: from https://***@github.com/docker/docker-bench-security, commit {commit}"
    facts = with_images(bench())
    assert "no checkout" in judged("docker_bench_comes_from_its_source", facts)["host"][1]
    images = {"docker/docker-bench-security:1": ("r@sha256:1",), "own:1": (), "docker-bench-security:x": ()}
    facts = with_images(bench(), **images)
    assert judged("docker_bench_comes_from_its_source", facts)["host"] == (
        "manual",
        "image docker/docker-bench-security:1: r@sha256:1; image docker-bench-security:x: no digest of a registry",
    )


def test_jobs_by_name() -> None:
    """Each is named with its state, whatever stands around it; what runs something else is none."""
    idle = "Id=idle.timer\nUnit=idle.service\n\nId=idle.service\n"
    crontabs = (
        OTHER_LINE,
        "line:/etc/cron.d/docker-bench-security:SHELL=/bin/sh\n",
        LINE.replace("\n", " -x http://a:1\n"),
        "unreadable:/x\nscript:/etc/cron.daily/a b\n",
    )
    script = ":cd /x\n:./docker-bench-security.sh -l /x:y\n"
    programs = f"program:/y\n{script}program:/etc/cron.daily/a b\n{script}"
    assert bench(f"{idle}\n{TIMER}", "".join(crontabs), programs).docker_bench.jobs == (
        Job("timer", "bench.timer", active=True, enabled="enabled"),
        Job("crontab", "/etc/cron.d/bench"),
        Job("crontab", "/etc/cron.daily/a b"),
    )
    found = judged("docker_bench_runs_regularly", bench("", f"{OTHER_LINE}unreadable:/x\n"))
    assert found["a job runs it"] == ("error", "/x could not be read; are you root?")


def test_log_that_is_no_evidence() -> None:
    """The reason says what is wrong with it, and nothing of what it holds."""
    parts = "".join(f"--{each}\n" for each in ("timers", "crontabs", "programs", "checkouts", "log"))
    closed = DOCKER_BENCH.keep(f"auditor:0\n{parts}asked:{LOG}\nunreadable:\n")
    for facts, reason in (
        (target(POLICY, {DOCKER_BENCH.name: closed}), f"{LOG}: cannot be read"),
        (bench(asked=""), "the recording was made without a log of docker-bench-security"),
        (bench(asked="/other"), f"the recording has the log /other, not {LOG}"),
        (bench(text="{" + SECRET), f"{LOG}: cut off"),
    ):
        found = judged("docker_bench_runs_regularly", facts)["its last run is recent and whole"]
        assert found == ("error", reason)


def test_checkout_of_which_little_is_known() -> None:
    """What is no address and no commit stays empty."""
    commit = "ab" * 20
    said = (
        f"checkout:/opt/a b\ncheckout:/x\nremote:\ncommit:{SECRET}\ncheckout:/y\nremote:r\ncommit:{commit}\n"
    )
    assert bench(checkouts=said).docker_bench.checkouts == (
        ("/opt/a b", "", ""),
        ("/x", "", ""),
        ("/y", "r", commit),
    )


@pytest.mark.parametrize("wrong", [{}, {"log": "x"}, {"log": "/x", "max_age_days": 0}])
def test_wrong_policy_of_docker_bench(wrong: object) -> None:
    """The log has to be named, by an absolute path."""
    with pytest.raises(PolicyError):
        Policy.from_mapping({"docker_bench": wrong})
