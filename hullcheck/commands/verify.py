"""`hullcheck verify`: checks a bundle, and judges its recordings again."""

import argparse
from pathlib import Path

from hullcheck.commands import Subparsers
from hullcheck.messages import WrongUse, printable

FINE, WRONG, DIFFERENT = 0, 1, 3


def add(commands: Subparsers) -> None:
    """Declare the subcommand."""
    parser = commands.add_parser(
        "verify",
        description="Check a bundle that an audit wrote with --bundle, and judge its recordings again. For a bundle of"
        " your own controls, run it in their directory. Exit status: 0 if all is right, 1 if something is wrong, 2 for"
        " wrong use or missing controls, 3 for differences if another version or other controls made the bundle.",
    )
    parser.add_argument("bundle", type=Path, metavar="BUNDLE", help="the .zip, or the folder that it was unpacked to")
    help_ = "file with the accepted signers, as for ssh-keygen (default: anybody)"
    parser.add_argument("--allowed-signers", type=Path, metavar="FILE", help=help_)
    parser.set_defaults(run=_run)


def _run(given: argparse.Namespace) -> int:
    from hullcheck.verify import replay  # late: no other subcommand needs pytest for what it does
    from hullcheck.verify.check import check

    allowed: Path | None = given.allowed_signers
    if not given.bundle.exists():
        raise WrongUse(f"{given.bundle}: not there; audit first (`hullcheck audit --bundle`), or name it")
    if allowed is not None and not allowed.is_file():
        raise WrongUse(f"--allowed-signers {allowed}: there is no such file")
    replay.require_own_imports(given.bundle)
    hard = soft = 0
    other = ""
    for step in check(given.bundle, allowed):
        print(printable(f"{step.name}: {'WRONG' if step.faults else step.said}"), flush=True)
        for fault in step.faults:
            print(printable(f"  {fault}").replace("\n", "\n  "))
        other = other or step.other
        hard, soft = hard + len(step.faults) * (not step.differs), soft + len(step.faults) * step.differs
    if other:
        why = "verdicts and reports may differ for that reason"
        print(printable(f"made by {other}, which is not what is here: {why}"))
    shown = printable(str(given.bundle)).replace("\n", r"\n")
    if not hard and not soft:
        print(f"verified: {shown}")
        return FINE
    print(f"NOT verified: {shown}: {hard + soft} faults")
    return WRONG if hard or not other else DIFFERENT
