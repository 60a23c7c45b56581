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
from hullcheck.facts.host.processes import PROCESSES
from hullcheck.facts.images.probe import IMAGES
from hullcheck.facts.logs import SHIPPERS
from hullcheck.facts.sensors.probe import SENSORS
from hullcheck.facts.subjects import Subjects
from hullcheck.policy import DockerBench, Policy, PolicyError
from hullcheck.recording import Recording
from hullcheck.recording.probe import Answer
from selftests.kit.judging import but, judged

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
    user: int = 0,
) -> Facts:
    """A host whose probe says this of the tool; without *text* its log is a good one."""
    lines = "".join(f":{line}\n" for line in (log() if text is None else text).split("\n"))
    said = f"asked:{asked}\n" + ("there:\n" + lines if text != "absent" else "") if asked else ""
    parts = {
        "timers": f"{timers}\n",
        "crontabs": crontabs,
        "programs": programs,
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


RAN = NOW - DAY  # as `log` says
SETTINGS = {"icc": False, "no-new-privileges": True, "live-restore": True, "userland-proxy": False}


class World:
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
        """The facts, with a log that says PASS to all but these, by the numbers of the tool without its point."""
        numbers = ("2.2", "2.14", "2.15", "2.16", "3.16", "5.5", "5.10", "5.16", "5.17", "5.21", "5.32")
        tests = json.loads(log())["tests"]
        for number in numbers:
            result = results.get("n" + number.replace(".", "_"), "PASS")
            tests[int(number[0]) - 1]["results"].append({"id": number, "desc": "", "result": result})
        made = {"network_mode": "bridge", "pid_mode": "", "ipc_mode": "private", "uts_mode": ""}
        made |= {"privileged": False, "running": True, "engine_sockets": ()} | self.container
        container = SimpleNamespace(
            privileged=made["privileged"],
            running=made["running"],
            configuration=SimpleNamespace(**made, started=self.created),
            mounts=SimpleNamespace(engine_sockets=made["engine_sockets"]),
        )
        node = Node("/run/docker.sock", stat.S_IFSOCK | self.socket, 0, 0)
        socket = FileFact("/run/docker.sock", State.FOUND, node, grants=())
        return but(
            bench(text=log(tests=tests)),
            container=Subjects("container", (("web", container),)),
            api_socket=Subjects("file", (("/run/docker.sock", socket),)),
            daemon=SimpleNamespace(
                engine=SimpleNamespace(value=lambda *keys: self.swarm),
                process=SimpleNamespace(started=(self.started, self.started)),
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
        ("5.5", {"container": {"privileged": True}}),
        ("5.10", {"container": {"network_mode": "host"}}),
        ("5.16", {"container": {"pid_mode": "host"}}),
        ("5.17", {"container": {"ipc_mode": "host"}}),
        ("5.21", {"container": {"uts_mode": "host"}}),
        ("5.32", {"container": {"engine_sockets": ("/run/docker.sock",)}}),
    ],
)
def test_log_that_says_pass_to_what_is_bad(number: str, change: dict[str, Any]) -> None:
    """It fails and names the number of today; where the tool warned as well, both agree."""
    world = World()
    assert world.agrees() == ("pass", ALL)
    vars(world).update(change)
    verdict, reason = world.agrees()
    assert (verdict, f"its log says PASS, which is not so: {number}: " in reason) == ("fail", True), reason
    there = benchmarks.number_in("1.6.0", number)
    assert world.agrees(**{f"n{there}".replace(".", "_"): "WARN"}) == ("pass", ALL)
    rest = [each for each in COMPARED if each != number]
    assert world.agrees(**{f"n{there}".replace(".", "_"): "NOTE"}) == ("pass", SAME + ", ".join(rest))


def test_warning_about_what_is_good() -> None:
    """It may be mended since, or a false alarm: a person has to look."""
    found = World().agrees(n2_16="WARN")
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
    world = World()
    world.settings = dict.fromkeys(SETTINGS) if left[0][0] == "2" and len(left) > 1 else world.settings
    vars(world).update(change)
    world.container = {"privileged": True} | world.container if "5.5" in left else {}
    verdict, reason = world.agrees()
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
    programs = "/y:docker-bench-security\n/etc/cron.daily/a b:docker-bench-security:x\n"
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


# ---- Falco, Sysdig and Aqua Security

IMAGE = "sha256:" + "cd" * 32
METRICS = """falcosecurity_scap_engine_name_info{{engine_name="modern_bpf",evt_source="syscall"}} 1
falcosecurity_falco_sha256_rules_files_info{{file_name="falco_rules.yaml",sha256="{digest}"}} 1
falcosecurity_scap_n_evts_total {events}
falcosecurity_scap_n_drops_buffer_total{{dir="enter",drop="open"}} 5
falcosecurity_scap_n_drops_total {drops}
falcosecurity_falco_rules_matches_total{{priority="4",rule_name="A"}} {matches}
falcosecurity_falco_rules_matches_total{{priority="2",rule_name="B"}} 1"""
CONFIG = """rules_files:
  - /etc/falco/falco_rules.yaml
  - /etc/falco/rules.d
engine:
  kind: modern_ebpf
metrics: {enabled: true, interval: 15m}
webserver: {enabled: true, listen_port: 8765, prometheus_metrics_enabled: true}
http_output: {enabled: true, url: "https://me:Hunter2secret@alerts.example.com/Hunter2secret", insecure: false}
syslog_output: {enabled: true}
program_output: {enabled: false, program: "curl Hunter2secret"}
"""
LISTENS = "net:7/net/tcp:  0: 00000000:223D 00000000:0000 0A 00000000:00000000 00:00000000 00000000 0 0 99 1"
TO_CONSOLE = (
    "net:7/net/tcp:  1: 0100000A:9999 0A0A0A0A:192B 01 00000000:00000000 00:00000000 00000000 0 0 98 1"
)
TO_THIS_HOST = TO_CONSOLE.replace("0A0A0A0A:", "0500000A:")
TO_ITSELF = TO_CONSOLE.replace("0A0A0A0A:", "0100007F:")
PARTS = {
    "age": "age:864000.50 100",
    "arguments": "argument:/usr/bin/falco\nargument:-o\nargument:program_output.program=curl Hunter2secret",
    "fds": "fd:socket:[99]\nfd:socket:[98]\nfd:anon_inode:bpf-prog\nfd:/etc/Hunter2secret",
    "net": LISTENS,
    "unit": "unit:Id=falco.service\nunit:MainPID=7\nunit:ActiveState=active\nunit:UnitFileState=enabled",
    "config": CONFIG,
    "rules": "rules:2:aa:/etc/falco/falco_rules.yaml\nrule:0:- rule: Shell in it\nrule:0:  tags: [a, b]\n"
    "rule:0:- macro: m\nrule:0:  enabled: no\nrule:0:- rule: 'Odd'\nrule:0:  tags: [b]\n"
    "rules:0:ee:/etc/falco/other.yaml",
    "first": METRICS.format(digest="aa", events=1.7e6, drops=3, matches=4),
    "second": METRICS.format(digest="aa", events=1.8e6, drops=3, matches=4),
    "rest": "",
}


def said(pid: int = 7, **parts: str) -> str:
    """What the probe says of a process: of a good Falco, but for these parts."""
    known = PARTS | parts
    lines = [known[each] for each in ("age", "arguments", "fds", "net", "unit")]
    if known["config"]:
        lines += ["config:/etc/falco/falco.yaml", *(f":{line}" for line in known["config"].split("\n"))]
    lines.append(known["rules"])
    for word in ("first", "second"):
        lines += [f"{word}:{line}" for line in known[word].split("\n") if line]
    return "\n".join((f"process:{pid}", *lines, known["rest"], ""))


def given(*arguments: str) -> dict[str, str]:
    """The options with which it was started."""
    return {"arguments": "\n".join(f"argument:{each}" for each in ("/usr/bin/falco", *arguments))}


def watched(
    *said_of: str,
    processes: tuple[str, ...] = (process(7, "/usr/bin/falco"),),
    installed: str = "installed:/usr/bin/falco\n",
    containers: tuple[str, ...] = (),
    image: dict[str, Any] | None = None,
    monitors: tuple[str, ...] | None = None,
    user: int = 0,
) -> Facts:
    """A host of which the probe says this."""
    kept = SENSORS.keep(f"auditor:{user}\n{installed}" + "".join(said_of))
    assert SECRET not in kept
    images = (
        f"{IMAGE}\nimage {json.dumps({'Id': IMAGE, 'Config': {}, 'RootFS': {}} | (image or {}))}\n--blobs\n"
    )
    shippers = '{"AsRoot": true, "Own": ["10.0.0.5"], "Shippers": []}'
    answers = {SENSORS.name: kept, SHIPPERS.name: shippers, IMAGES.name: IMAGES.keep(images)}
    return target(Policy(runtime_monitors=monitors), answers, *processes, containers=containers)


def in_container(restart: str = "always", image: str = IMAGE, **more: Any) -> str:
    """A container called falco, as the engine describes it."""
    document = {
        "Id": ID,
        "Name": "/falco",
        "Image": image,
        "HostConfig": {"RestartPolicy": {"Name": restart}},
    }
    return "container " + json.dumps(document | more)


INSIDE = process(7, "/usr/bin/falco", cgroup=f"/docker/{ID}")
OF_ITS_MAKERS = {
    "RepoDigests": [f"falcosecurity/falco@sha256:{'12' * 32}"],
    "RepoTags": ["falcosecurity/falco:0.41"],
}


def falco(facts: Facts, step: str = "") -> dict[str, str] | tuple[str, str]:
    """The verdicts by step, or verdict and reason of one."""
    found = judged("falco_sees_and_reports", facts)
    return found[step] if step else {name: verdict for name, (verdict, _) in found.items()}


def test_falco_in_order() -> None:
    """All steps pass, and another tool is not needed."""
    facts = watched(said())
    verdicts = falco(facts)
    assert isinstance(verdicts, dict)
    assert set(verdicts.values()) == {"pass"}, verdicts
    assert falco(facts, "it sees events and loses few") == (
        "pass",
        "100000 events between two readings, 0 lost",
    )
    assert falco(facts, "an output leaves the host") == (
        "pass",
        "its reports go to alerts.example.com",
    )
    found = {
        name: verdict for name, (verdict, _) in judged("something_watches_the_containers", facts).items()
    }
    assert found == {"Falco": "pass", "Sysdig": "not applicable", "Aqua Security": "not applicable"}
    found = judged("behaviour_of_containers_is_analysed", facts)
    assert found["Sysdig"] == ("not applicable", "Falco watches this host")


@pytest.mark.parametrize(
    ("step", "changed", "expected", "words"),
    [
        ("it runs", {"unit": ""}, "fail", "is not that of a unit"),
        (
            "it runs",
            {"unit": PARTS["unit"].replace("MainPID=7", "MainPID=8")},
            "fail",
            "is not that of a unit",
        ),
        ("it runs", {"unit": PARTS["unit"].replace("=active", "=failed")}, "fail", "is not that of a unit"),
        (
            "it starts with the host",
            {"unit": PARTS["unit"].replace("=enabled", "=disabled")},
            "fail",
            "is disabled",
        ),
        (
            "its driver is loaded",
            {"fds": "fd:socket:[99]\nfd:anon_inode:[eventpoll]"},
            "fail",
            "no eBPF program",
        ),
        ("its driver is loaded", {"fds": "fd:/dev/falco0\nfd:socket:[99]"}, "pass", "/dev/falco0"),
        ("its driver is loaded", {"fds": ""}, "error", "are you root"),
        ("its rules are loaded", {"rules": "rules:0:aa:/etc/falco/falco_rules.yaml"}, "fail", "no file"),
        ("its rules are loaded", {"rules": "rules:9:aa:/etc/falco/other.yaml"}, "fail", "no file"),
        (
            "its rules are loaded",
            {"rules": "rules:9:aa:/etc/falco/rules.d/x.yaml\nrule:0:- rule: x"},
            "pass",
            "rules.d/x.yaml",
        ),
        (
            "its rules are loaded",
            {"rules": "rules:9:bb:/etc/falco/falco_rules.yaml\nrule:0:- rule: x"},
            "fail",
            "another",
        ),
        ("its rules are loaded", {"first": "", "second": ""}, "pass", "does not show"),
        ("its rules are loaded", given("-r", "/etc/falco/other.yaml"), "fail", "no file"),
        ("its rules are loaded", given("-r", "/etc/falco/falco_rules.yaml"), "pass", "falco_rules.yaml"),
        ("an output leaves the host", given("-o", "http_output.enabled=false"), "manual", "syslog_output"),
        ("an output leaves the host", given("-ohttp_output.enabled=false"), "manual", "syslog_output"),
        (
            "an output leaves the host",
            given(f"--option=http_output.url=http://{SECRET}:x@127.0.0.1/{SECRET}"),
            "manual",
            "127.0.0.1",
        ),
        ("an output leaves the host", given("-o", "http_output.url=http://[x"), "manual", "http_output"),
        ("an output leaves the host", given("-o", "engine.kind=modern_ebpf"), "pass", "alerts.example.com"),
        ("its rules are loaded", {"config": "a: [b"}, "error", "could not be read"),
        ("its rules are loaded", {"config": ""}, "error", "could not be read"),
        ("it sees events and loses few", {"second": PARTS["first"]}, "fail", "sees nothing"),
        (
            "it sees events and loses few",
            {"second": PARTS["second"].replace("_total 3", "_total 1004")},
            "fail",
            "lost",
        ),
        (
            "it sees events and loses few",
            {"second": PARTS["second"].replace("_total 3", "_total 900")},
            "pass",
            "897 lost",
        ),
        ("it sees events and loses few", {"second": ""}, "error", "no counter"),
        ("it sees events and loses few", {"first": "", "second": ""}, "error", "no counter"),
        ("it sees events and loses few", {"net": ""}, "error", "not shown to be this process"),
        ("it sees events and loses few", {"second": "falcosecurity_x 1"}, "error", "no counter"),
        (
            "an output leaves the host",
            {"config": CONFIG.replace("alerts.example.com", "localhost")},
            "manual",
            "localhost",
        ),
        (
            "an output leaves the host",
            {"config": CONFIG.replace("alerts.example.com", "10.0.0.5:2801")},
            "manual",
            "10.0.0.5",
        ),
        (
            "an output leaves the host",
            {"config": CONFIG.replace("http_output: {enabled: true", "http_output: {enabled: false")},
            "manual",
            "syslog_output",
        ),
        (
            "an output leaves the host",
            {"config": CONFIG.replace("_output: {enabled: true", "_output: {enabled: false")},
            "fail",
            "no output",
        ),
        ("it reported something", {"first": "", "second": ""}, "manual", "nothing shows"),
        (
            "it reported something",
            {"first": "", "second": "", "rest": f"alerts:{NOW - DAY}"},
            "pass",
            "1 days ago",
        ),
        (
            "it reported something",
            {"first": "", "second": "", "rest": f"alerts:{NOW - 40 * DAY}"},
            "manual",
            "nothing",
        ),
        (
            "it reported something",
            {"first": "", "second": "", "rest": f"alerts:{NOW + DAY}"},
            "error",
            "a clock is wrong",
        ),
        ("it reported something", {}, "pass", "matched 5 times"),
        ("it reported something", {"age": "age:8640000.50 100"}, "manual", "may be long ago"),
        ("it reported something", {"age": "age:?"}, "manual", "may be long ago"),
        (
            "it reported something",
            {
                "age": "age:8640000.50 100",
                "second": METRICS.format(digest="aa", events=1.8e6, drops=3, matches=5),
            },
            "pass",
            "matched 6 times",
        ),
    ],
)
def test_falco_with_one_thing_changed(step: str, changed: dict[str, str], expected: str, words: str) -> None:
    """Each step fails on the flaw that it names; what is not shown is an error, or left to a person."""
    verdict, reason = falco(watched(said(**changed)), step)
    assert (verdict, words in reason) == (expected, True), reason


TAGLESS = PARTS["rules"].replace("tags: [a, b]", "tags:").replace("tags: [b]", "tags:")
OFF = ("fail", "all 2 rules are switched off, by its options, its configuration or their files")
UNKNOWN = ("error", "its rules are switched by tags, which could not be read")


def on(count: int) -> tuple[str, str]:
    """That so many rules are on."""
    return "pass", f"/etc/falco/falco_rules.yaml (sha256 aa), {count} of 2 rules on, as it says itself"


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({}, on(2)),
        (given("-T", "a"), on(1)),
        (given("-T", "b"), OFF),
        (given("-Tb"), OFF),
        (given("-T", "c"), on(2)),
        (given("-t", "a"), on(1)),
        (given("-t", "c"), OFF),
        (given("-t", "c", "-t", "b"), on(2)),
        (given("-D", "Shell"), on(1)),
        (given("-D", "Shell", "-D", "d"), OFF),
        (given("-D", "d", "-t", "a"), on(1)),
        (given("-o", "rules[].disable.rule=*"), OFF),
        (given("-o", "rules[].disable.rule=*", "-o", "rules[].enable.tag=a"), on(1)),
        (given("-o", "rules[].enable.tag=a", "-o", "rules[].disable.rule=*"), OFF),
        ({"config": CONFIG + "rules: [{disable: {tag: b}}]"}, OFF),
        ({"config": CONFIG + "rules: [{disable: {rule: 'Shell*'}}]"}, on(1)),
        ({"config": CONFIG + "rules: [{disable: {rule: '*'}}, {enable: {rule: Odd}}]"}, on(1)),
        ({"config": CONFIG + "rules: {disable: {rule: '*'}}"}, on(2)),
        ({"config": CONFIG + "rules: [{disable: {rule: '*'}}]"} | given("-t", "b"), OFF),
        ({"rules": PARTS["rules"].replace("  tags: [b]", "  enabled: false # x")}, on(1)),
        (
            {
                "rules": PARTS["rules"]
                .replace("tags: [a, b]", "enabled: no")
                .replace("tags: [b]", "enabled: Off")
            },
            OFF,
        ),
        ({"rules": TAGLESS}, on(2)),
        ({"rules": TAGLESS} | given("-T", "b"), UNKNOWN),
        ({"rules": TAGLESS} | given("-t", "b"), UNKNOWN),
        ({"rules": TAGLESS} | given("-D", "d"), on(1)),
    ],
)
def test_rules_that_are_switched(changed: dict[str, str], expected: tuple[str, str]) -> None:
    """Options come before the configuration, -t leaves nothing else on, and a rule that is off is not loaded."""
    assert falco(watched(said(**changed)), "its rules are loaded") == expected


