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


def test_timer_that_no_unit_starts() -> None:
    """It was started by hand and cannot be enabled: the next boot does not start it."""
    timer = TIMER.format("waiting", started("/x/docker-bench-security.sh"))
    static = timer.replace("=enabled", "=static\nWantedBy=\nRequiredBy=")
    (job,) = jobs(static, "", "")
    assert job["Enabled"] == "static, and no unit starts it"
    (job,) = jobs(static.replace("WantedBy=", "WantedBy=timers.target"), "", "")
    assert job["Enabled"] == "static"


# ---- jobs that are there, and in vain


def faults(crontab: str, programs: str = "", *, sees_all: bool = True) -> list[str]:
    """Why the jobs of a crontab of root are in vain; its lines stand one below the other."""
    lines = "\n".join(f"line:/var/spool/cron/root:{line}" for line in crontab.split("\n"))
    return [each.get("Fault", "") for each in jobs("", lines, programs, sees_all=sees_all)]


@pytest.mark.parametrize(
    ("command", "named"),
    [
        (f"{DIRECTORY}/docker-bench-security.sh", f"{DIRECTORY}/docker-bench-security.sh"),
        (f"cd {DIRECTORY}/ && ./docker-bench-security.sh", f"{DIRECTORY}/docker-bench-security.sh"),
        (f"cd {DIRECTORY} && sh docker-bench-security.sh", f"{DIRECTORY}/docker-bench-security.sh"),
        ("cd /opt; docker-bench-security/docker-bench-security.sh", f"{DIRECTORY}/docker-bench-security.sh"),
        (f"cd {DIRECTORY} && docker-bench-security.sh", ""),  # on the path, wherever that is
        ("cd $HOME && ./docker-bench-security.sh", ""),
        ("docker run docker/docker-bench-security", ""),
    ],
)
def test_tool_that_is_not_there(command: str, named: str) -> None:
    """A job that outlived the checkout of the tool runs nothing; not everybody sees what is there."""
    missing = [f"names {named}, which is not there" if named else ""]
    assert faults(f"@weekly {command}") == missing
    assert faults(f"@weekly {command}", f"there:{DIRECTORY}/docker-bench-security.sh\n") == [""]
    assert faults(f"@weekly {command}", sees_all=False) == [""]
    script = f"program:/srv/a.sh\n:{command}\n"
    assert faults("@weekly /srv/a.sh", script) == missing
    assert faults(f"@weekly {command}\n@weekly docker-bench-security.sh") == [""]  # one of two is enough


@pytest.mark.parametrize(
    ("crontab", "fault"),
    [
        ("@weekly DOCKER_HOST=tcp://other:2376 docker-bench-security.sh", True),
        ("@weekly export DOCKER_HOST='ssh://other'; docker-bench-security.sh", True),
        ("DOCKER_HOST = tcp://other:2376\n@weekly docker-bench-security.sh", True),
        ("@weekly docker-bench-security.sh\nDOCKER_HOST=tcp://other:2376", False),
        ("@weekly env DOCKER_CONTEXT=other docker-bench-security.sh", True),
        ("@weekly docker -H tcp://other:2376 run docker/docker-bench-security", True),
        ("@weekly docker --host=ssh://other run docker/docker-bench-security", True),
        ("@weekly DOCKER_HOST=unix:///run/docker.sock docker-bench-security.sh", False),
        ("@weekly DOCKER_HOST=tcp://127.0.0.1:2376 docker-bench-security.sh", False),
        ("@weekly DOCKER_CONTEXT=default docker-bench-security.sh", False),
        ("MAILTO=ops@example.com\n@weekly docker-bench-security.sh", False),
    ],
)
def test_engine_of_another_host(crontab: str, fault: bool) -> None:
    """What the tool says then is not about this host."""
    assert faults(crontab) == ["asks another engine than that of this host" if fault else ""]


@pytest.mark.parametrize(
    ("more", "fault"),
    [
        ("Result=success\nExecMainStatus=0\nConditionResult=yes\nConditionTimestampMonotonic=9", ""),
        ("Result=success\nExecMainStatus=0\nConditionResult=no\nConditionTimestampMonotonic=0", ""),
        ("Result=exit-code\nExecMainStatus=1\nConditionResult=yes\nConditionTimestampMonotonic=9", ""),
        ("ConditionResult=no\nConditionTimestampMonotonic=9",
         "was last due when a condition of b.service was not met"),
        ("Result=exec-condition\nConditionResult=yes",
         "was last due when a condition of b.service was not met"),
        ("Result=exit-code\nExecMainStatus=203",
         "fired last when systemd could not start b.service (status 203)"),
        ("Environment=DOCKER_HOST=tcp://other:2376", "asks another engine than that of this host"),
        ("WorkingDirectory=/opt/gone", "names /opt/gone/docker-bench-security.sh, which is not there"),
    ],
)  # fmt: skip
def test_service_that_was_not_started(more: str, fault: str) -> None:
    """What systemd says of its last start, and what it is started with."""
    executed = started("/bin/sh", "-c ./docker-bench-security.sh").strip()
    (job,) = jobs(TIMER.format("waiting", f"{executed}\n{more}"), "", "", sees_all=True)
    assert job.get("Fault", "") == fault
