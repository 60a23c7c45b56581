"""The command `hullcheck`: what is not a test run."""

import argparse
import os
import sys
from collections.abc import Sequence

from hullcheck import __version__
from hullcheck.commands import audit, controls, remedy, runs, verify, waive
from hullcheck.messages import WrongUse, printable

WRONG_USE = 2
INTERRUPTED = 130  # as shells have it
OUTPUT_LOST = 74  # EX_IOERR of sysexits.h; the statuses below are answers of `verify`


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; the exit status is that of the subcommand, or 2 for a wrong use."""
    given = read(arguments)
    try:
        status: int = given.run(given)
        sys.stdout.flush()
    except KeyboardInterrupt:
        print("\ninterrupted", file=sys.stderr)
        return INTERRUPTED
    except WrongUse as error:
        print(f"hullcheck: {printable(str(error))}", file=sys.stderr)
        return WRONG_USE
    except OSError as error:
        if error.filename is not None:  # a file, of which a command says more
            raise
        return _output_lost(error)
    return status


def read(arguments: Sequence[str] | None) -> argparse.Namespace:
    """What is asked for; what is not known is for pytest, where a subcommand takes that.

    Raises:
        SystemExit: it is wrong, or help was asked for.
    """
    whole = parser()
    given, more = whole.parse_known_args(arguments)
    given.more = more
    if more and not getattr(given, "takes_more", False):
        whole.error(f"unrecognized arguments: {' '.join(more)}")
    return given


def _output_lost(error: OSError) -> int:
    """End without an answer: the reader has enough, as in `hullcheck controls | head`, or the disk is full."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    if not isinstance(error, BrokenPipeError):
        print(f"hullcheck: standard output: {error.strerror}", file=sys.stderr)
    return OUTPUT_LOST


def parser() -> argparse.ArgumentParser:
    """What the command takes."""
    whole = argparse.ArgumentParser(
        prog="hullcheck",
        description="Audits Docker hosts. `hullcheck audit` runs the installed controls by pytest; in a directory of"
        " controls, `pytest -m cis` does. The other commands do what is not a test run.",
    )
    whole.add_argument("--version", action="version", version=f"hullcheck {__version__}")
    commands = whole.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for command in (audit, controls, runs, remedy, waive, verify):
        command.add(commands)
    return whole
