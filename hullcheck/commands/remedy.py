"""`hullcheck remedy` and `policy`: files that fix what failed in an audit, or a policy that accepts it."""

import argparse
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from hullcheck import private_files
from hullcheck.commands import Subparsers, add_run_folder
from hullcheck.lazy import regex
from hullcheck.messages import WrongUse, did_you_mean, printable
from hullcheck.recording.backends import COMPOSE
from hullcheck.results import Audit, document

if TYPE_CHECKING:
    from hullcheck.recording import Recording
    from hullcheck.remedies.plan import Plan

FOLDER = Path("remedy")
_NAME = regex(r"[A-Za-z0-9_-][A-Za-z0-9._-]*")
MARK = ".hullcheck-remedy"  # in a folder of ours
_OURS = "`hullcheck remedy` replaces its files in this folder.\n"


def add(commands: Subparsers) -> None:
    """Declare the subcommands."""
    remedy = commands.add_parser(
        "remedy",
        description="Write a folder for each host with files that fix what failed there, and a README.md with what"
        " each does and may break, the order, and the way back: no host is contacted. For Compose files, print the"
        " changes as a diff, or write them with --apply.",
    )
    add_run_folder(remedy, "run_folder", nargs="?")
    remedy.add_argument("--target", action="append", metavar="NAME", help="only this target; can be given again")
    help_ = f"a folder for these files alone, in which they replace earlier ones (default: {FOLDER})"
    remedy.add_argument("--output", type=Path, default=FOLDER, metavar="DIR", help=help_)
    help_ = "a control whose remedy takes something away, by number or id, or `all`; can be given again"
    remedy.add_argument("--also", action="append", default=[], metavar="CONTROL", help=help_)
    remedy.add_argument("--apply", action="store_true", help="change the Compose files that were audited; no host")
    remedy.set_defaults(run=_remedy)

    policy = commands.add_parser(
        "policy",
        description="Print a policy that accepts what an audit found, each line with a comment that says what it"
        " accepts. It is a draft: delete what nobody needs, and put the rest into the inventory.",
    )
    add_run_folder(policy, "--from", dest="run_folder")
    policy.set_defaults(run=_policy)


def _policy(given: argparse.Namespace) -> int:
    from hullcheck.facts import Facts  # late: facts are slow to import
    from hullcheck.policy import Policy
    from hullcheck.writers import policy_draft

    folder: Path = given.run_folder
    audit = document.load(folder, "hullcheck policy --from=RUN-FOLDER")
    known = {each.name: Facts(_recording(folder / each.name), Policy()) for each in audit.targets}
    print(policy_draft.text(folder.resolve().name, known), end="")
    return 0


def _remedy(given: argparse.Namespace) -> int:
    from hullcheck.remedies import readme, script
    from hullcheck.remedies.plan import failed_on, plan

    run: Path = given.run_folder
    audit = document.load(run, "hullcheck remedy RUN-FOLDER")
    also = _also(audit, given.also)
    named = {each.name: each for each in audit.targets}
    failing = [each for each in _targets(audit, given.target) if failed_on(audit, each)]
    if not failing:
        print("Nothing failed there: there is nothing to fix.")
    status, files = 0, dict[str, str]()
    plans: list[Plan] = []
    for each in failing:
        if named[each].kind == COMPOSE:
            from hullcheck.commands import mend  # late: it reads YAML

            status |= mend.mend(named[each], failed_on(audit, each), _recording(run / each), also, apply=given.apply)
            continue
        for name in (audit.run.id, each):  # they name folders here and on the host
            if not _NAME.fullmatch(name):
                raise WrongUse(f"{run}: {name!r} is no name of a run or target")
        made = plan(audit, each, _recording(run / each), also)
        parts = {script.README: readme.readme(made), **script.files(made)}
        if script.APPLY in parts:
            parts[script.PLAYBOOK] = script.playbook(made)
        files |= {f"{each}/{name}": text for name, text in parts.items()}
        plans.append(made)
    if plans:
        write(given.output, files)
    for made in plans:
        print(_line(made, given.output))
    return status


def write(folder: Path, files: Mapping[str, str]) -> None:
    """Write *files*, each as `TARGET/NAME` in *folder*, in place of those of an earlier call; other files stay."""
    from hullcheck.remedies import script

    try:
        there = list(folder.iterdir()) if folder.exists() else []
        if folder.is_symlink() or (there and not (folder / MARK).is_file()):
            raise WrongUse(f"{folder}: was not made by `hullcheck remedy`; name a new folder with --output DIR")
        for each in there:
            if each.is_symlink():
                each.unlink()
            elif each.is_dir():
                for name in (*script.NAMES, *(found.name for found in each.glob(script.OVERRIDES))):
                    (each / name).unlink(missing_ok=True)
                if not any(each.iterdir()):
                    each.rmdir()
        for each in (folder, *{folder / name.partition("/")[0] for name in files}):
            private_files.make_folder(each)
        for name, text in {MARK: _OURS, **files}.items():
            private_files.write(folder / name, text.encode("utf-8"))
    except OSError as error:
        raise WrongUse(f"{error.filename or folder}: cannot be written: {error.strerror}") from None


def _targets(audit: Audit, wanted: Sequence[str] | None) -> list[str]:
    known = [each.name for each in audit.targets]
    for each in wanted or ():
        if each not in known:
            raise WrongUse(f"no target {each!r} in this run; {did_you_mean(each, known)}")
    return [each for each in known if not wanted or each in wanted]


def _also(audit: Audit, wanted: Collection[str]) -> set[str]:
    from hullcheck.remedies.table import REMEDIES

    asking = {name for name, each in REMEDIES.items() if each.asks_for_some}
    if "all" in wanted:
        return asking
    names = {number: each.id for each in audit.controls for number in each.frameworks.get("cis", ())}
    found = {names.get(each, each) for each in wanted}
    for each in sorted(found - asking):
        hint = did_you_mean(each, asking)
        raise WrongUse(f"--also: {each!r} is no control whose remedy has to be asked for; {hint}")
    return found


def _recording(path: Path) -> "Recording":
    from hullcheck import facts
    from hullcheck.recording import Recording, RecordingError

    try:
        recording = Recording.load(path, facts.PROBES)
    except RecordingError as error:
        raise WrongUse(f"{error}: what is on the host is not known; audit again") from None
    if recording.failure:
        raise WrongUse(f"{path}: nothing was gathered: {recording.failure}; audit it again")
    return recording


def _line(plan: "Plan", output: Path) -> str:
    fixed = {failure.control.id for failure, _ in plan.changes}
    left = {failure.control.id for failure, _ in plan.left} | {each.control.id for each in plan.optional}
    return printable(
        f"{plan.target}: {len(fixed)} controls to fix, {len(left - fixed)} to fix by hand:"
        f" {output / plan.target / 'README.md'}"
    )
