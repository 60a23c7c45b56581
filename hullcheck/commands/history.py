"""`hullcheck history`: how many findings failed in each run of a folder of reports."""

import argparse
from pathlib import Path

from hullcheck.commands import Subparsers, add_json, terminal
from hullcheck.messages import WrongUse
from hullcheck.results import document, history, run_files
from hullcheck.writers import history as writer

REPORTS = Path("reports")
_ADVICE = "; name the folder for reports: hullcheck history REPORTS"


def add(commands: Subparsers) -> None:
    """Declare the subcommand."""
    parser = commands.add_parser(
        "history",
        help="show how many findings failed in each of the runs in a folder of reports",
        description="Show a row for each run, the oldest first. `hullcheck diff` says what changed between two.",
    )
    parser.add_argument(
        "reports",
        nargs="?",
        type=Path,
        default=REPORTS,
        metavar="REPORTS",
        help=f"the folder with a folder for each run (default: {REPORTS})",
    )
    form = parser.add_mutually_exclusive_group()
    add_json(form)
    form.add_argument(
        "--prometheus",
        action="store_true",
        help="print OpenMetrics text with the time of each run, for Prometheus",
    )
    parser.set_defaults(run=_run)


def _run(given: argparse.Namespace) -> int:
    audits = (document.load(each, "hullcheck history REPORTS") for each in _folders(given.reports))
    runs = [(len(each.targets), history.trend(each)[-1]) for each in audits]
    if given.json:
        print(writer.document(runs), end="")
    elif given.prometheus:
        print(writer.metrics(runs), end="")
    else:
        print(writer.text(runs, terminal()[0]), end="")
    return 0


def _folders(reports: Path) -> list[Path]:
    """Return the folders of the finished runs, the oldest first."""
    try:
        names = [each for each in reports.iterdir() if run_files.FOLDER.fullmatch(each.name)]
    except OSError as error:
        raise WrongUse(f"{reports}: {error.strerror}{_ADVICE}") from None
    found = sorted(each for each in names if (each / run_files.RESULTS).is_file())
    if not found:
        raise WrongUse(f"{reports}: there is no run in it{_ADVICE}")
    return found