@pytest.mark.parametrize(
    ("least", "expected"),
    [
        ("debug", on(2)),
        ("informational", on(2)),
        ("notice", on(1)),
        ("WARNING", on(1)),
        ("error", OFF),
        ("x", on(2)),
    ],
)
def test_rules_of_too_little_weight(least: str, expected: tuple[str, str]) -> None:
    """Falco loads those alone that are at least of the priority that its configuration names."""
    rules = (
        PARTS["rules"]
        .replace("  tags: [a, b]", "  priority: WARNING")
        .replace("  tags: [b]", "  priority: INFO")
    )
    for changed in ({"config": f"{CONFIG}priority: {least}"}, given("-o", f"priority={least}")):
        assert falco(watched(said(rules=rules, **changed)), "its rules are loaded") == expected


def test_rules_whose_weight_is_not_told() -> None:
    """A rule of which no priority is read may be below the least one, and does not count as loaded."""
    verdict, _ = falco(watched(said(config=f"{CONFIG}priority: error")), "its rules are loaded")
    assert verdict == "error"
    verdict, _ = falco(watched(said(config=f"{CONFIG}priority: debug")), "its rules are loaded")
    assert verdict == "pass"


def test_rule_that_a_later_file_switches() -> None:
    """It is the same rule, and has its tags still; one of a file that is not loaded is not counted."""
    later = "\nrules:1:bb:/etc/falco/rules.d/x.yaml\nrule:2:- rule: Odd\nrule:2:  enabled: {}"
    metrics = (
        PARTS["second"].replace('falco_rules.yaml",sha256="aa"', 'x",sha256="bb"') + "\n" + PARTS["second"]
    )

    def found(state: str, place: str = "rules.d/x.yaml") -> str:
        rules = PARTS["rules"] + later.format(state).replace("rules.d/x.yaml", place)
        return falco(watched(said(rules=rules, second=metrics, **given("-T", "a"))), "its rules are loaded")[
            1
        ]

    assert ", 1 of 2 rules on" in found("true")
    assert found("false") == OFF[1]
    assert ", 1 of 2 rules on" in found("false", "y.yaml")


