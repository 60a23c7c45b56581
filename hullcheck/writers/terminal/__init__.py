"""The terminal: progress, the offenders of a control, and the summary of an audit."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from os import environ
from pathlib import Path
from types import MappingProxyType
from typing import Any

from hullcheck.frameworks.rollup import IdsByControl
from hullcheck.inventory.acceptance import EXPIRED, MATCHES_NOTHING, names_of, words_of
from hullcheck.messages import did_you_mean, printable
from hullcheck.results import STALE, STATES, Attestation, Audit, Finding, Waiver, sentences
from hullcheck.verdicts import Verdict
from hullcheck.writers.columns import cells, cut, padded
from hullcheck.writers.terminal import files, no_answer, screen
from hullcheck.writers.terminal.screen import Line, head, plain

NOTHING_JUDGED = "No control was judged. This is not a pass."
NOTHING_SELECTED = "No control was selected: `hullcheck explain` lists those that `hullcheck audit` runs."
NEEDS_HOST = "No Compose file decides these controls: they need the host, as hullcheck audit --hosts=ssh://HOST."
_LEAST = 5  # findings that are shown however small the terminal is
_IN_A_FILE, _UNCUT = 100, 100_000  # columns


def offenders(findings: Sequence[Finding]) -> str:
    """Return a line for each subject that failed or could not be judged."""
    shown = [each for each in findings if each.verdict in (Verdict.FAIL, Verdict.ERROR)]
    return printable("\n".join(f"{each.verdict}: {each.subject}: {each.reason}" for each in shown))


class Progress:
    """One line of a terminal, which is written again and again; in a file nothing."""

    def __init__(self, reporter: Any) -> None:
        """Use the terminal of pytest's *reporter*, which may be None."""
        is_terminal = reporter is not None and reporter.isatty and reporter.verbosity >= 0
        self._terminal = reporter._tw if is_terminal else None
        self._shown = ""

    def show(self, text: str) -> None:
        """Write *text* over the line, up to the last column but one: in the last the cursor would not go back."""
        if self._terminal is not None and text != self._shown:
            width = self._terminal.fullwidth - 1
            file = self._terminal._file  # the terminal of pytest would count the columns
            file.write(f"\r{padded(cut(printable(text), width), width)}\r")
            file.flush()
            self._shown = text


def write_summary(
    reporter: Any,
    audit: Audit,
    *,
    folder: Path,
    ids_by_control: IdsByControl,
    rows: int = 24,
    everything: bool = False,
    users: Mapping[str, str] = MappingProxyType({}),
    remarks: Sequence[str] = (),
    command: Sequence[str] = (),
    left_to_hosts: int = 0,
) -> None:
    """Write the findings of a run, on one screen of *rows* lines, or *everything*.

    Args:
        folder: that of the run.
        ids_by_control: the ids of every control there is.
        users: who asked a target, if that was not root, by target.
        remarks: on the inventory.
        command: the command line of the run, as sudo takes it; empty if root runs it.
        left_to_hosts: how many controls were selected that no Compose file decides.
    """
    width = _UNCUT if everything else reporter._tw.fullwidth
    if not reporter.isatty and "COLUMNS" not in environ:
        width = max(width, _IN_A_FILE)
    on_inventory = [head(f"  {printable(each)}", "yellow") for each in remarks]
    below = list(_accepting(audit, ids_by_control))
    if audit.nothing_judged:
        below.append(head(NOTHING_JUDGED, "red"))
    elif audit.unjudged:
        below.append(head(sentences.unjudged(audit.unjudged), "red"))
    below += screen.gates(audit, everything=everything)
    if audit.of_files:
        found = [*files.lines(audit, width if reporter.isatty else _UNCUT), *on_inventory]
        below += [*files.summary(audit, left_to_hosts), *screen.page(folder), *files.next_command(audit)]
        write(reporter, [*found, *screen.manual(audit, width, everything), *below])
        return
    if no_answer.explains(audit) and not everything:
        write(reporter, [*on_inventory, *no_answer.lines(audit, width, command), *below])
        return
    above = [
        screen.judged(audit),
        *screen.targets(audit, everything=everything),
        *on_inventory,
        *screen.notes(audit, users),
    ]
    below = [*screen.after_failures(audit, width, everything=everything), *below]
    below += [*screen.page(folder), *screen.next_command(audit, folder)]
    taken = sum(-(-cells(plain(each)) // width) for each in (*above, *below))  # a long path takes two lines
    room = 0 if everything else max(rows - taken, _LEAST)
    write(reporter, [*above, *screen.failures(audit, width, room), *below])


def write_brief(reporter: Any, audit: Audit) -> None:
    """Write a line for each target, or for each finding in Compose files."""
    write(reporter, files.brief(audit) if audit.of_files else screen.targets(audit, everything=True))


def write(reporter: Any, lines: Iterable[Line]) -> None:
    """Write *lines* in colour, where the terminal has any."""
    for line in lines:
        for text, style in line:
            reporter.write(text, **dict.fromkeys(style.split(), True))
        reporter.write("\n")


def _accepting(audit: Audit, ids_by_control: IdsByControl) -> Iterator[Line]:
    """Yield the number of waivers and attestations in each state, and those that need review."""
    for name, entries in (("waivers", audit.waivers), ("attestations", audit.attestations)):
        if entries:
            yield head(f"{name}: {screen.counted(STATES, (each.state for each in entries), words_of)}")
        for each in entries:
            if each.state in STALE:
                name = each.cause if isinstance(each, Waiver) and each.cause else each.control
                line = f"  {each.place}: {name}{_scope(each)}: {each.state}{_why(each, ids_by_control)}"
                yield head(printable(line), "yellow")


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
