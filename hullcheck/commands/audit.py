"""`hullcheck audit` runs the installed controls by pytest; `probe-script` prints what it runs on a host."""

import argparse
import os
import sys
from pathlib import Path

from hullcheck.commands import Subparsers
from hullcheck.controls import shipped

_SELECTING = ("-m", "--profile")


def add(commands: Subparsers) -> None:
    """Declare the subcommands."""
    parser = commands.add_parser(
        "audit",
        allow_abbrev=False,
        usage="hullcheck audit [--demo] [anything that pytest takes]",
        help="audit this machine, or the hosts that --hosts or --inventory name",
        description="Run the controls that are installed with hullcheck: `pytest` with what else is given here. Without"
        " -m and --profile these are the controls of the CIS benchmark (-m cis). The results go to ./reports. Settings"
        " and conftest.py files in the current directory are not read: for controls of your own, run pytest.",
        epilog="Examples: `hullcheck audit --hosts=ssh://web1,ssh://web2 --sudo`; `hullcheck audit -m guide -n 4`;"
        " `pytest --help` lists all options, those of hullcheck under a heading of their own.",
    )
    parser.add_argument(
        "--demo", action="store_true", help="audit two recorded hosts, one of them careless; needs no Docker"
    )
    parser.set_defaults(run=_audit, takes_more=True)

    script = commands.add_parser(
        "probe-script",
        help="print the probe script, to be run on a host without SSH access",
        description="Print the script that an audit runs on a target. Run it there as root"
        " (`umask 077; sh probe.sh >answer.txt`), bring the answer back and judge it with"
        " `pytest -m cis --hosts recorded://answer.txt`. The answer holds what the host said before secrets"
        " are dropped from it: keep it as secret as the host.",
    )
    script.add_argument("--docker-host", metavar="ADDRESS", help="the engine's address, as DOCKER_HOST takes it")
    script.add_argument(
        "--probe-timeout", type=_seconds, default=30, metavar="SECONDS", help="time for each probe (default: 30)"
    )
    script.add_argument("--scan-reports", metavar="FOLDER", help="where the reports of image scanners lie there")
    script.add_argument("--docker-bench-log", metavar="FILE", help="the JSON log of docker-bench-security there")
    script.set_defaults(run=_probe_script)


def _audit(given: argparse.Namespace) -> int:
    import pytest  # late: no other subcommand needs it

    selected = any(each.startswith(_SELECTING) for each in given.more)
    inventory = [f"--inventory={shipped.demo()}"] if given.demo else []
    caches = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")  # not beside the package
    cache = [] if "no:cacheprovider" in given.more else ["-o", f"cache_dir={caches / 'hullcheck'}"]
    arguments = [*shipped.command(), *cache, *inventory, *([] if selected else ["-m", "cis"]), *given.more]
    status = int(pytest.main(arguments, plugins=["hullcheck.plugin.screen"]))
    if given.demo and status == pytest.ExitCode.TESTS_FAILED:
        print("A demonstration ends with status 0; an audit of such hosts ends with 1.", file=sys.stderr)
        return 0
    return status


def _probe_script(given: argparse.Namespace) -> int:
    from hullcheck import facts  # late: no other subcommand needs all the facts, which are slow to import
    from hullcheck.recording.script import PATHS, render

    paths = [(name, path) for name in PATHS if (path := getattr(given, name))]
    timeout = given.probe_timeout
    sys.stdout.write(render(facts.PROBES, docker_host=given.docker_host, timeout=timeout, paths=paths, shown=True))
    return 0


def _seconds(text: str) -> int:
    if not text.isdecimal() or int(text) == 0:
        raise argparse.ArgumentTypeError(f"{text!r}: write a whole number of seconds above 0")
    return int(text)
