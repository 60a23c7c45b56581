"""`hullcheck report`: the results of an audit by requirement of a framework."""

import argparse
from collections.abc import Sequence
from pathlib import Path

from hullcheck.commands import Subparsers, add_run_folder, terminal
from hullcheck.messages import WrongUse, did_you_mean
from hullcheck.results import Rollup, document, run_files, sentences
from hullcheck.writers import requirements as writer


def add(commands: Subparsers) -> None:
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
    add_run_folder(parser)
    parser.set_defaults(run=_run)


def _run(given: argparse.Namespace) -> int:
    rollups, silent = _rollups(given.run_folder, given.by)
    print(writer.results(rollups, *terminal()), end="")
    if silent:
        print(sentences.unjudged(silent))
    return 0


def _rollups(folder: Path, framework: str) -> tuple[Sequence[Rollup], Sequence[str]]:
    """Return the requirements of *framework*, and the targets on which no control was judged."""
    path = folder / run_files.RESULTS if not folder.suffix else folder
    audit = document.load(path, f"hullcheck report --by {framework} RUN-FOLDER")
    chosen = [each for each in audit.requirements if each.framework == framework]
    if not chosen:
        names = {each.framework for each in audit.requirements}
        raise WrongUse(f"--by {framework}: no such framework; {did_you_mean(framework, names)}")
    return chosen, audit.unjudged
