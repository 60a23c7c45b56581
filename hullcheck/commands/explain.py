"""`hullcheck explain` and `coverage`: which controls there are, what they require, and which requirement has none."""

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
    explain = commands.add_parser(
        "explain",
        usage="hullcheck explain [CONTROL] [OPTIONS]",
        description="Explain a control: what it requires, why, how to fix it, and how it is judged. Without CONTROL,"
        " list all controls; with a section or a word, those that have it. No host is contacted.",
    )
    help_ = "a number (5.5), a section (5), an id, or a word of the title or text"
    explain.add_argument("control", nargs="?", metavar="CONTROL", help=help_)
    known, default = benchmarks.VERSIONS, benchmarks.CURRENT
    help_ = f"list with the numbers of this version of the benchmark: {', '.join(known)} (default: {default})"
    explain.add_argument("--benchmark", choices=known, default=default, metavar="VERSION", help=help_)
    add_paths(explain)
    form = explain.add_mutually_exclusive_group()
    add_json(form)
    help_ = "show what this run found for CONTROL, with the lines of the answers that decided"
    form.add_argument("--run", dest="folder", type=Path, metavar="RUN-FOLDER", help=help_)
    explain.set_defaults(run=_explain)

    coverage = commands.add_parser(
        "coverage",
        description="List the requirements of the frameworks with their controls. Exit status: 1 if one has none.",
    )
    help_ = "cis, nist, pci, hipaa or guide, or one of your own markers.ini (default: all)"
    coverage.add_argument("--framework", metavar="FRAMEWORK", help=help_)
    add_paths(coverage)
    add_json(coverage)
    coverage.set_defaults(run=_coverage)


def _explain(given: argparse.Namespace) -> int:
    from hullcheck.inventory.acceptance import entries  # late: what reads inventories is slow to import

    listed = catalog.in_order(catalog.collect(given.paths), given.benchmark)
    found = entries.matching(given.control, listed) if given.control else listed
    if not found:
        raise WrongUse(f"no control has the number, id or word {given.control!r}; `explain` lists all, --path your own")
    if given.folder:
        from hullcheck.drift import PastRun
        from hullcheck.writers import evidence

        if len(found) != 1:
            raise WrongUse("--run takes one control, as `hullcheck explain 5.5 --run RUN-FOLDER`")
        print(evidence.text(PastRun.load(given.folder, "--run RUN-FOLDER"), found[0].control.id), end="")
    elif given.json:
        print(writer.document(found, given.benchmark), end="")
    elif given.control and len(found) == 1:
        print(writer.explanation(found[0], terminal()[0]), end="")
    else:
        print(writer.table(found, given.benchmark, *terminal()), end="")
    return 0


def _coverage(given: argparse.Namespace) -> int:
    known = frameworks.load(frameworks.find(Path.cwd() if given.paths else shipped.folder()))
    if given.framework not in (None, *known.names):
        hint = did_you_mean(given.framework, known.names)
        raise WrongUse(f"--framework {given.framework}: no such framework; {hint}")
    listed = catalog.in_order(catalog.collect(given.paths))
    ids_by_control = {each.control.id: each.control.frameworks for each in listed}
    wanted = known.editions(given.framework) if given.framework else known.all
    covered = rollup.roll_up(wanted, ids_by_control, (), ())
    print(requirements.document(covered) if given.json else requirements.coverage(covered, *terminal()), end="")
    return 1 if any(not one.controls for each in covered for one in each.requirements) else 0
