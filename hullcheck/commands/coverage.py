"""`hullcheck coverage`: which requirements of the frameworks have a control, and which have none."""

import argparse
from pathlib import Path

from hullcheck import frameworks
from hullcheck.commands import Subparsers, add_json, add_paths, terminal
from hullcheck.controls import catalog, shipped
from hullcheck.frameworks.rollup import Coverage, coverage
from hullcheck.messages import WrongUse, did_you_mean
from hullcheck.writers import requirements as writer


def add(commands: Subparsers) -> None:
    """Declare the subcommand."""
    parser = commands.add_parser(
        "coverage",
        help="list the requirements of the frameworks with and without controls",
        description="List the requirements of each framework, or of one, with the controls that speak for each, so"
        " that a gap is seen before an auditor finds it. The exit status is 1 where a requirement has no control.",
    )
    parser.add_argument(
        "--framework",
        metavar="FRAMEWORK",
        help="cis, nist, pci, hipaa or guide, or one of your own markers.ini (default: all of them)",
    )
    add_paths(parser)
    add_json(parser)
    parser.set_defaults(run=_run)


def _run(given: argparse.Namespace) -> int:
    covered = _coverage(given)
    print(writer.document(covered) if given.json else writer.coverage(covered, *terminal()), end="")
    return 1 if any(each.gaps for each in covered) else 0


def _coverage(given: argparse.Namespace) -> list[Coverage]:
    try:
        known = frameworks.load(frameworks.find(Path.cwd() if given.paths else shipped.folder()))
    except frameworks.FrameworkError as error:
        raise WrongUse(str(error)) from None
    if given.framework not in (None, *known.names):
        hint = did_you_mean(given.framework, known.names)
        raise WrongUse(f"--framework {given.framework}: no such framework; {hint}")
    listed = catalog.in_order(catalog.collect(given.paths))
    ids_by_control = {each.control.id: each.control.frameworks for each in listed}
    wanted = known.editions(given.framework) if given.framework else known.all
    return [coverage(each, ids_by_control) for each in wanted]
