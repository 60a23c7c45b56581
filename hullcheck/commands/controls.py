"""`hullcheck controls`, `explain` and `coverage`: which controls there are, what they demand, and what has none."""

import argparse
from pathlib import Path

from hullcheck import frameworks
from hullcheck.commands import Subparsers, add_json, add_paths, terminal
from hullcheck.controls import catalog, shipped
from hullcheck.data import benchmarks
from hullcheck.frameworks import rollup
from hullcheck.messages import WrongUse, did_you_mean
from hullcheck.writers import controls as writer
from hullcheck.writers import requirements


def add(commands: Subparsers) -> None:
    """Declare the subcommands."""
    controls = commands.add_parser(
        "controls",
        help="list the controls, with their numbers in the CIS benchmark",
        description="List the controls that come with hullcheck, or those in PATH. No host is contacted.",
    )
    add_paths(controls)
    controls.add_argument(
        "--benchmark",
        choices=benchmarks.VERSIONS,
        default=benchmarks.CURRENT,
        metavar="VERSION",
        help=f"show the numbers of this version of the CIS Docker Benchmark: {', '.join(benchmarks.VERSIONS)}"
        f" (default: {benchmarks.CURRENT}); `-m 'cis(id=...)'` always means {benchmarks.CURRENT}",
    )
    add_json(controls, "print all that is known of each control, for programs")
    controls.set_defaults(run=_controls)

    explain = commands.add_parser(
        "explain",
        help="explain a control: what it demands, why, how to mend it, and how it is judged",
        description="Explain one control. No host is contacted.",
    )
    explain.add_argument("control", metavar="CONTROL", help="its number in the CIS benchmark, as 5.5, or its name")
    add_paths(explain)
    explain.add_argument(
        "--run",
        type=Path,
        dest="run_folder",
        metavar="RUN-FOLDER",
        help="print what this run found for the control, each finding with the lines of the answers that decided it",
    )
    explain.set_defaults(run=_explain)

    coverage = commands.add_parser(
        "coverage",
        help="list the requirements of the frameworks with and without controls",
        description="List the requirements of each framework, or of one, with the controls that speak for each, so"
        " that a gap is seen before an auditor finds it. The exit status is 1 where a requirement has no control.",
    )
    coverage.add_argument(
        "--framework",
        metavar="FRAMEWORK",
        help="cis, nist, pci, hipaa or guide, or one of your own markers.ini (default: all of them)",
    )
    add_paths(coverage)
    add_json(coverage)
    coverage.set_defaults(run=_coverage)


def _controls(given: argparse.Namespace) -> int:
    listed = catalog.in_order(catalog.collect(given.paths), given.benchmark)
    if given.json:
        print(writer.document(listed, given.benchmark), end="")
    else:
        print(writer.table(listed, given.benchmark, *terminal()), end="")
    return 0


def _explain(given: argparse.Namespace) -> int:
    from hullcheck.inventory.acceptance import entries  # late: what reads inventories is slow to import

    listed = entries.control_of(given.control, given.paths)
    if given.run_folder:
        from hullcheck.drift import PastRun
        from hullcheck.writers import evidence

        print(evidence.text(PastRun.load(given.run_folder, "--run RUN-FOLDER"), listed.control.id), end="")
    else:
        print(writer.explanation(listed, terminal()[0]), end="")
    return 0


def _coverage(given: argparse.Namespace) -> int:
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
    covered = [rollup.coverage(each, ids_by_control) for each in wanted]
    print(requirements.document(covered) if given.json else requirements.coverage(covered, *terminal()), end="")
    return 1 if any(each.gaps for each in covered) else 0
