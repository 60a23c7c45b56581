"""`hullcheck probe-script`: the script that an audit runs, for a host without SSH access."""

import argparse
import sys

from hullcheck.commands import Subparsers


def add(commands: Subparsers) -> None:
    """Declare the subcommand."""
    script = commands.add_parser(
        "probe-script",
        help="print the probe script, to be run on a host without SSH access",
        description="Print the script that an audit runs on a target. Run it there as root"
        " (`umask 077; sh probe.sh >answer.txt`), bring the answer back and judge it with"
        " `pytest -m cis --hosts recorded://answer.txt`. The answer holds what the host said before secrets"
        " are dropped from it: keep it as secret as the host.",
    )
    script.add_argument(
        "--docker-host", metavar="ADDRESS", help="the engine's address, as DOCKER_HOST takes it"
    )
    script.add_argument(
        "--probe-timeout",
        type=_seconds,
        default=30,
        metavar="SECONDS",
        help="time for each probe (default: 30)",
    )
    script.add_argument(
        "--scan-reports", metavar="FOLDER", help="where the reports of image scanners lie there"
    )
    script.add_argument(
        "--docker-bench-log", metavar="FILE", help="the JSON log of docker-bench-security there"
    )
    script.set_defaults(run=_run)


def _run(given: argparse.Namespace) -> int:
    from hullcheck import facts  # late: no other subcommand needs all the facts, which are slow to import
    from hullcheck.recording.script import PATHS, render

    paths = [(name, path) for name in PATHS if (path := getattr(given, name))]
    timeout = given.probe_timeout
    sys.stdout.write(
        render(facts.PROBES, docker_host=given.docker_host, timeout=timeout, paths=paths, shown=True)
    )
    return 0


def _seconds(text: str) -> int:
    if not text.isdecimal() or int(text) == 0:
        raise argparse.ArgumentTypeError(f"{text!r}: write a whole number of seconds above 0")
    return int(text)
