"""The verdicts of each target, or of all where there are many, and what has to be known of them."""

from collections import Counter
from collections.abc import Iterable, Iterator

from hullcheck.results import Audit, Result, sentences
from hullcheck.verdicts import Verdict
from hullcheck.writers.terminal.cells import cells, padded
from hullcheck.writers.terminal.screen import Line, named

_MOST_TARGETS = 6
"""With more, they are counted together."""


def lines(audit: Audit) -> Iterator[Line]:
    """How often each verdict was found."""
    results = audit.by_target
    if len(results) > _MOST_TARGETS:
        yield Line(f"{len(results)} targets  {_said(audit.results)}")
        failing = Counter({name: _failing(each) for name, each in results.items()})
        if len(set(failing.values())) > 1:
            worst = (f"{name} ({number})" for name, number in failing.most_common(3))
            yield Line(f"most fails on {', '.join(worst)}")
        return
    width = max(map(cells, results))
    for name, found in results.items():
        yield Line(f"{padded(name, width)}  {_said(found)}")


def _failing(results: Iterable[Result]) -> int:
    return sum(each.verdict is Verdict.FAIL for each in results)


def _said(results: Iterable[Result]) -> str:
    results = list(results)
    judged = _counted(each.verdict for each in results if not each.switched_off)
    off = [each.switched_off.otherwise for each in results if each.switched_off]
    words = [judged, f"{len(off)} switched off (otherwise: {_counted(off)})" if off else ""]
    return ", ".join(filter(None, words)) or "nothing judged"


def _counted(verdicts: Iterable[Verdict]) -> str:
    counts = Counter(verdicts)
    return ", ".join(f"{counts[verdict]} {verdict}" for verdict in Verdict if counts[verdict])


def notes(audit: Audit) -> Iterator[Line]:
    """What has to be known of clocks, and of what else runs containers; of many targets each note is there once."""
    said = [(each.name, note) for each in audit.targets for note in each.notes]
    if len(audit.targets) > _MOST_TARGETS:
        together: dict[str, list[str]] = {}
        for name, note in said:
            together.setdefault(note, []).append(name)
        said = [(named(names), note) for note, names in together.items()]
    same = [f"  {named(names)} have the same {what} ID: {sentences.SAME[what]}" for what, names in audit.same]
    shard = [f"  shard {audit.run.shard}: the other targets are in other runs"] if audit.run.shard else []
    for line in (*shard, *(f"  {name}: {note}" for name, note in said), *same):
        yield Line(line, len(line), {"yellow": True})
