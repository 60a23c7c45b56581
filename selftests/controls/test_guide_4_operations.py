"""Section 4 of the guide: what watches the containers, and the runs of docker-bench-security."""

from __future__ import annotations

import json
from typing import Any

import pytest

from hullcheck.policy import DockerBench, Policy
from selftests.kit.facts import in_parts
from selftests.kit.facts.hosts import only, unit
from selftests.kit.facts.hosts import target as host_target
from selftests.kit.facts.images import answered
from selftests.kit.facts.shippers import container
from selftests.kit.facts.tools import DAY, NOW, SECRET, target
from selftests.kit.judging import judged

# ---- runtime security

FALCO = unit("falco-modern-bpf.service")
NAMED = "; the policy states that it watches the containers"


def sensor(image: str, restart: str = "always", *, running: bool = True) -> tuple[dict[str, Any], ...]:
    """A container of an image as the engine describes it."""
    state = {"Pid": 100, "Running": running, "Status": "running", "Image": f"sha256:{'1' * 64}"}
    policy = {"RestartPolicy": {"Name": restart, "MaximumRetryCount": 0}}
    return (container("sensor", "json-file", None, Reference=image, HostConfig=policy, **state),)


@pytest.mark.parametrize(
    ("units", "containers", "named", "expected", "words"),
    [
        ("", (), ("falco",), "fail", "no unit and no container of Falco runs"),
        (FALCO, (), None, "manual", "name it in the policy: runtime_security: [falco]"),
        (FALCO, (), ("falco",), "pass", f"Falco runs (unit falco-modern-bpf.service, enabled){NAMED}"),
        (FALCO, (), ("sysdig",), "not applicable", "Sysdig is used in its place"),
        (FALCO.replace("=active", "=failed"), (), None, "fail", "no unit"),
        (FALCO.replace("=enabled", "=disabled"), (), ("falco",), "fail", "does not start with the host"),
        (unit("tetragon.service"), (), None, "not applicable", "Tetragon is used"),
        (
            "",
            sensor("falcosecurity/falco:0.39"),
            ("falco",),
            "pass",
            "container sensor, restart policy always",
        ),
        ("", sensor("ghcr.io/falcosecurity/falco-distroless:1", "no"), None, "fail", "not start with"),
        ("", sensor("falcosecurity/falco:1", running=False), None, "fail", "no unit"),
        ("", sensor("example.org/falco-rules:1"), None, "fail", "no unit"),
    ],
)
def test_runtime_security(
    units: str, containers: tuple[Any, ...], named: tuple[str, ...] | None, expected: str, words: str
) -> None:
    """A unit or a container counts if it runs and starts with the host, and passes if the policy names it."""
    facts = target(Policy(runtime_security=named), {"units": in_parts(show=units)}, containers=containers)
    verdict, reason = judged("falco_sees_and_reports", facts)["host"]
    assert (verdict, words in reason) == (expected, True), reason
    found = judged("something_watches_the_containers", facts)["Falco"][0]
    assert found == ("manual" if "tetragon" in units else expected)


def test_product_that_the_guide_does_not_name() -> None:
    """Each option of the guide is judged by it, as its own products are not used."""
    facts = target(Policy(runtime_security=("wazuh",)), {"units": in_parts(show=unit("wazuh-agent.service"))})
    found = judged("something_watches_the_containers", facts)
    assert found["Aqua Security"] == ("pass", f"Wazuh runs (unit wazuh-agent.service, enabled){NAMED}")


# ---- docker-bench-security

LOG = "/var/log/docker-bench.log.json"
POLICY = Policy(docker_bench=DockerBench(LOG))


def log(result: str = "INFO", *, sections: int = 7, **more: Any) -> str:
    """A log of yesterday with one check in each section, the second with this result."""
    tests = [
        {"id": f"{n}", "desc": "", "results": [{"id": f"{n}.1", "desc": "", "result": "INFO"}]}
        for n in range(1, sections + 1)
    ]
    tests[1]["results"] = [{"id": "2.1", "desc": "", "result": result, "details": SECRET}]
    head = {"dockerbenchsecurity": "1.6.0", "start": NOW - DAY, "tests": tests, "end": NOW - DAY + 9}
    return json.dumps(head | more, indent=1)


def bench(
    text: str | None, checkouts: str = "", asked: str = LOG, policy: Policy = POLICY
) -> tuple[str, str]:
    """What is said of a host whose log has this text; it does not exist without one."""
    there = "there:\n" + "".join(f":{line}\n" for line in text.split("\n")) if text is not None else ""
    said = f"{checkouts}asked:{asked}\n{there}" if asked else checkouts
    kept = answered("reports", f"--bench\n{said}--end\n").stdout
    assert SECRET not in kept
    return judged("docker_bench_runs_regularly", target(policy, {"reports": kept}))["host"]


@pytest.mark.parametrize(
    ("text", "expected", "words"),
    [
        (log(), "pass", "ran 1 days ago, 7 checks, no warning"),
        (log("WARN"), "manual", "warned about 2.1 of its benchmark"),
        (log(start=NOW - 31 * DAY, end=NOW - 30 * DAY), "fail", "ran 31 days ago, allowed are 30"),
        (log(start=NOW + DAY, end=NOW + DAY + 1), "fail", "ran -1 days ago"),
        (log(end=None), "error", "came to its end"),
        (log(sections=6), "fail", "left out section 7"),
        (log(dockerbenchsecurity="9.9"), "error", "numbers are not known"),
        (log()[:-20], "error", f"{LOG}: cut off"),
        ("{" + SECRET, "error", f"{LOG}: cut off"),
        (None, "fail", "does not exist"),
    ],
)
def test_last_run(text: str | None, expected: str, words: str) -> None:
    """The log is whole, of a known version, recent and of no future day; its warnings need a manual check."""
    verdict, reason = bench(text)
    assert (verdict, words in reason) == (expected, True), reason


def test_log_that_was_not_asked_for() -> None:
    """Without a log in the policy the tool is looked for; a recording of another log is an error."""
    assert bench(None, asked="", policy=Policy())[0] == "fail"
    assert bench(None, "checkout:/opt/x\n", asked="", policy=Policy())[0] == "manual"
    assert bench(None, asked="")[1] == "the recording has no log of docker-bench-security"
    assert bench(None, asked="/other")[1] == f"the recording has the log /other, not {LOG}"


def test_checklist() -> None:
    """The checklist of countermeasures names the system."""
    debian = host_target(host={"files": '/etc/os-release:PRETTY_NAME="Debian 13"'})
    verdict, reason = only(judged("countermeasures_are_ticked_off", debian))
    assert (verdict, reason.startswith("Debian 13: check that")) == ("manual", True)
