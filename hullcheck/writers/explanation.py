"""All that is known of one control, as text for a terminal or a file."""

from collections.abc import Iterator

from hullcheck.controls.catalog import Listed
from hullcheck.messages import printable
from hullcheck.remedies import offered
from hullcheck.writers import columns

_WIDTH = 100
_INDENT = "  "


def text(listed: Listed, width: int | None) -> str:
    """Demand, reason, remedy, what it is mapped to, and what its verdict is read from."""
    return "".join(f"{line}\n" for line in _lines(listed, min(width or _WIDTH, _WIDTH)))


def _lines(listed: Listed, width: int) -> Iterator[str]:
    control = listed.control
    numbers = [f"CIS {each}" for each in listed.numbers()]
    level = [f"level {control.cis_level}"] if control.cis_level else []
    yield f"{', '.join([*numbers, *level, control.severity])}: {control.id}"
    for head, said in (("", control.title), ("Why", control.rationale), ("Remedy", control.remedy)):
        if said:
            yield ""
            yield from [head] * bool(head)
            yield from _paragraphs(said, width)
    yield from ("", "Files")
    yield from _paragraphs("\n\n".join(offered.explained(control.id)), width)
    yield ""
    yield "Mappings"
    for framework, ids in control.frameworks.items():
        yield from columns.wrapped(f"{framework}: {', '.join(ids)}", width, _INDENT)
    yield ""
    yield "Judged from"
    for name, description in listed.facts.items():
        yield from columns.wrapped(f"{name}: {printable(description.partition(chr(10))[0])}", width, _INDENT)
    if listed.probes:
        yield from columns.wrapped(
            f"probes: {', '.join(listed.probes)}; `pytest --show-probes` prints their commands",
            width,
            _INDENT,
        )
    yield from columns.wrapped(f"source: {listed.file}:{listed.line}", width, _INDENT)


def _paragraphs(said: str, width: int) -> Iterator[str]:
    for number, paragraph in enumerate(printable(said).split("\n\n")):
        yield from [""] * bool(number)
        yield from columns.wrapped(" ".join(paragraph.split()), width, _INDENT)
