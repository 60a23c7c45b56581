"""The command `hullcheck`: what is not a test run."""

import argparse
import os
import sys
from collections.abc import Sequence

from hullcheck import __version__
from hullcheck.commands import attest, compare, controls, coverage, probe_script, report, verify, waive
from hullcheck.text import printable
from hullcheck.wrong_use import WrongUse

WRONG_USE = 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; the exit status is that of the subcommand, or 2 for a wrong use."""
    given = parser().parse_args(arguments)
    try:
        status: int = given.run(given)
        sys.stdout.flush()
    except WrongUse as error:
        print(f"hullcheck: {printable(str(error))}", file=sys.stderr)
        return WRONG_USE
    except BrokenPipeError:  # the reader has enough, as in `hullcheck controls | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    return status


def parser() -> argparse.ArgumentParser:
    """What the command takes."""
    whole = argparse.ArgumentParser(
        prog="hullcheck",
        description="Audits run as tests: `pytest -m cis`. This command does what is not a test run.",
    )
    whole.add_argument("--version", action="version", version=f"hullcheck {__version__}")
    commands = whole.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for command in (controls, coverage, report, compare, verify, waive, attest, probe_script):
        command.add(commands)
    return whole