def snapshot(events: int, *, ago: int, start: int = 5) -> str:
    """A line of the file of Falco's counters."""
    fields = {
        "evt.time": (NOW - ago) * 10**9,
        "scap.n_evts": events,
        "scap.n_drops": 0,
        "falco.start_ts": start,
    }
    fields |= {"falco.hostname": SECRET}
    return "snapshot:" + json.dumps({"hostname": SECRET, "output_fields": fields})


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ((snapshot(5, ago=1000), snapshot(9, ago=100)), "pass"),
        ((snapshot(5, ago=1000), snapshot(5, ago=100)), "fail"),
        ((snapshot(5, ago=1000), snapshot(9, ago=-DAY)), "error"),
        ((snapshot(5, ago=9000), snapshot(9, ago=8000)), "fail"),
        ((snapshot(5, ago=1000), snapshot(9, ago=100, start=6)), "error"),
        ((snapshot(9, ago=100),), "error"),
        ((snapshot(5, ago=1000), snapshot(9, ago=100).replace(": 9", ': "9"')), "error"),
        (('snapshot:{"output_fields": "x"}', 'snapshot:{"output_fields": [1]}'), "error"),
        ((snapshot(5, ago=1000), snapshot(9, ago=100)[:-9]), "error"),
    ],
)
def test_counters_of_a_file(lines: tuple[str, ...], expected: str) -> None:
    """The last two lines of one start count, if the last one is as young as the interval says."""
    facts = watched(said(first="", second="", rest="\n".join(lines)))
    assert falco(facts, "it sees events and loses few")[0] == expected


