"""Docker Hardening Guide, section 4.1: docker-bench-security runs regularly, and comes from its source."""

from typing import NoReturn

import pytest

from hullcheck.facts.images.reports import DockerBench
from hullcheck.parsing.docker_bench_log import Run
from hullcheck.parsing.times import CLOCK_SLACK, DAY
from hullcheck.policy import Policy
from hullcheck.recording import Recording
from hullcheck.verdicts import EvidenceError, Manual, NotApplicable

_SECTIONS = frozenset("1234567")


@pytest.mark.nist("CA-2", "CA-7", sp="800-53")
@pytest.mark.nist("4.4.3", sp="800-190")
@pytest.mark.pci("2.2.1")
@pytest.mark.hipaa("164.308(a)(8)")
@pytest.mark.guide("4.1.docker_bench_regular", "5.cis.docker_bench")
@pytest.mark.severity("low", "A second opinion is missing; most of its checks are judged here too.")
def test_docker_bench_runs_regularly(docker_bench: DockerBench, clock: Recording, policy: Policy) -> str:
    """Docker Bench for Security runs regularly.

    Settings change between audits, and a second tool sees what the first one overlooks. The tool's log counts, whatever
    starts the tool. `hullcheck diff` compares its verdicts with those of hullcheck.

    Remedy: run it as root, in its own folder, by a systemd timer or a crontab with `-l FILE`, and name the log
    FILE.json as `docker_bench` in the policy.
    """
    if policy.docker_bench is None:
        name = "docker-bench-security"
        assert docker_bench.checkouts, f"{name} was not found, and the policy names no log of it (docker_bench)"
        doubt = f"{name} is installed: name its log in the policy, `docker_bench: {{log: FILE.json}}`"
    else:
        run = docker_bench.last_run(policy.docker_bench.log)
        assert run, f"{policy.docker_bench.log} does not exist: the tool has not run, or writes elsewhere"
        ran = _require_recent(run, clock.now, policy.docker_bench.max_age_days)
        warned = [number for number, result in run.results.items() if result == "WARN"]
        if not warned:
            return f"{ran}, no warning"
        doubt = f"{ran}; check that its warnings are resolved: {', '.join(warned)}"
    raise Manual(doubt)


def _require_recent(run: Run, now: float, limit: int) -> str:
    """Return a summary of the run; fail unless it covered all sections in the last *limit* days."""
    if run.started is None or run.ended is None:
        raise EvidenceError("its log has no start or no end")
    days = (now - run.started) / DAY
    assert -CLOCK_SLACK / DAY <= days <= limit, f"ran {days:.0f} days ago; at most {limit} are allowed"
    missing = sorted(_SECTIONS - run.sections)
    assert not missing, f"left out section {', '.join(missing)}"
    return f"ran {max(days, 0):.0f} days ago, {len(run.results)} checks"


@pytest.mark.nist("SI-7", "SR-11", sp="800-53")
@pytest.mark.nist("4.1.5", sp="800-190")
@pytest.mark.pci("6.5.1")
@pytest.mark.hipaa("164.308(a)(5)(ii)(B)")
@pytest.mark.guide("4.1.docker_bench_source")
@pytest.mark.severity("low", "A tampered script runs as root, but only for someone who installs one.")
def test_docker_bench_comes_from_its_source(docker_bench: DockerBench) -> NoReturn:
    """Docker Bench for Security comes from its official source.

    It runs as root, so anyone who changes its scripts controls the host. Compare its commit with a reviewed one.

    Remedy: clone https://github.com/docker/docker-bench-security, check out a release, and record its commit.
    """
    if not docker_bench.checkouts:
        raise NotApplicable("no checkout of docker-bench-security was found")
    raise Manual(f"{', '.join(docker_bench.checkouts)}: check that its commit is the one that was reviewed")
