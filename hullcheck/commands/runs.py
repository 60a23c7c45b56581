"""`hullcheck report`, `history`, `diff` and `compare`: what is read from the results of runs."""

import argparse
from pathlib import Path

from hullcheck.commands import Subparsers, add_json, add_run_folder, terminal
from hullcheck.messages import WrongUse, did_you_mean
from hullcheck.results import document, history, run_files, sentences

RESULTS, REPORTS = Path("reports/latest/results.json"), Path("reports")


def add(commands: Subparsers) -> None:
    """Declare the subcommands."""
    report = commands.add_parser(
        "report",
        help="show the results of an audit by requirement: of PCI DSS, HIPAA, NIST, ...",
        description="Show each requirement of a framework with the worst verdict of the controls that speak for"
        " it, over all targets. The exit status says nothing of the verdicts; that of the audit does.",
    )
    report.add_argument(
        "--by",
        required=True,
        metavar="FRAMEWORK",
        help="cis, nist, pci, hipaa or guide, or one of your own markers.ini",
    )
    add_run_folder(report)
    report.set_defaults(run=_report)

    past = commands.add_parser(
        "history",
        help="show how many findings failed in each of the runs in a folder of reports",
        description="Show a row for each run, the oldest first. `hullcheck diff` says what changed between two.",
    )
    past.add_argument(
        "reports",
        nargs="?",
        type=Path,
        default=REPORTS,
        metavar="REPORTS",
        help=f"the folder with a folder for each run (default: {REPORTS})",
    )
    form = past.add_mutually_exclusive_group()
    add_json(form)
    form.add_argument(
        "--prometheus", action="store_true", help="print OpenMetrics text with the time of each run, for Prometheus"
    )
    past.set_defaults(run=_history)

    diff = commands.add_parser(
        "diff",
        help="show what changed between two runs, and in the answers of the host",
        description="Show which findings are new in the later run, which are gone, and the lines of the host's answers"
        " that only one of the runs has. The exit status is 1 where something fails that did not fail before.",
    )
    diff.add_argument("old", type=Path, metavar="OLD", help="folder of the earlier run, or its results.json")
    diff.add_argument("new", type=Path, metavar="NEW", help="the same of the later run")
    form = diff.add_mutually_exclusive_group()
    add_json(form)
    form.add_argument("--markdown", action="store_true", help="print Markdown, as for a comment of a merge request")
    diff.set_defaults(run=_diff)

    compare = commands.add_parser(
        "compare",
        help="compare the results of an audit with those of another tool",
        description="Compare the results of an audit with those of docker-bench-security on the same host, and"
        " explain each difference in one line. The exit status is 1 where something was judged differently.",
    )
    compare.add_argument("tool", choices=("docker-bench",), help="the other tool")
    compare.add_argument("log", type=Path, metavar="LOG", help="its JSON log: with `-l FILE` it is FILE.json")
    compare.add_argument(
        "--results", type=Path, default=RESULTS, metavar="PATH", help=f"those of the audit (default: {RESULTS})"
    )
    compare.add_argument("--target", metavar="NAME", help="the target, where the audit has several")
    add_json(compare)
    compare.set_defaults(run=_compare)


# what only one of the subcommands needs is imported late


def _report(given: argparse.Namespace) -> int:
    from hullcheck.writers import requirements as writer

    audit = document.load(given.run_folder, f"hullcheck report --by {given.by} RUN-FOLDER")
    chosen = [each for each in audit.requirements if each.framework == given.by]
    if not chosen:
        names = {each.framework for each in audit.requirements}
        raise WrongUse(f"--by {given.by}: no such framework; {did_you_mean(given.by, names)}")
    print(writer.results(chosen, *terminal()), end="")
    if audit.unjudged:
        print(sentences.unjudged(audit.unjudged))
    return 0


def _history(given: argparse.Namespace) -> int:
    from hullcheck.writers import history as writer

    advice = "; name the folder for reports: hullcheck history REPORTS"
    try:
        names = [each for each in given.reports.iterdir() if run_files.FOLDER.fullmatch(each.name)]
    except OSError as error:
        raise WrongUse(f"{given.reports}: {error.strerror}{advice}") from None
    folders = sorted(each for each in names if (each / run_files.RESULTS).is_file())
    if not folders:
        raise WrongUse(f"{given.reports}: there is no run in it{advice}")
    audits = (document.load(each, "hullcheck history REPORTS") for each in folders)
    runs = [(len(each.targets), history.trend(each)[-1]) for each in audits]
    if given.json:
        print(writer.document(runs), end="")
    elif given.prometheus:
        print(writer.metrics(runs), end="")
    else:
        print(writer.text(runs, terminal()[0]), end="")
    return 0


def _diff(given: argparse.Namespace) -> int:
    from hullcheck.drift import PastRun, drift
    from hullcheck.writers import drift as writer

    found = drift(PastRun.load(given.old), PastRun.load(given.new))
    render = writer.document if given.json else writer.markdown if given.markdown else writer.text
    print(render(found), end="")
    return 1 if found.changes.new else 0


def _compare(given: argparse.Namespace) -> int:
    from hullcheck import frameworks
    from hullcheck.compare import compare, read_log, target_of
    from hullcheck.writers import comparison as writer

    log, audit = read_log(given.log), document.load(given.results, "--results PATH")
    target = target_of(audit, given.target)
    try:
        titles = frameworks.load(frameworks.find(Path.cwd())).get("cis").ids
    except frameworks.FrameworkError as error:
        raise WrongUse(str(error)) from None
    found = compare(log, audit, target, titles)
    print(writer.document(found) if given.json else writer.text(found), end="")
    return 1 if found.differ else 0
