"""The command `hullcheck`."""

import argparse
import os
import sys
from collections.abc import Sequence
from importlib import import_module

from hullcheck import __version__
from hullcheck.messages import WrongUse, printable

WRONG_USE = 2
INTERRUPTED = 130  # as shells have it
OUTPUT_LOST = 74  # EX_IOERR of sysexits.h; the statuses below are answers of `verify`
_MODULES = {
    **dict.fromkeys(("audit", "gather", "probe-script"), "audit"),
    **dict.fromkeys(("explain", "coverage"), "explain"),
    **dict.fromkeys(("report", "diff"), "runs"),
    **dict.fromkeys(("remedy", "policy"), "remedy"),
    **{name: name for name in ("accept", "verify")},
}
"""The modules of the subcommands in `hullcheck.commands`."""
_HELP = """\
Audit a host:
  audit         audit this machine, or the hosts that --hosts or --inventory name
  diff          show what changed between two runs, or what docker-bench-security judges differently
  report        show an audit by requirement (PCI DSS, HIPAA, NIST, ...), or past audits
  remedy        write files that fix what failed

Understand:
  explain       list the controls, explain one, or find those with a word
  coverage      list the requirements of the frameworks with and without controls

Decide:
  accept        accept a failure (a waiver), or record a manual check (an attestation)
  policy        draft the policy that would accept what an audit found

Evidence:
  verify        check a bundle: digests, signature, and every verdict again from the recordings
  gather        ask hosts, keep a recording of each, and judge nothing
  probe-script  print what an audit runs on a host, for a host without SSH access

`hullcheck COMMAND --help` lists the options of a command. Start with `hullcheck audit --demo`.
"""


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
        print(f"hullcheck {given.command}: {printable(str(error))}", file=sys.stderr)
        return WRONG_USE
    except OSError as error:
        if error.filename is not None:  # a file, of which a command says more
            raise
        # the reader has enough, as in `hullcheck explain | head`, or the disk is full
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if not isinstance(error, BrokenPipeError):
            print(f"hullcheck: standard output: {error.strerror}", file=sys.stderr)
        return OUTPUT_LOST
    return status


def read(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Return the options, or exit if they are wrong or help was asked for; a subcommand may pass others to pytest."""
    words = sys.argv[1:] if arguments is None else arguments
    whole = parser(*words[:1])
    given, more = whole.parse_known_args(arguments)
    if given.command is None:
        whole.exit(WRONG_USE, whole.format_help())
    given.more = more
    if more and not getattr(given, "takes_more", False):
        help_ = f"`hullcheck {given.command} --help` lists the options"
        whole.exit(WRONG_USE, f"hullcheck {given.command}: unrecognized arguments: {' '.join(more)}; {help_}\n")
    return given


def parser(command: str = "") -> argparse.ArgumentParser:
    """Return the parser of this subcommand, whose module alone is imported, or of the whole command line."""
    whole = argparse.ArgumentParser(
        prog="hullcheck",
        usage="hullcheck COMMAND [OPTIONS]",
        description="Audits Docker hosts against the CIS Docker Benchmark and other frameworks.",
        epilog=_HELP,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    whole.add_argument("--version", action="version", version=f"hullcheck {__version__}")
    commands = whole.add_subparsers(dest="command", prog="hullcheck", help=argparse.SUPPRESS)
    for name in dict.fromkeys([_MODULES[command]] if command in _MODULES else _MODULES.values()):
        import_module(f"hullcheck.commands.{name}").add(commands)
    return whole
