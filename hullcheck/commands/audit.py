"""`hullcheck audit`: runs the installed controls by pytest."""

import argparse
import os
import shlex
from pathlib import Path

from hullcheck.commands import Subparsers
from hullcheck.controls import shipped

_SELECTING = ("-m", "--profile")


def add(commands: Subparsers) -> None:
    """Declare the subcommand."""
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
    parser.set_defaults(run=_run, takes_more=True)


def _run(given: argparse.Namespace) -> int:
    import pytest  # late: no other subcommand needs it

    selected = any(each.startswith(_SELECTING) for each in given.more)
    inventory = [f"--inventory={shipped.demo()}"] if given.demo else []
    cache = [] if "no:cacheprovider" in given.more else ["-o", f"cache_dir={_cache()}"]
    arguments = [*shipped.command(), *cache, *inventory, *([] if selected else ["-m", "cis"]), *given.more]
    print(f"+ {shlex.join(['pytest', *arguments])}", flush=True)
    status = int(pytest.main(arguments))
    if given.demo and status == pytest.ExitCode.TESTS_FAILED:
        print(
            "This was a demonstration, so it ends with status 0; an audit of such hosts ends with status 1."
        )
        return 0
    return status


def _cache() -> Path:
    """Return where pytest keeps its cache: not beside the package."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "hullcheck"
