"""summary.md: an audit on one page of Markdown, for the summary of a CI job or a comment."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence

from hullcheck.lazy import regex
from hullcheck.results import PROFILES, Audit, Gate, grouped, sentences
from hullcheck.results.failures import by_cause
from hullcheck.verdicts import Verdict
from hullcheck.writers.entries import Entry, entries, line
from hullcheck.writers.formats import Rendering

MOST_FINDINGS = 1000
"""GitHub shows no summary above 1 MiB."""
_HEADS = {
    Verdict.FAIL: "What fails",
    Verdict.ERROR: "What could not be judged",
    Verdict.WAIVED: "What is waived",
}
_MOST_BROKEN = 20  # lines of what breaks a gate
_LONGEST = 400  # characters of a finding
_WORD = regex(r"\(|\S+?(?=\)?[,.;:?]?(\s|$))")
_PLAIN = regex(r"[A-Za-z]+(['-][A-Za-z]+)*|\d+([.-]\d+)*|[(),.;:?]")
"""A word that is neither markup, nor a link, a mention or a number of an issue."""


def render(audit: Audit) -> Rendering:
    """Render *audit*: how many of each verdict, and then what fails, the worst first."""
    found = sorted((each for each in entries(audit) if each.verdict in _HEADS), key=lambda each: each.order)
    left = len(found) - MOST_FINDINGS
    left_out = f"{left:,} findings are left out: a summary has at most {MOST_FINDINGS:,}" if left > 0 else ""
    text = _head(audit) + "".join(_body(found))
    text += "\n## Requirements\n\n" * bool(audit.requirements)
    for each in audit.requirements:
        counts = ", ".join(f"{count:,} {word}" for word, count in each.counts.items())
        text += f"- {prose(each.name)}: {counts}\n"
    if (since := audit.since) is not None:
        counts = f"{len(since.new):,} new, {len(since.gone):,} gone, {since.still:,} still fail"
        text += f"\nSince run {code(since.run)}: {counts}.\n"
    text += f"\n**{left_out}. They are in `results.json`.**\n" if left_out else ""
    return Rendering([text.encode("utf-8")], left_out)


def _head(audit: Audit) -> str:
    run = audit.run
    shard = f" (shard {prose(run.shard)})" if run.shard else ""
    lines = [f"# hullcheck: {_headline(audit)}\n\n"]
    lines.append(f"Run {code(run.id)}{shard}, {prose(run.finished[:10])}, hullcheck {prose(run.version)}.\n")
    for kind, names in run.limits.items():
        lines.append(f"\n**Only {kind}s named {code(', '.join(names))} were judged.**\n")
    for name in audit.unjudged:
        lines.append(f"\n**Nothing was judged on** {code(name)}.\n")
    return "".join(lines) + "".join(map(_gate, audit.gates)) + _counts(audit)


def _gate(gate: Gate) -> str:
    name = code(f"{gate.option}={gate.asked}")
    if not gate.broken:
        return f"\nThe gate {name} holds.\n"
    more = len(gate.broken) - _MOST_BROKEN
    lines = [f"\n**The gate {name} is broken by {len(gate.broken):,}:**\n\n"]
    lines += [f"- {prose(each)}\n" for each in gate.broken[:_MOST_BROKEN]]
    return "".join(lines) + (f"- and {more:,} more\n" if more > 0 else "")


def _headline(audit: Audit) -> str:
    counts = Counter(each.verdict for each in audit.results)
    failed, errors = counts[Verdict.FAIL], counts[Verdict.ERROR]
    if not audit.results:
        return "nothing was judged"
    if not failed and not errors:
        return "nothing is judged" if audit.nothing_judged else "nothing fails"
    passed = counts[Verdict.PASS] + counts[Verdict.ATTESTED]
    more = f", {errors:,} could not be judged" if errors else ""
    return f"{failed:,} of {len(audit.results):,} results fail, {passed:,} pass{more}"


def _counts(audit: Audit) -> str:
    verdicts = list(Verdict)
    scored = [profile for profile in PROFILES if any(profile in each.scores for each in audit.targets)]
    rows = [["Target", *scored, *(str(each) for each in verdicts)], ["---", *("---:" for _ in (*scored, *verdicts))]]
    for target in audit.targets:
        counts = Counter(each.verdict for each in audit.by_target[target.name])
        percents = [f"{target.scores[each].percent} %" if each in target.scores else "" for each in scored]
        cell = code(target.name.replace("|", "¦"))  # a bar would end the cell, and cannot be escaped in code
        rows.append([cell, *percents, *(f"{counts[each]:,}" for each in verdicts)])
    return "\n" + "".join(f"| {' | '.join(row)} |\n" for row in rows)


def _body(found: Sequence[Entry]) -> Iterator[str]:
    """Yield a part for each verdict and each control or shared cause; a number in a head counts what is left out."""
    many = Counter(each.verdict for each in found)
    for verdict, head in _HEADS.items():
        these = [each for each in found[:MOST_FINDINGS] if each.verdict is verdict]
        if these:
            yield f"\n## {head} ({many[verdict]:,} finding{'s' * (many[verdict] != 1)})\n"
        for (cause, _), together in by_cause(these).items():
            number = sentences.called_together([each.control for each in together])
            title = cause or together[0].control.title.removesuffix(".")
            yield f"\n**{prose(number)}** ({together[0].severity}): {prose(title)}\n\n"
            yield from _in_short(together) if cause else map(_finding, together)


def _in_short(together: Sequence[Entry]) -> Iterator[str]:
    """Yield a line for each target with the controls and subjects that share a cause."""
    for target, some in grouped(together, lambda each: each.target).items():
        names = dict.fromkeys(
            prose(each.number) + ("" if each.finding.kind == "target" else f" {code(each.finding.subject)}")
            for each in some
        )
        yield f"- {code(target)}: {', '.join(names)}\n"


def _finding(entry: Entry) -> str:
    found = entry.finding
    said = f"- {code(entry.target)}"
    if found.kind != "target":
        said += f": {prose(sentences.kind_before(found.kind, found.verdict))} {code(found.subject)}"
    said += sentences.joint((found.subject,), found.reason) + prose(found.reason)
    if entry.waiver is not None:
        until = f" until {prose(entry.waiver.last_day)}" if entry.waiver.last_day else ""
        said += f" (accepted{until}: {prose(entry.waiver.reason)})"
    return f"{said}\n"


def prose(text: str) -> str:
    """Return *text* with plain words as they are, and whatever else a host may have put into it as code."""
    parts = line(text, _LONGEST).split("`")
    if len(parts) % 2 == 0:
        parts = [" ".join(parts)]
    return "".join(code(each) if number % 2 else _WORD.sub(_word, each) for number, each in enumerate(parts))


def _word(match: re.Match[str]) -> str:
    return match[0] if _PLAIN.fullmatch(match[0]) else code(match[0])


def code(text: str) -> str:
    """Return *text* as code, in which nothing is markup."""
    return sentences.as_code(line(text, _LONGEST).strip() or "-")
