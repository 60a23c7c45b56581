"""Jobs that run docker-bench-security, and those that only name it."""

import pytest

from hullcheck.facts.docker_bench.jobs import jobs

DIRECTORY = "/opt/docker-bench-security"
RUNS = [
    f"{DIRECTORY}/docker-bench-security.sh -l /x",
    f"cd {DIRECTORY} && ./docker-bench-security.sh -b",
    f"cd {DIRECTORY}; sudo sh docker-bench-security.sh",
    f"timeout 600 {DIRECTORY}/docker-bench-security.sh",
    f"flock -n /x sh -c 'cd {DIRECTORY} && ./docker-bench-security.sh'",
    f"[ -x {DIRECTORY}/docker-bench-security.sh ] && {DIRECTORY}/docker-bench-security.sh",
    "docker run --rm --net host -v /etc:/etc:ro docker/docker-bench-security",
    "docker run reg.example:5000/x/docker-bench-security:1.6 -c host",
    "docker start -a docker-bench-security",
    f"nice -n 19 {DIRECTORY}/docker-bench-security.sh",
    f"/usr/bin/nice -n 19 {DIRECTORY}/docker-bench-security.sh",
    f"/usr/bin/env bash {DIRECTORY}/docker-bench-security.sh",
    "DOCKER=1 nice docker-bench-security",
]
NAMES = [
    f"rm -rf {DIRECTORY}",
    f"cd {DIRECTORY} && git pull -q",
    f"find {DIRECTORY} -name '*.log' -delete",
    f"echo {DIRECTORY}/docker-bench-security.sh",
    f"test -x {DIRECTORY}/docker-bench-security.sh",
    f": {DIRECTORY}/docker-bench-security.sh",
    f"/bin/true {DIRECTORY}/docker-bench-security.sh",
    f"{DIRECTORY}/docker-bench-security.sh --help",
    f"sh {DIRECTORY}/docker-bench-security.sh -h",
    f"tar czf /x.tgz {DIRECTORY}/docker-bench-security.sh.log",
    f"exit 0; {DIRECTORY}/docker-bench-security.sh",
    "docker pull docker/docker-bench-security",
    "docker image rm docker/docker-bench-security",
    "logger docker-bench-security",
]


def found(timers: str = "", crontabs: str = "", programs: str = "") -> list[str]:
    """The names of the jobs."""
    return [each["Name"] for each in jobs(timers, crontabs, programs)]


@pytest.mark.parametrize("command", [*RUNS, *NAMES])
def test_what_runs_it(command: str) -> None:
    """In a crontab with a user and in one without, in a script that is called, and in one that cron starts."""
    runs = command in RUNS
    for line in (
        f"line:/etc/cron.d/x:0 3 * * 0 root {command}",
        f"line:/var/spool/cron/root:@weekly {command}",
        f"line:/etc/anacrontab:7 10 name {command}",
    ):
        assert bool(found(crontabs=f"{line}\n")) is runs, line
    script = f"program:/srv/a.sh\n:#!/bin/sh\n:set -e\n:{command}\n"
    assert bool(found(crontabs="line:/etc/crontab:0 3 * * 0 root /srv/a.sh -q\n", programs=script)) is runs
    assert bool(found(crontabs="script:/srv/a.sh\n", programs=script)) is runs
    assert not found(crontabs="line:/etc/crontab:0 3 * * 0 root cat /srv/a.sh\n", programs=script)


@pytest.mark.parametrize("when", ["@reboot", "@yearly", "@annually", "0 3 1 1 *", "0 3 30 feb *"])
def test_job_that_is_hardly_ever_started(when: str) -> None:
    """Once in a year, and whenever the host starts, is not regularly."""
    assert not found(crontabs=f"line:/var/spool/cron/root:{when} docker-bench-security.sh\n")


@pytest.mark.parametrize(
    ("line", "runs"),
    [
        ("/etc/cron.d/x:0 3 * * *\troot\tdocker-bench-security.sh -l /x", True),
        ("/etc/crontab:0~59 3 * * *   root   docker-bench-security.sh -l /x", True),
        ("/etc/crontab:0 3 1 1,7 * root docker-bench-security.sh", True),
        ("/etc/crontab:0 3 * * * root docker-bench-security.sh -l /x-$(date +\\%F)", True),
        # the command ends at the sign, and the shell says: end of file unexpected
        ("/etc/crontab:0 3 * * * root docker-bench-security.sh -l /x-$(date +%F)", False),
        ("/etc/crontabs/root:0 3 * * * docker-bench-security.sh -l /x-$(date +%F)", True),  # of busybox
    ],
)
def test_line_of_a_crontab(line: str, runs: bool) -> None:
    """Tabs, random minutes and percent signs, as cron takes them."""
    assert bool(found(crontabs=f"line:{line}\n")) is runs


TIMER = """Id=b.timer
Unit=b.service
ActiveState=active
SubState={}
UnitFileState=enabled

Id=b.service
{}"""


def started(path: str, arguments: str = "") -> str:
    """A command as systemd shows it."""
    return f"ExecStart={{ path={path} ; argv[]={path} {arguments} ; ignore_errors=no ; pid=0 }}\n"


@pytest.mark.parametrize(
    ("executed", "runs"),
    [
        (started(f"{DIRECTORY}/docker-bench-security.sh"), True),
        (started("/bin/sh", f"-c cd {DIRECTORY}; ./docker-bench-security.sh"), True),
        (started(f"{DIRECTORY}/docker-bench-security.sh") + started("/bin/true"), True),
        (started("/bin/true", f"{DIRECTORY}/docker-bench-security.sh"), False),
        (started("/bin/true") + started("/bin/rm", DIRECTORY), False),
        ("", False),  # as where a drop-in emptied it
    ],
)
def test_service_of_a_timer(executed: str, runs: bool) -> None:
    """What it starts decides, not what is written behind that."""
    assert bool(found(TIMER.format("waiting", executed))) is runs


def test_timer_that_does_not_fire_again() -> None:
    """It is active, and over."""
    (job,) = jobs(TIMER.format("elapsed", started("/x/docker-bench-security.sh")), "", "")
    assert job["Active"] == "elapsed"