@pytest.mark.parametrize(
    ("container", "image", "expected", "words"),
    [
        (in_container(), OF_ITS_MAKERS, "pass", "container falco"),
        (
            in_container(),
            {"RepoDigests": ["reg.example.com/mirror/falcosecurity/falco@sha256:12"]},
            "pass",
            "",
        ),
        (in_container(), {"RepoTags": ["bb:1"]}, "fail", "no known registry"),
        (
            in_container(),
            {"RepoTags": ["falcosecurity/falco:0.41"]},
            "manual",
            "named falcosecurity/falco:0.41",
        ),
        (in_container(), {"RepoDigests": ["evil/falco@sha256:12"]}, "fail", "docker.io/evil/falco"),
        (
            in_container(),
            {"RepoDigests": ["evil/x@sha256:12"], "RepoTags": ["falcosecurity/falco:1"]},
            "fail",
            "evil",
        ),
    ],
)
def test_falco_in_a_container(container: str, image: dict[str, Any], expected: str, words: str) -> None:
    """The image's repository counts, by a digest; neither the container's name nor a tag proves anything."""
    facts = watched(said(unit=""), processes=(INSIDE,), containers=(container,), image=image)
    verdict, reason = falco(facts, "it runs")
    assert (verdict, words in reason) == (expected, True), reason


