"""`hullcheck report`: the results of an audit by requirement of a framework."""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from hullcheck.commands import terminal
from hullcheck.messages import WrongUse, did_you_mean
from hullcheck.results import Result, reader, run_files, unjudged
from hullcheck.results.document import from_json
from hullcheck.results.requirements import Rollup
from hullcheck.writers import requirements as writer
from hullcheck.writers import unjudged as unjudged_line

if TYPE_CHECKING:
    from hullcheck.commands import Subparsers

RUN = Path("reports/latest")


def add(commands: "Subparsers") -> None:
    """Declare the subcommand."""
    parser = commands.add_parser(
        "report",
        help="show the results of an audit by requirement: of PCI DSS, HIPAA, NIST, ...",
        description="Show each requirement of a framework with the worst verdict of the controls that speak for"
        " it, over all targets. The exit status says nothing of the verdicts; that of the audit does.",
    )
    parser.add_argument(
        "--by",
        required=True,
        metavar="FRAMEWORK",
        help="cis, nist, pci, hipaa or guide, or one of your own markers.ini",
    )
    parser.add_argument(
        "run_folder",
        nargs="?",
        type=Path,
        default=RUN,
        metavar="RUN-FOLDER",
        help=f"what the audit left (default: {RUN})",
    )
    parser.set_defaults(run=_run)


def _run(given: argparse.Namespace) -> int:
    rollups, silent = _rollups(given.run_folder, given.by)
    print(writer.results(rollups, *terminal()), end="")
    if silent:
        print(unjudged_line.line(silent))
    return 0


def _rollups(folder: Path, framework: str) -> tuple[Sequence[Rollup], Sequence[str]]:
    """The requirements of *framework*, and the targets on which no control was judged."""
    path = folder / run_files.RESULTS if folder.is_dir() or not folder.suffix else folder
    document = reader.read(path, f"hullcheck report --by {framework} RUN-FOLDER")
    try:
        rollups = [from_json(Rollup, each) for each in document["requirements"]]
        silent = unjudged(from_json(Result, each) for each in document["results"])
    except (KeyError, TypeError, ValueError, AttributeError):
        raise reader.damaged(path) from None
    chosen = [each for each in rollups if each.framework == framework]
    if not chosen:
        names = {each.framework for each in rollups}
        raise WrongUse(f"--by {framework}: no such framework; {did_you_mean(framework, names)}")
    return chosen, silent
