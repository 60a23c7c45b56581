"""`hullcheck merge`: one audit of the bundles of all its shards."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from hullcheck.messages import WrongUse, printable

if TYPE_CHECKING:
    from hullcheck.commands import Subparsers
    from hullcheck.merge.shards import ShardBundle

NOT_MERGED = 3


def add(commands: "Subparsers") -> None:
    """Declare the subcommand."""
    parser = commands.add_parser(
        "merge",
        help="put the bundles of all shards of an audit together to one",
        description="Put together the bundles that runs with --shard left, as if one run had audited all targets. Each"
        " is checked as by `hullcheck verify`, and all recordings are judged again: run it in the directory of the"
        " controls. Exit status: that of the one run (0 where nothing fails, 1 where something does), 2 wrong use, 3"
        " nothing was merged: a shard is missing, there twice, damaged, or of another policy, version or selection.",
    )
    parser.add_argument(
        "out", type=Path, metavar="OUT", help="the folder for reports, in which the merged run is left"
    )
    parser.add_argument(
        "shards",
        type=Path,
        nargs="+",
        metavar="SHARD",
        help="the bundle (.zip) of each shard, or the folder of its run",
    )
    parser.add_argument(
        "--allowed-signers",
        type=Path,
        metavar="FILE",
        help="who may have signed each shard, as for ssh-keygen; without it, only that the signatures hold is checked",
    )
    parser.add_argument("--sign", type=Path, metavar="KEY", help="sign the merged bundle with this SSH key")
    parser.add_argument(
        "--format",
        default="",
        metavar="FORMATS",
        help="write these files too, as the option of an audit; what is in the bundle of a shard is written anyway",
    )
    parser.set_defaults(run=_run)


def _run(given: argparse.Namespace) -> int:
    # late: no other subcommand needs what these import
    from hullcheck.bundle import BundleError, signing, sshsig
    from hullcheck.merge import MergeError, shards, whole
    from hullcheck.verify import place
    from hullcheck.writers.formats import FormatError, chosen

    try:
        further = chosen(filter(None, map(str.strip, given.format.split(","))))
    except FormatError as error:
        raise WrongUse(str(error)) from None
    allowed: Path | None = given.allowed_signers
    if allowed is not None and not allowed.is_file():
        raise WrongUse(f"--allowed-signers {allowed}: there is no such file")
    paths = [shards.bundle_at(each) for each in given.shards]
    for path in paths:
        place.require_own_imports(path)
    try:
        signing.try_key(given.sign)
    except sshsig.SignatureError as error:
        raise WrongUse(f"--sign={given.sign}: {error}") from None
    found = [each for path in paths for each in _read(path, allowed)]
    wrong = [] if len(found) < len(paths) else list(shards.faults(found))
    if wrong or len(found) < len(paths):
        return _refused(wrong)
    if not found[0].known.is_of_shipped:
        place.require(paths[0])
    try:
        merged = whole.merge(found, given.out, further)
        path = merged.write(given.out, given.sign)
    except (MergeError, BundleError) as error:
        return _refused(str(error).split("\n"))
    except OSError as error:
        return _refused([f"{error.filename}: {error.strerror}"])
    many = len(merged.audit.targets)
    print(printable(f"merged {len(found)} shards, {many} targets: {path}"))
    print(printable(f"page: {path.with_suffix('') / 'audit.html'}"))
    return merged.audit.run.exit_status


def _read(path: Path, allowed: Path | None) -> "list[ShardBundle]":
    """The bundle at *path*, and what was found in it said; nothing where something is wrong."""
    from hullcheck.merge import shards

    found, steps = shards.read(path, allowed)
    signed = next((f"; signature: {each.said}" for each in steps if each.name == "signature"), "")
    shown = f"shard {found.known.audit.run.shard or '-'}: {path}{signed}" if found else f"{path}: WRONG"
    print(printable(shown), flush=True)
    for step in steps:
        for fault in step.faults:
            print(printable(f"  {step.name}: {fault}"))
    return [found] if found else []


def _refused(faults: list[str]) -> int:
    for each in faults:
        print(printable(each))
    print("NOT merged: nothing was written")
    return NOT_MERGED
