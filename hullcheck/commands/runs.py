"""`hullcheck report` and `diff`, which read the results of runs."""

import argparse
from pathlib import Path

from hullcheck.commands import Subparsers, add_json, terminal
from hullcheck.controls import shipped
from hullcheck.messages import WrongUse, did_you_mean
from hullcheck.results import document, history, run_files, sentences

REPORTS = Path("reports")


def add(commands: Subparsers) -> None:
    """Declare the subcommands."""
    report = commands.add_parser(
        "report",
        description="With --by, show each requirement of a framework with the verdict of its controls over all targets."
        " With --history, show a row for each run, the oldest first.",
    )
    help_ = f"folder of a run (default: {REPORTS}/latest), or with --history of all runs (default: {REPORTS})"
    report.add_argument("folder", nargs="?", type=Path, metavar="FOLDER", help=help_)
    what = report.add_mutually_exclusive_group(required=True)
    what.add_argument("--by", metavar="FRAMEWORK", help="cis, nist, pci, hipaa, guide, or one of your own markers.ini")
    what.add_argument("--history", action="store_true", help="how many findings failed in each run")
    form = report.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="print the history as JSON")
    form.add_argument("--prometheus", action="store_true", help="print OpenMetrics text with the time of each run")
    report.set_defaults(run=_report)

    diff = commands.add_parser(
        "diff",
        description="Show the findings that are new or gone in the later run, and the answers that changed."
        " The exit status is 1 if something fails that did not fail before. With the JSON log of docker-bench-security"
        " in place of the later run, explain each difference of verdicts; the exit status is 1 if there is one.",
    )
    diff.add_argument("old", type=Path, metavar="OLD", help="folder of the earlier run, or its results.json")
    diff.add_argument("new", type=Path, metavar="NEW", help="the later run, or a log: with `-l FILE` it is FILE.json")
    diff.add_argument("--target", metavar="NAME", help="the target of the log, if the run has several")
    form = diff.add_mutually_exclusive_group()
    add_json(form)
    form.add_argument("--markdown", action="store_true", help="print Markdown, for a comment on a merge request")
    diff.set_defaults(run=_diff)


def _report(given: argparse.Namespace) -> int:
    if given.history:
        return _history(given)
    from hullcheck.writers import requirements as writer  # late, as below: no other subcommand needs it

    if given.json or given.prometheus:
        raise WrongUse("--json and --prometheus go with --history; results.json has the requirements")
    audit = document.load(given.folder or REPORTS / run_files.LATEST, f"hullcheck report FOLDER --by {given.by}")
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

    reports: Path = given.folder or REPORTS
    try:
        names = [each for each in reports.iterdir() if run_files.FOLDER.fullmatch(each.name)]
    except OSError as error:
        raise WrongUse(f"{reports}: {error.strerror}; name the folder of all runs") from None
    folders = sorted(each for each in names if (each / run_files.RESULTS).is_file())
    if not folders:
        raise WrongUse(f"{reports}: there is no run in it; name the folder of all runs")
    audits = (document.load(each, "hullcheck report --history FOLDER") for each in folders)
    runs = [(len(each.targets), history.trend(each)[-1]) for each in audits]
    if given.json:
        print(writer.document(runs), end="")
    elif given.prometheus:
        print(writer.metrics(runs), end="")
    else:
        print(writer.text(runs, terminal()[0]), end="")
    return 0


def _diff(given: argparse.Namespace) -> int:
    if _is_log(given.new):
        return _compare(given)
    if given.target:
        raise WrongUse("--target goes with a log of docker-bench-security, and NEW is none")
    from hullcheck.drift import PastRun, drift
    from hullcheck.writers import drift as writer

    found = drift(PastRun.load(given.old), PastRun.load(given.new))
    render = writer.document if given.json else writer.markdown if given.markdown else writer.text
    print(render(found), end="")
    return 1 if found.changes.new else 0


def _is_log(path: Path) -> bool:
    """Return whether *path* is a file of another program, and neither results nor a bundle."""
    if not path.is_file():
        return False
    with path.open("rb") as stream:
        head = stream.read(100)
    return not (head.startswith(b"PK") or b'"hullcheck/' in head)


def _compare(given: argparse.Namespace) -> int:
    if given.markdown:
        raise WrongUse("--markdown goes with two runs, and NEW is a log")
    from hullcheck import frameworks
    from hullcheck.compare import compare, read_log, target_of
    from hullcheck.writers import comparison as writer

    log, audit = read_log(given.new), document.load(given.old, "hullcheck diff RUN LOG")
    target = target_of(audit, given.target)
    titles = frameworks.load(frameworks.find(shipped.folder())).get("cis").ids
    found = compare(log, audit, target, titles)
    print(writer.document(found) if given.json else writer.text(found), end="")
    return 1 if found.differ else 0
