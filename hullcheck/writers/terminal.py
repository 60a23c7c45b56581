"""Writes to the terminal: progress while gathering, offenders of a control, the summary of an audit."""

from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from hullcheck.frameworks.rollup import IdsByControl
from hullcheck.inventory import Target
from hullcheck.inventory.acceptance import EXPIRED, MATCHES_NOTHING, STALE, STATES, names_of
from hullcheck.messages import did_you_mean, printable
from hullcheck.results import Attestation, Audit, Finding, Waiver
from hullcheck.verdicts import Verdict
from hullcheck.writers import unjudged

_NAMES_SHOWN = 6


def target_line(targets: Sequence[Target]) -> str:
    """The names of a few targets, and how many there are."""
    names = ", ".join(target.name for target in targets[:_NAMES_SHOWN])
    more = len(targets) - _NAMES_SHOWN
    return f"{names} and {more} more" if more > 0 else names


def offenders(findings: Sequence[Finding]) -> str:
    """Each subject that failed or could not be judged, a line each."""
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
        if self.moves:
            self._draw("")

    def step(self, name: str, failure: str) -> None:
        """One more target is gathered; *failure* says why it could not be."""
        self.done += 1
        if failure:
            self.failures.append(f"{name}: {failure}")
        if self.moves:
            self._draw(name)

    def _draw(self, name: str) -> None:
        self.reporter.rewrite(f"gathering: {self.done} of {self.total} targets {printable(name)}", erase=True)

    def close(self, seconds: float) -> None:
        """All targets are gathered."""
        if self.reporter is None or self.reporter.no_summary:
            return
        if self.moves:
            self.reporter.rewrite("", erase=True)
        noun = "target" if self.total == 1 else "targets"
        self.reporter.write_line(f"gathered {self.total} {noun} in {seconds:.1f} s")
        for failure in self.failures:
            self.reporter.write_line(f"not audited: {printable(failure)}", red=True)


def write_nothing_selected(reporter: Any) -> None:
    """Name what could be selected, where -m, -k or a path leave no test."""
    reporter.write_line(
        "No control was selected: there is none here, or -m and -k leave none. `hullcheck audit` takes the same options"
        " and runs the installed controls, `hullcheck controls` lists them.",
        red=True,
    )


def write_nothing_judged(reporter: Any) -> None:
    """Where no control passed or failed."""
    reporter.write_line("No control was judged: nothing here says that a target is hardened.", red=True)


def write_summary(
    reporter: Any, audit: Audit, *, folder: Path, strict: bool, ids_by_control: IdsByControl
) -> None:
    """The verdicts of each target, and where the reports are.

    Args:
        folder: that of the run.
        strict: whether waivers and attestations that need review fail the run.
        ids_by_control: the ids of every control there is.
    """
    reporter.write_sep("=", "hullcheck")
    width = max(len(target.name) for target in audit.targets)
    for target in audit.targets:
        results = [result for result in audit.results if result.target == target.name]
        judged = _counted(result.verdict for result in results if not result.switched_off)
        off = [result.switched_off.otherwise for result in results if result.switched_off]
        words = [judged, f"{len(off)} switched off (otherwise: {_counted(off)})" if off else ""]
        reporter.write_line(f"{target.name:<{width}}  {', '.join(filter(None, words)) or 'nothing judged'}")
        for note in filter(None, (target.clock, target.seals)):
            reporter.write_line(f"  {target.name}: {note}", yellow=True)
        if target.neighbours:
            reporter.write_line(f"  {target.name}: not judged: {'; '.join(target.neighbours)}", yellow=True)
    _write_accepting(reporter, audit, strict, ids_by_control)
    if audit.nothing_judged:
        write_nothing_judged(reporter)
    elif audit.unjudged:
        reporter.write_line(unjudged.line(audit.unjudged), red=True)
    reporter.write_line(f"results: {folder}")


def _write_accepting(reporter: Any, audit: Audit, strict: bool, ids_by_control: IdsByControl) -> None:
    """How many waivers and attestations there are in each state, and which of them need review."""
    for name, entries in (("waivers", audit.waivers), ("attestations", audit.attestations)):
        if not entries:
            continue
        counts = Counter(each.state for each in entries)
        reporter.write_line(
            f"{name}: {', '.join(f'{counts[each]} {each}' for each in STATES if counts[each])}"
        )
        stale = [each for each in entries if each.state in STALE]
        for each in stale:
            line = f"  {each.place}: {each.control}{_scope(each)}: {each.state}{_why(each, ids_by_control)}"
            reporter.write_line(printable(line), red=strict, yellow=not strict)
        if stale and strict:
            reporter.write_line(
                "--strict-waivers: mend them or take them out; the exit status is not 0", red=True
            )


def _why(entry: Waiver | Attestation, ids_by_control: IdsByControl) -> str:
    """Why an entry needs review; *ids_by_control* are all controls with their numbers."""
    if entry.state == EXPIRED:
        return f", its last day was {entry.last_day}"
    known = {name for control, ids in ids_by_control.items() for name in names_of(control, ids)}
    if entry.state != MATCHES_NOTHING or entry.control.lower() in known:
        return ""
    hint = did_you_mean(entry.control.lower(), known)
    return f", for there is no such control{f'; {hint}' if hint.endswith('?') else ''}"


def _scope(entry: Waiver | Attestation) -> str:
    """What it speaks of, if that is not all."""
    names = (("targets", entry.targets), ("subjects", entry.subjects))
    said = "; ".join(f"{name} {', '.join(patterns)}" for name, patterns in names if patterns)
    return f" ({said})" if said else ""


def _counted(verdicts: Iterable[Verdict]) -> str:
    counts = Counter(verdicts)
    return ", ".join(f"{counts[verdict]} {verdict}" for verdict in Verdict if counts[verdict])
