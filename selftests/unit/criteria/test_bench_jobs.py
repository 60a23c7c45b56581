"""Whether docker-bench-security is started by itself, and ran recently."""

from dataclasses import replace

import pytest

from hullcheck.criteria.bench_jobs import job_fault, recent_run
from hullcheck.facts.docker_bench import Job, Run
from hullcheck.verdicts import EvidenceError

NOW, DAY = 100 * 86400.0, 86400
NUMBERS = {"1.1": 18, "1.2": 2, "2": 18, "3": 24, "4": 12, "5": 32, "6": 2, "7": 9}
RESULTS = {f"{above}.{number + 1}": "PASS" for above, count in NUMBERS.items() for number in range(count)}
RUN = Run("1.6.0", frozenset("1234567"), RESULTS, NOW - 2 * DAY, NOW - 2 * DAY + 9)
NO_CONTAINER = {each: "PASS" for each in RESULTS if not each.startswith("5.") or each == "5.1"}


def without(*numbers: str) -> dict[str, str]:
    """The results without these."""
    return {each: result for each, result in RESULTS.items() if each not in numbers}


@pytest.mark.parametrize(
    ("job", "cron", "fault"),
    [
        (Job("crontab", "/etc/crontab"), "/usr/sbin/cron", ""),
        (Job("crontab", "/etc/crontab"), "", "is there, but no cron daemon runs"),
        (Job("timer", "a.timer", True, "enabled"), "", ""),
        (Job("timer", "a.timer", True, "static"), "", ""),
        (Job("timer", "a.timer", False, "enabled"), "", "is not started, or does not fire again"),
        (Job("timer", "a.timer", True, "disabled"), "", "is disabled: gone after the next boot"),
        (Job("timer", "a.timer", True, ""), "", "is not enabled: gone after the next boot"),
    ],
)
def test_jobs(job: Job, cron: str, fault: str) -> None:
    """A crontab needs its daemon, and a timer has to be started now and after the next boot."""
    assert job_fault(job, cron) == fault


@pytest.mark.parametrize(
    ("run", "good", "words"),
    [
        (RUN, True, "ran 2 days ago, 117 checks"),
        (replace(RUN, started=NOW + 300, ended=NOW + 300), True, "ran 0 days ago, 117 checks"),
        (replace(RUN, started=NOW + 301, ended=NOW + 301), False, "its log is of the future"),
        (replace(RUN, ended=NOW - 3 * DAY), False, "its log ends before its start"),
        (replace(RUN, started=NOW - 8 * DAY), False, "ran 8 days ago, allowed are 7"),
        (replace(RUN, sections=frozenset("123457")), False, "left out section 6"),
        (replace(RUN, results=NO_CONTAINER), True, "ran 2 days ago, 86 checks"),
        (replace(RUN, results=without("5.5", "2.15")), False, "left out 2.15, 5.5, as its option -e lets it"),
    ],
)
def test_recent_run(run: Run, good: bool, words: str) -> None:
    """It came to its end, recently, and with all checks; those of containers are missing where none ran."""
    assert recent_run(run, NOW, 7) == (good, words)


def test_run_without_its_times() -> None:
    """A log that was cut off says nothing."""
    with pytest.raises(EvidenceError, match="does not say when"):
        recent_run(replace(RUN, ended=None), NOW, 7)
