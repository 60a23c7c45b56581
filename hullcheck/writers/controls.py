"""The list of controls, as a table and as JSON, and the explanation of one control."""

import json
from collections.abc import Sequence

from msgspec import to_builtins

from hullcheck.controls.catalog import Listed
from hullcheck.messages import printable
from hullcheck.writers import columns

SCHEMA = "hullcheck/controls/1"
_COLORS = {"critical": "1;31", "high": "31", "medium": "33", "low": "2"}
_SEVERITY = 3  # the column that is coloured
_WIDTH = 100
_INDENT = "  "


def document(listed: Sequence[Listed], version: str) -> str:
    """Render as JSON; `numbers` are those in *version* of the benchmark, `frameworks` those of today."""
    controls = [
        to_builtins(each.control) | {"numbers": each.numbers(version), "file": each.file, "line": each.line}
        for each in listed
    ]
    return json.dumps({"schema": SCHEMA, "benchmark": version, "controls": controls}, indent=1) + "\n"


def table(listed: Sequence[Listed], version: str, width: int | None, color: bool) -> str:
    """Render as a table with the numbers of *version*; titles that do not fit into *width* are wrapped."""
    head = (f"CIS {version}", "level", "control", "severity", "title")
    rows = [head, *(_row(each, version) for each in listed)]
    return columns.table(rows, width, _SEVERITY, _COLORS if color else None)


def _row(listed: Listed, version: str) -> tuple[str, ...]:
    control = listed.control
    numbers = ", ".join(listed.numbers(version)) or "-"
    title = printable(control.title).replace("\n", " ")
    return numbers, str(control.cis_level or "-"), control.id, control.severity, title


def explanation(listed: Listed, width: int | None) -> str:
    """Render one control: requirement, reason, remedy, mappings, and the facts that it is judged from."""
    from hullcheck.remedies import offered  # late: a list needs no remedies

    width, control = min(width or _WIDTH, _WIDTH), listed.control
    level = [f"level {control.cis_level}"] if control.cis_level else []
    first = [*(f"CIS {each}" for each in listed.numbers()), *level, control.severity]
    lines = [f"{', '.join(first)}: {control.id}"]
    for head, said in (
        ("", control.title),
        ("Why", control.rationale),
        (f"Why {control.severity}", control.severity_reason),
        ("Remedy", control.remedy[:1].upper() + control.remedy[1:]),
        ("Files", "\n\n".join(offered.explained(control.id))),
    ):
        lines += ["", *filter(None, [head]), *_paragraphs(said, width)] if said else []
    facts = [f"{name}: {about.partition(chr(10))[0]}" for name, about in listed.facts.items()]
    if listed.probes:
        facts.append(f"probes: {', '.join(listed.probes)}; `hullcheck audit --show-probes` prints their commands")
    facts.append(f"source: {listed.file}:{listed.line}")
    mappings = [f"{framework}: {', '.join(ids)}" for framework, ids in control.frameworks.items()]
    for head, rows in (("Mappings", mappings), ("Judged from", facts)):
        lines += [
            "",
            head,
            *(line for row in rows for line in columns.wrapped(printable(row), width, _INDENT)),
        ]
    return "".join(f"{line}\n" for line in lines)


def _paragraphs(said: str, width: int) -> list[str]:
    lines = []
    for paragraph in printable(said).split("\n\n"):
        lines += ["", *columns.wrapped(" ".join(paragraph.split()), width, _INDENT)]
    return lines[1:]
