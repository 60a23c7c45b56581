"""Writes to the terminal: progress while gathering, offenders of a control, the summary of an audit."""

import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from hullcheck.frameworks.rollup import IdsByControl
from hullcheck.inventory import Target
from hullcheck.inventory.acceptance import EXPIRED, MATCHES_NOTHING, names_of, words_of
from hullcheck.messages import did_you_mean, printable
from hullcheck.results import STALE, STATES, Attestation, Audit, Finding, Waiver, run_files, sentences
from hullcheck.verdicts import Verdict
from hullcheck.writers.columns import cells, cut, padded
from hullcheck.writers.terminal import no_answer, screen
from hullcheck.writers.terminal.screen import Line

NOTHING_JUDGED = "No control was judged: nothing here says that a target is hardened."
_NAMES_SHOWN = 6
_SCREEN = 23  # lines of the summary between its head and pytest's last line: 25 with these
_LEAST = 8  # of them for what fails and what to do about it
_IN_A_FILE = 100  # columns


def target_line(targets: Sequence[Target]) -> str:
    """Return the names of a few targets, and how many more there are."""
    names = ", ".join(target.name for target in targets[:_NAMES_SHOWN])
    more = len(targets) - _NAMES_SHOWN
    return f"{names} and {more} more" if more > 0 else names


def offenders(findings: Sequence[Finding]) -> str:
    """Return a line for each subject that failed or could not be judged."""
    telling = [each for each in findings if each.verdict in (Verdict.FAIL, Verdict.ERROR)]
    return printable("\n".join(f"{each.verdict}: {each.subject}: {each.reason}" for each in telling))


class Progress:
    """How far gathering is: a line that moves on a terminal, one line in a log."""

    def __init__(self, reporter: Any, total: int) -> None:
        """Begin, with *total* targets to come; *reporter* is pytest's, None where there is no terminal."""
        self.reporter = reporter
        self.total = total
        self.done = 0
        self.failures: list[str] = []
        self.moves = reporter is not None and reporter.isatty
        self._draw("")

    def step(self, name: str, failure: str) -> None:
        """Count one more target; *failure* is why it could not be gathered, or empty."""
        self.done += 1
        if failure:
            self.failures.append(f"{name}: {failure}")
        self._draw(name)

    def _draw(self, name: str) -> None:
        if self.moves:
            self._overwrite(f"gathering: {self.done} of {self.total} targets {printable(name)}")

    def _overwrite(self, text: str) -> None:
        """Write *text* over the line, up to the last column but one: in the last the cursor would not go back."""
        width = self.reporter._tw.fullwidth - 1
        self.reporter.rewrite(padded(cut(text, width), width))

    def hide(self) -> None:
        if self.moves:
            self._overwrite("")
            self.reporter.rewrite("")
        self.moves = False

    def close(self, seconds: float, rights: Mapping[str, str], *, told_below: bool = False) -> None:
        """End the progress line, and write what was gathered.

        Args:
            rights: of each target as whom it was asked, and what that user does not see.
            told_below: whether the summary says why targets were not audited.
        """
        self.hide()
        if self.reporter is None or self.reporter.no_summary:
            return
        noun = "target" if self.total == 1 else "targets"
        self.reporter.write_line(f"gathered {self.total} {noun} in {seconds:.1f} s")
        for failure in () if told_below else self.failures:
            self.reporter.write_line(f"not audited: {printable(failure)}", red=True)
        for said in dict.fromkeys(rights.values()):
            names = screen.named([name for name, each in rights.items() if each == said])
            self.reporter.write_line(printable(f"{names}: {said}"), yellow=": " in said)


def leave_files_out(reporter: Any, targets: int) -> None:
    """Let pytest not name each file again for each target, where there are many: a letter for each test will do."""
    if reporter is not None and reporter.verbosity == 0 and targets > screen.FEW_TARGETS:
        reporter.showfspath = False