@pytest.mark.parametrize(
    ("restart", "expected"), [("always", "pass"), ("on-failure", "fail"), ("no", "fail"), ("", "fail")]
)
def test_falco_in_a_container_after_a_boot(restart: str, expected: str) -> None:
    """The engine has to start it again."""
    facts = watched(
        said(unit=""), processes=(INSIDE,), containers=(in_container(restart),), image=OF_ITS_MAKERS
    )
    assert falco(facts, "it starts with the host")[0] == expected


def test_output_to_a_container_beside_it() -> None:
    """A plain name in a container may be that of another container of this host."""
    config = CONFIG.replace("alerts.example.com", "sidekick:2801")
    facts = watched(
        said(unit="", config=config), processes=(INSIDE,), containers=(in_container(),), image=OF_ITS_MAKERS
    )
    assert falco(facts, "an output leaves the host")[0] == "manual"
    assert falco(watched(said(config=config)), "an output leaves the host")[0] == "pass"


def test_names_prove_nothing() -> None:
    """A container called falco, a process title, a program elsewhere and a program that does not run are no Falco."""
    named = process(7, "/usr/bin/sleep", name="falco")
    for facts in (
        watched(processes=(named,)),
        watched(processes=(named,), containers=(in_container(),), image=OF_ITS_MAKERS),
        watched(said(), processes=(process(7, "/tmp/falco"),), installed=""),
    ):
        assert falco(facts, "it runs")[0] == "fail"
        found = judged("something_watches_the_containers", facts)
        assert {verdict for verdict, _ in found.values()} == {"fail"}
    elsewhere = watched(said(), processes=(process(7, "/tmp/falco"),), installed="")
    assert falco(elsewhere, "it is installed")[0] == "fail"
    assert falco(watched(user=1000), "it runs")[0] == "error"
    assert falco(watched(installed=""), "it is installed") == ("fail", "no process of Falco")


