"""`hullcheck compare`: compare an audit with another tool on the same host."""

import argparse
from pathlib import Path

from hullcheck import frameworks
from hullcheck.commands import Subparsers, add_json
from hullcheck.compare import differences, inputs
from hullcheck.messages import WrongUse
from hullcheck.writers import comparison as writer

RESULTS = Path("reports/latest/results.json")


def add(commands: Subparsers) -> None:
    """Declare the subcommand."""
    parser = commands.add_parser(
        "compare",
        help="compare the results of an audit with those of another tool",
        description="Compare the results of an audit with those of docker-bench-security on the same host, and"
        " explain each difference in one line. The exit status is 1 where something was judged differently.",
    )
    parser.add_argument("tool", choices=("docker-bench",), help="the other tool")
    parser.add_argument("log", type=Path, metavar="LOG", help="its JSON log: with `-l FILE` it is FILE.json")
    parser.add_argument(
        "--results",
        type=Path,
        default=RESULTS,
        metavar="PATH",
        help=f"those of the audit (default: {RESULTS})",
    )
    parser.add_argument("--target", metavar="NAME", help="the target, where the audit has several")
    add_json(parser)
    parser.set_defaults(run=_run)


def _run(given: argparse.Namespace) -> int:
    log, audited = inputs.log(given.log), inputs.results(given.results, given.target)
    found = differences.compare(log, audited, _titles())
    print(writer.document(found) if given.json else writer.text(found), end="")
    return 1 if found.differ else 0


def _titles() -> dict[str, str]:
    """Return short titles of all recommendations, in words of this project."""
    try:
        return dict(frameworks.load(frameworks.find(Path.cwd())).get("cis").ids)
    except frameworks.FrameworkError as error:
        raise WrongUse(str(error)) from None
