"""Whether docker-bench-security is started by itself, and ran recently and to its end."""

from hullcheck.criteria.judgement import Judgement, listed
from hullcheck.facts.containers import Container
from hullcheck.facts.docker_bench import Job, Run
from hullcheck.facts.host.processes import Processes
from hullcheck.facts.subjects import Subjects
from hullcheck.parsing.systemctl import STARTED_AT_BOOT
from hullcheck.parsing.times import CLOCK_SLACK, DAY
from hullcheck.verdicts import EvidenceError

_CRON_DAEMONS = ("cron", "crond", "fcron", "busybox")
_SECTIONS = frozenset("1234567")
_CHECKS = {"1.1": 18, "1.2": 2, "2": 18, "3": 24, "4": 12, "5": 32, "6": 2, "7": 9}
"""How many the tool has below each heading."""


def job_fault(job: Job, cron: str) -> str:
    """Why a job does not run it; empty where it does.

    Args:
        cron: the path of the cron daemon that runs.
    """
    if job.fault:
        return job.fault
    if job.kind == "crontab":
        return "" if cron else "is there, but no cron daemon runs"
    if not job.active:
        return "is not started, or does not fire again"
    stays = job.enabled in STARTED_AT_BOOT
    return "" if stays else f"is {job.enabled or 'not enabled'}: gone after the next boot"


def cron_daemon(containers: Subjects[Container], processes: Processes) -> str:
    """The path of a cron daemon that runs on the host and in none of its containers; empty where none does."""
    ids = {each.id for _, each in containers}
    for process in processes.by_pid.values():
        name = process.executable.rpartition("/")[2]
        is_cron = name in _CRON_DAEMONS and process.name in _CRON_DAEMONS
        if is_cron and ids.isdisjoint(process.container_ids):
            return process.executable
    return ""


def recent_run(run: Run, now: float, limit: int) -> Judgement:
    """Whether it came to its end in the last *limit* days, with all sections.

    Raises:
        EvidenceError: its log does not say when.
    """
    if run.started is None or run.ended is None:
        raise EvidenceError("its log does not say when it was started, or that it came to its end")
    if run.started > now + CLOCK_SLACK:
        return Judgement(False, "its log is of the future")
    if run.ended < run.started:
        return Judgement(False, "its log ends before its start")
    days = (now - run.started) / DAY
    if days > limit:
        return Judgement(False, f"ran {days:.0f} days ago, allowed are {limit}")
    if missing := sorted(_SECTIONS - run.sections):
        return Judgement(False, f"left out section {', '.join(missing)}")
    if left_out := _left_out(run):
        return Judgement(False, f"left out {listed(left_out)}, as its option -e lets it")
    return Judgement(True, f"ran {max(days, 0):.0f} days ago, {len(run.results)} checks")


def _left_out(run: Run) -> list[str]:
    """The checks of which its log says nothing; of containers it has but the first one where none ran."""
    numbers = [f"{above}.{number + 1}" for above, count in _CHECKS.items() for number in range(count)]
    saw_containers = any(each.startswith("5.") and each != "5.1" for each in run.results)
    passed_over = () if saw_containers else [each for each in numbers if each.startswith("5.")][1:]
    return [each for each in numbers if each not in run.results and each not in passed_over]