def agent(executable: str, **parts: str) -> Facts:
    """A host with another agent."""
    unit = PARTS["unit"].replace("falco", "agent")
    no_falco = {"config": "", "rules": "", "first": "", "second": "", "net": TO_CONSOLE, "unit": unit}
    return watched(said(**(no_falco | parts)), processes=(process(7, executable),), installed="")


@pytest.mark.parametrize(
    ("title", "executable"), [("Sysdig", "/opt/draios/bin/dragent"), ("Aqua Security", "/opt/aquasec/slk")]
)
def test_other_agents(title: str, executable: str) -> None:
    """They run, start with the host and are connected to another machine; then Falco is not asked for."""
    good = agent(executable)
    for key in ("something_watches_the_containers", "behaviour_of_containers_is_analysed"):
        found = judged(key, good)
        assert found[title][0] == "pass", found
        assert "connected to 10.10.10.10 6443" in found[title][1]
        assert {verdict for verdict, _ in found.values()} == {"pass", "not applicable"}
    assert falco(good, "it runs") == ("not applicable", f"{title} watches this host")
    asked = Facts(good.recording, Policy(runtime_monitors=("falco",)))
    assert falco(asked, "it runs")[0] == "fail"
    found = judged("something_watches_the_containers", asked)
    assert (found["Falco"][0], found[title][0]) == ("fail", "not applicable")
    nets = ("", TO_ITSELF, TO_THIS_HOST, TO_CONSOLE.replace(" 98 ", " 97 "))
    for flaw in (*({"net": each} for each in nets), {"unit": ""}):
        found = judged("something_watches_the_containers", agent(executable, **flaw))
        assert {verdict for verdict, _ in found.values()} == {"fail"}, flaw
    found = judged(
        "something_watches_the_containers",
        agent(executable, unit=PARTS["unit"].replace("=enabled", "=static")),
    )
    assert found[title][0] == "pass"
    disabled = agent(executable, unit=PARTS["unit"].replace("=enabled", "=disabled"))
    verdict, reason = judged("behaviour_of_containers_is_analysed", disabled)[title]
    assert (verdict, reason.partition(":")[0]) == ("fail", f"{title} does not start with the host")


def test_counters_of_falco_that_are_not_shown() -> None:
    """Without the counter of what it saw, or of what it lost, nobody knows that it sees."""
    step = "it sees events and loses few"
    for word in ("first", "second"):
        for counter, why in (
            ("n_evts_total", "counter of events"),
            ("n_drops_total", "counter of what it lost"),
        ):
            shown = "\n".join(line for line in PARTS[word].split("\n") if counter not in line)
            verdict, reason = falco(watched(said(**{word: shown})), step)
            assert (verdict, why in reason) == ("error", True), (word, counter, reason)


@pytest.mark.parametrize("wrong", [[], ["tripwire"], "falco"])
def test_wrong_policy_of_monitors(wrong: object) -> None:
    """Only tools that are known can be asked for, and at least one."""
    with pytest.raises(PolicyError):
        Policy.from_mapping({"runtime_monitors": wrong})
