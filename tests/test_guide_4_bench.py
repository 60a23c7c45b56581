"""Docker Hardening Guide, section 4.1: docker-bench-security runs regularly, and what it says is so."""

import pytest

from hullcheck.controls import for_each
from hullcheck.criteria.bench_jobs import cron_daemon, job_fault, recent_run
from hullcheck.criteria.docker_bench import agreement
from hullcheck.criteria.judgement import Judgement
from hullcheck.facts.containers import Container
from hullcheck.facts.daemon import Daemon
from hullcheck.facts.docker_bench import DockerBench, Run, Step
from hullcheck.facts.host.clock import Clock
from hullcheck.facts.host.file import FileFact
from hullcheck.facts.host.processes import Processes
from hullcheck.facts.images import Image
from hullcheck.facts.registry import Later
from hullcheck.facts.subjects import Subjects
from hullcheck.parsing.times import DAY
from hullcheck.policy import Policy
from hullcheck.verdicts import EvidenceError, Manual, unread


@pytest.mark.nist("CA-2", "CA-7", sp="800-53")
@pytest.mark.nist("4.4.3", sp="800-190")
@pytest.mark.pci("2.2.1")
@pytest.mark.hipaa("164.308(a)(8)")
@pytest.mark.guide("4.1.docker_bench_regular", "5.cis.docker_bench")
@pytest.mark.severity("low")
@for_each("step", Step)
def test_docker_bench_runs_regularly(
    step: Step,
    docker_bench: DockerBench,
    daemon: Daemon,
    api_socket: Later[Subjects[FileFact]],
    container: Later[Subjects[Container]],
    processes: Later[Processes],
    clock: Clock,
    policy: Policy,
) -> str:
    """docker-bench-security runs regularly and to its end, and its warnings are dealt with.

    Settings change between two audits, and a second tool sees what the first one overlooks. A job proves nothing
    where it never came to its end: the log counts. Its verdicts are compared with what is found here where a
    single fact decides: settings of a daemon, and containers, that are not younger than the run. The rest is for
    `hullcheck compare`. Whether what it warned about is mended or accepted is for a person to say.

    Remedy: run it as root, in its own folder, by a systemd timer or a crontab with `-l FILE`, and name the log
    FILE.json as `docker_bench` in the policy.
    """
    if step is Step.JOB:
        if not docker_bench.jobs and _ran_lately(docker_bench, clock, policy):
            raise Manual("no timer and no crontab of this host runs it, but its log is recent: what does?")
        assert docker_bench.jobs, "no timer and no crontab runs it"
        return _require_job(docker_bench, cron_daemon(container.get(), processes.get()))
    if policy.docker_bench is None:
        assert docker_bench.jobs, "nothing runs it, and the policy names no log of a run elsewhere"
        raise Manual("the policy names no log")
    path = policy.docker_bench.log
    run = docker_bench.last_run(path)
    assert run is not None, f"{path} does not exist: it has not run, or writes elsewhere"
    if step is Step.RUN:
        return _require(recent_run(run, clock.now, policy.docker_bench.max_age_days))
    if step is Step.AGREES:
        return _require(agreement(run, daemon, api_socket, container))
    warned = [number for number, result in run.results.items() if result == "WARN"]
    if warned:
        raise Manual(f"warned about {', '.join(warned)} (numbers of the benchmark {run.version})")
    return f"{len(run.results)} checks, no warning"


def _require_job(docker_bench: DockerBench, cron: str) -> str:
    faults = {job: job_fault(job, cron) for job in docker_bench.jobs}
    good = [job.name for job, fault in faults.items() if not fault]
    if not good and not docker_bench.as_root:
        raise EvidenceError(unread("which programs run as others", "could not be seen"))
    assert good, "; ".join(f"{job.kind} {job.name} {fault}" for job, fault in faults.items())
    return f"run by {', '.join(good)}"


def _ran_lately(docker_bench: DockerBench, clock: Clock, policy: Policy) -> bool:
    if policy.docker_bench is None:
        return False
    run = docker_bench.last_run(policy.docker_bench.log)
    return (
        run is not None and run.started is not None and _days(run, clock) <= policy.docker_bench.max_age_days
    )


def _days(run: Run, clock: Clock) -> float:
    return (clock.now - (run.started or 0)) / DAY


def _require(judgement: Judgement) -> str:
    assert judgement.good, judgement.words
    return judgement.words


@pytest.mark.nist("SI-7", "SR-11", sp="800-53")
@pytest.mark.nist("4.1.5", sp="800-190")
@pytest.mark.pci("6.5.1")
@pytest.mark.hipaa("164.308(a)(5)(ii)(B)")
@pytest.mark.guide("4.1.docker_bench_source")
@pytest.mark.severity("low")
def test_docker_bench_comes_from_its_source(docker_bench: DockerBench, image: Later[Subjects[Image]]) -> None:
    """docker-bench-security comes from the repository of its makers, in a version that is on record.

    It runs as root, so whoever changes its scripts owns the host. What a checkout says of its source anybody with
    root rights can write: a person has to compare the commit with the one that was reviewed.

    Remedy: clone https://github.com/docker/docker-bench-security, check out a release, and put its commit on
    record; of an image record the digest.
    """
    found = [
        f"{path}: from {remote or 'no remote'}, commit {commit or 'not known'}"
        for path, remote, commit in docker_bench.checkouts
    ]
    found += [
        f"image {name}: {', '.join(each.digests) or 'no digest of a registry'}"
        for name, each in image.get()
        if any("docker-bench-security" in source for source in (*each.tags, *each.origins))
    ]
    raise Manual("; ".join(found) or "no checkout and no image of it was found on this host")
