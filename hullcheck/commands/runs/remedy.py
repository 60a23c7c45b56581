"""`hullcheck remedy`: files that mend what failed in an audit."""

import argparse
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from hullcheck.messages import WrongUse, did_you_mean, printable
from hullcheck.recording.backends import COMPOSE
from hullcheck.results import Audit, document, run_files

if TYPE_CHECKING:
    from hullcheck.commands import Subparsers
    from hullcheck.recording import Recording
    from hullcheck.remedies.plan import Plan

RUN = Path("reports/latest")
FOLDER = Path("remedy")
_RUN_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]*")  # it names a folder on the host


def add(commands: "Subparsers") -> None:
    """Declare the subcommand."""
    parser = commands.add_parser(
        "remedy",
        help="write files that mend what failed in an audit",
        description="Write a folder for each target with files that mend what failed there, and a README.md that says"
        " what each does and may break, in which order to apply them, and how to go back. No host is contacted, and"
        " nothing is applied.",
    )
    parser.add_argument(
        "run_folder",
        nargs="?",
        type=Path,
        default=RUN,
        metavar="RUN-FOLDER",
        help=f"what the audit left (default: {RUN})",
    )
    parser.add_argument(
        "--target", action="append", metavar="NAME", help="this target alone; may be given several times"
    )
    parser.add_argument(
        "--output",
        type=Path,
        default=FOLDER,
        metavar="DIR",
        help=f"where to write; a folder of its own (default: {FOLDER})",
    )
    parser.add_argument(
        "--also",
        action="append",
        default=[],
        metavar="CONTROL",
        help="a control whose remedy takes something away, by its number or name: README.md lists them",
    )
    parser.set_defaults(run=_run)


def _run(given: argparse.Namespace) -> int:
    from hullcheck.remedies import folder  # late: facts are slow to import

    run: Path = given.run_folder
    audit = _audit(run)
    targets = _targets(audit, given.target)
    also = _also(audit, given.also)
    failing = [each for each in targets if _fails(audit, each)]
    files_of_auditor = {each.name for each in audit.targets if each.kind == COMPOSE}
    for each in (name for name in failing if name in files_of_auditor):
        print(
            f"{each}: a Compose file: change it in the lines that the findings name; nothing is written for it"
        )
    failing = [each for each in failing if each not in files_of_auditor]
    if not failing and files_of_auditor & {*targets}:
        return 0
    if not failing:
        print("nothing failed there: there is nothing to mend")
        return 0
    plans = [_plan(audit, run, each, also) for each in failing]
    files = {f"{plan.target}/{name}": text for plan in plans for name, text in _files(plan).items()}
    folder.write(given.output, files)
    for plan in plans:
        print(_line(plan, given.output))
    return 0


def _audit(run: Path) -> Audit:
    audit = document.load(run / run_files.RESULTS, "hullcheck remedy RUN-FOLDER")
    if not _RUN_ID.fullmatch(audit.run.id):
        raise WrongUse(f"{run}: {audit.run.id!r} is no id of a run")
    return audit


def _targets(audit: Audit, wanted: Sequence[str] | None) -> list[str]:
    known = [each.name for each in audit.targets]
    for each in wanted or ():
        if each not in known:
            raise WrongUse(f"no target {each!r} in this run; {did_you_mean(each, known)}")
    return [each for each in known if not wanted or each in wanted]


def _also(audit: Audit, wanted: Iterable[str]) -> set[str]:
    from hullcheck.remedies.table import REMEDIES

    asking = {name for name, each in REMEDIES.items() if each.asks}
    names = {number: each.id for each in audit.controls for number in each.frameworks.get("cis", ())}
    found = {names.get(each, each) for each in wanted}
    for each in sorted(found - asking):
        raise WrongUse(
            f"--also: {each!r} is no control whose remedy has to be asked for; {did_you_mean(each, asking)}"
        )
    return found


def _fails(audit: Audit, target: str) -> bool:
    from hullcheck.remedies.plan import failed_on

    return bool(failed_on(audit, target))


def _plan(audit: Audit, run: Path, target: str, also: set[str]) -> "Plan":
    from hullcheck.remedies.plan import plan

    if not target or target.startswith(".") or "/" in target or printable(target) != target or "\n" in target:
        raise WrongUse(f"the target {target!r} cannot name a folder; choose others with --target")
    return plan(audit, target, _recording(run / target), also)


def _recording(path: Path) -> "Recording":
    from hullcheck import facts
    from hullcheck.recording import Recording, RecordingError

    try:
        recording = Recording.load(path, facts.PROBES)
    except RecordingError as error:
        raise WrongUse(f"{error}: what is on the host is not known; audit again") from None
    if recording.failure:
        raise WrongUse(f"{path}: nothing was gathered: {recording.failure}")
    return recording


def _files(plan: "Plan") -> dict[str, str]:
    from hullcheck.remedies import readme, script

    page = {"README.md": readme.readme(plan)}
    return page if plan.is_empty else {**page, **script.files(plan), script.PLAYBOOK: script.playbook(plan)}


def _line(plan: "Plan", output: Path) -> str:
    mended = {failure.control.id for failure, _ in plan.changes}
    left = {each.failure.control.id for each in plan.left} | {each.control.id for each in plan.asked}
    return printable(
        f"{plan.target}: {len(mended)} controls to mend, {len(left - mended)} left to a person:"
        f" {output / plan.target / 'README.md'}"
    )
