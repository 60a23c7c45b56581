"""`hullcheck stamp`: asks a time-stamping authority for the time of a bundle, by hand, and adds its answer."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from hullcheck.messages import WrongUse, printable

if TYPE_CHECKING:
    from hullcheck.commands import Subparsers

BUNDLE = Path("reports/latest.zip")


def add(commands: "Subparsers") -> None:
    """Declare the subcommand."""
    parser = commands.add_parser(
        "stamp",
        help="add the word of a time-stamping authority (RFC 3161) to a bundle, that it was there at a time",
        description="Without --answer, write the question for an authority beside the bundle. Carry it there, and bring"
        " the answer back with --answer: it is added to the bundle, and `hullcheck verify` checks it. Needs openssl.",
    )
    parser.add_argument(
        "bundle", nargs="?", type=Path, default=BUNDLE, metavar="BUNDLE", help=f"the .zip (default: {BUNDLE})"
    )
    parser.add_argument("--answer", type=Path, metavar="FILE", help="the answer of the authority (.tsr)")
    parser.add_argument(
        "--authority",
        type=Path,
        metavar="FILE",
        help="its CA certificates (PEM), to check the answer first",
    )
    parser.set_defaults(run=_run)


def _run(given: argparse.Namespace) -> int:
    # late: no other subcommand needs what these import
    from hullcheck import inputs, private_files
    from hullcheck.bundle import archive, timestamp
    from hullcheck.results import run_files
    from hullcheck.verify import digests, layout

    if given.bundle.is_dir():
        raise WrongUse(f"{given.bundle}: name the .zip, into which the answer is put")
    path = given.bundle.resolve()  # latest.zip is a link
    files, step = layout.read(path)
    faults = step.faults or digests.check(files).faults
    if faults:
        raise WrongUse(f"{given.bundle}: {faults[0]}; `hullcheck verify` says more")
    listing = files[run_files.DIGESTS]
    try:
        if not given.answer:
            return _ask(path, timestamp.query(listing))
        answer = inputs.read(given.answer, timestamp.LARGEST)
        when = timestamp.time_of(answer, listing, given.authority)
    except timestamp.TimestampError as error:
        raise WrongUse(f"{given.answer or given.bundle}: {error}") from None
    except OSError as error:
        raise WrongUse(f"{error.filename or given.answer}: {error.strerror}") from None
    private_files.write(path, archive.pack({**files, run_files.TIMESTAMP: answer}))
    print(printable(f"{path.name}: was there at {when:%Y-%m-%d %H:%M:%S} UTC, the authority says"))
    return 0


def _ask(path: Path, question: bytes) -> int:
    from hullcheck import private_files

    query = path.with_suffix(".tsq")
    try:
        private_files.write(query, question)
    except OSError as error:
        raise WrongUse(f"{query}: {error.strerror}") from None
    answer = path.with_suffix(".tsr").name
    print(printable(f"question for the authority: {query}"))
    print(
        f"send it: curl -H 'Content-Type: application/timestamp-query' --data-binary @{query.name} URL >{answer}"
    )
    print(f"then:    hullcheck stamp {path.name} --answer={answer}")
    return 0