def write_nothing_selected(reporter: Any) -> None:
    """Name what could be selected, where -m, -k or a path leave no test."""
    reporter.write_line(
        "No control was selected: there is none here, or -m and -k leave none. `hullcheck audit` takes the same options"
        " and runs the installed controls, `hullcheck explain` lists them.",
        red=True,
    )


def write_nothing_judged(reporter: Any) -> None:
    """Write that no control passed or failed."""
    reporter.write_line(NOTHING_JUDGED, red=True)


def write_summary(
    reporter: Any,
    audit: Audit,
    *,
    folder: Path,
    ids_by_control: IdsByControl,
    command: Sequence[str] | None = None,
) -> None:
    """Write what a run found, on one screen; with -v, all of it.

    Args:
        folder: that of the run.
        command: the command line of a run that could ask no target, and says no more than why; else None.
        ids_by_control: the ids of every control there is.
    """
    width = reporter._tw.fullwidth
    if not reporter.isatty and "COLUMNS" not in os.environ:
        width = max(width, _IN_A_FILE)
    if command is None:
        above = [*screen.verdicts(audit), *screen.notes(audit)]
    else:
        above = list(no_answer.lines(audit, width, command))
    below = list(_accepting(audit, ids_by_control))
    page = folder / run_files.AUDIT_PAGE
    if command is None and page.is_file():
        below.append(Line(f"page: {page.absolute().as_uri()}", len("page:"), {"bold": True}))
    if audit.nothing_judged:
        below.append(_whole(NOTHING_JUDGED, red=True))
    elif audit.unjudged:
        below.append(_whole(sentences.unjudged(audit.unjudged), red=True))
    below += [*screen.gates(audit, all_lines=reporter.verbosity > 0), Line(f"results: {folder}")]
    taken = sum(-(-cells(each.text) // width) for each in (*above, *below))  # a long path takes two lines
    room = 0 if reporter.verbosity > 0 else max(_SCREEN - taken, _LEAST)
    reporter.write_sep("=", "hullcheck")
    for each in (*above, *(screen.lines(audit, width, room) if command is None else ()), *below):
        reporter.write(each.text[: each.head], **each.markup)
        reporter.write(f"{each.text[each.head :]}\n")


def _whole(text: str, **markup: bool) -> Line:
    return Line(text, len(text), markup)


def _accepting(audit: Audit, ids_by_control: IdsByControl) -> Iterator[Line]:
    """Yield the number of waivers and attestations in each state, and those that need review."""
    for name, entries in (("waivers", audit.waivers), ("attestations", audit.attestations)):
        if not entries:
            continue
        counts = Counter(each.state for each in entries)
        yield Line(f"{name}: {', '.join(f'{counts[each]} {words_of(each)}' for each in STATES if counts[each])}")
        for each in (each for each in entries if each.state in STALE):
            name = each.cause if isinstance(each, Waiver) and each.cause else each.control
            line = f"  {each.place}: {name}{_scope(each)}: {each.state}{_why(each, ids_by_control)}"
            yield _whole(printable(line), yellow=True)


def _why(entry: Waiver | Attestation, ids_by_control: IdsByControl) -> str:
    """Return why an entry needs review; *ids_by_control* are all controls with their numbers."""
    if entry.state == EXPIRED:
        return f", its last day was {entry.last_day}"
    known = {name for control, ids in ids_by_control.items() for name in names_of(control, ids)}
    if entry.state != MATCHES_NOTHING or entry.control.lower() in {*known, ""}:
        return ""
    hint = did_you_mean(entry.control.lower(), known)
    return f", for there is no such control{f'; {hint}' if hint.endswith('?') else ''}"


def _scope(entry: Waiver | Attestation) -> str:
    names = (("targets", entry.targets), ("subjects", entry.subjects))
    said = "; ".join(f"{name} {', '.join(patterns)}" for name, patterns in names if patterns)
    return f" ({said})" if said else ""
