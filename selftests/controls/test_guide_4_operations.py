"""Section 4 of the guide: each step of a proof fails on what it names, and what cannot be read is an error."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import pytest

from hullcheck.facts import Facts
from hullcheck.facts.docker_bench import DOCKER_BENCH
from hullcheck.facts.sensors import SENSORS
from hullcheck.facts.subjects import Subjects
from hullcheck.policy import DockerBench, Policy, PolicyError
from selftests.kit.facts.shippers import container
from selftests.kit.facts.tools import (
    DAY,
    NOW,
    SECRET,
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


# ---- runtime security


UNIT = "Id={}\nActiveState={}\nUnitFileState={}\n\n"
FALCO = UNIT.format("falco-modern-bpf.service", "active", "enabled")
NAMED = "; the policy states that it watches the containers"


def sensor(image: str, restart: str = "always", *, running: bool = True) -> str:
    """A container of an image as the engine describes it."""
    described = {
        "Pid": 100,
        "Running": running,
        "Status": "running",
        "Reference": image,
        "Image": "sha256:" + "1" * 64,
        "HostConfig": {"RestartPolicy": {"Name": restart, "MaximumRetryCount": 0}},
    }
    return container("sensor", "json-file", None, **described)


@pytest.mark.parametrize(
    ("units", "containers", "named", "expected", "words"),
    [
        ("", (), None, "fail", "no unit and no container of Falco runs"),
        ("", (), ("falco",), "fail", "no unit and no container of Falco runs"),
        (FALCO, (), None, "manual", "name it in the policy: runtime_security: [falco]"),
        (FALCO, (), ("falco",), "pass", f"Falco runs (unit falco-modern-bpf.service, enabled){NAMED}"),
        (FALCO, (), ("sysdig",), "not applicable", "Sysdig is used in its place"),
        (FALCO.replace("=active", "=failed"), (), None, "fail", "no unit"),
        (FALCO.replace("=enabled", "=disabled"), (), ("falco",), "fail", "does not start with the host"),
        (
            UNIT.format("tetragon.service", "active", "enabled"),
            (),
            None,
            "not applicable",
            "Tetragon is used",
        ),
        (
            "",
            (sensor("falcosecurity/falco:0.39"),),
            ("falco",),
            "pass",
            "container sensor, restart policy always",
        ),
        ("", (sensor("ghcr.io/falcosecurity/falco-distroless:1", "no"),), None, "fail", "not start with"),
        ("", (sensor("falcosecurity/falco:1", running=False),), None, "fail", "no unit"),
        ("", (sensor("example.org/falco-rules:1"),), None, "fail", "no unit"),
    ],
)
def test_runtime_security(
    units: str, containers: tuple[str, ...], named: tuple[str, ...] | None, expected: str, words: str
) -> None:
    """A unit or a container counts if it runs and starts with the host, and passes if the policy names it."""
    kept = SENSORS.keep(units)
    facts = target(Policy(runtime_security=named), {SENSORS.name: kept}, containers=containers)
    verdict, reason = judged("falco_sees_and_reports", facts)["host"]
    assert (verdict, words in reason) == (expected, True), reason
    found = judged("something_watches_the_containers", facts)["Falco"][0]
    assert found == ("manual" if "tetragon" in units else expected)


def test_product_that_the_guide_does_not_name() -> None:
    """Each option of the guide is judged by it, as its own products are not used."""
    facts = target(
        Policy(runtime_security=("wazuh",)),
        {SENSORS.name: UNIT.format("wazuh-agent.service", "active", "enabled")},
    )
    found = judged("something_watches_the_containers", facts)
    assert found["Aqua Security"] == ("pass", f"Wazuh runs (unit wazuh-agent.service, enabled){NAMED}")


# ---- docker-bench-security


LOG = "/var/log/docker-bench.log.json"


POLICY = Policy(docker_bench=DockerBench(LOG))


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


def bench(checkouts: str = "", text: str | None = None, asked: str = LOG, policy: Policy = POLICY) -> Facts:
    """A host whose probe says this of the tool; without *text* its log is a good one."""
    lines = "".join(f":{line}\n" for line in (log() if text is None else text).split("\n"))
    said = f"asked:{asked}\n" + ("there:\n" + lines if text != "absent" else "") if asked else ""
    kept = DOCKER_BENCH.keep(f"--checkouts\n{checkouts}--log\n{said}")
    assert SECRET not in kept
    return target(policy, {DOCKER_BENCH.name: kept})


def steps(facts: Facts) -> list[str]:
    """The verdicts on the two steps."""
    return [verdict for verdict, _ in judged("docker_bench_runs_regularly", facts).values()]


def test_policy_that_names_no_log() -> None:
    """Without one and without the tool it fails; where the tool lies, its log is asked for."""
    assert steps(bench(policy=Policy(), asked="")) == ["fail", "fail"]
    assert steps(bench("checkout:/opt/x\n", policy=Policy(), asked="")) == ["manual", "manual"]
    assert steps(bench()) == ["pass", "pass"]


@pytest.mark.parametrize(
    ("text", "expected", "words"),
    [
        (None, "pass", "ran 1 days ago, 117 checks"),
        (log(start=NOW - 31 * DAY, end=NOW - 30 * DAY), "fail", "ran 31 days ago, allowed are 30"),
        (log(start=NOW + DAY, end=NOW + DAY + 1), "fail", "future"),
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


def test_log_that_is_no_evidence() -> None:
    """The reason says what is wrong with it, and nothing of what it holds."""
    closed = DOCKER_BENCH.keep(f"--checkouts\n--log\nasked:{LOG}\nunreadable:\n")
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
