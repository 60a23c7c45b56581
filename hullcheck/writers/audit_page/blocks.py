"""The compressed blocks of JSON in the page, which are opened on demand.

Texts that many targets share (commands) are there once. Nothing is hidden or shortened here: the script does that
when it shows a text.
"""

import json
import re
import zlib
from base64 import b64decode, b64encode
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from msgspec import to_builtins
from msgspec.structs import asdict

from hullcheck.facts.engine.identity import Identity
from hullcheck.recording import Recording
from hullcheck.results import Audit, Control, Finding, Result, sentences
from hullcheck.verdicts import Verdict
from hullcheck.writers.audit_page.problems import title_of
from hullcheck.writers.audit_page.sections import divisions

_NUMBER = {verdict: number for number, verdict in enumerate(Verdict)}
_NOT_JUDGED = "."
_LARGEST = 1 << 30  # bytes of all blocks: more than all targets answer
_BLOCK = re.compile(r'(<script type="application/octet-stream" id="[\w-]+">)([A-Za-z0-9+/=]*)(</script>)')
MOST_TARGETS = 250  # whose answers are embedded; of more they are in the recordings alone


def embedded(audit: Audit, recordings: Sequence[Recording]) -> Iterator[tuple[str, str]]:
    """The blocks: id of the element, and what is in it."""
    recorded = {each.target: each for each in recordings}
    results = audit.by_target
    ranks = {control.id: number for number, control in enumerate(audit.controls)}
    commands = _Table()
    # before the commands, whose table it fills
    with_answers = recorded if len(results) <= MOST_TARGETS else {}
    answers = [_answers(with_answers[name], commands) if name in with_answers else [] for name in results]
    yield "data-index", _packed(_index(audit, recorded, results, ranks))
    yield "data-commands", _packed(list(commands.numbers))
    for number, rows in enumerate(results.values()):
        yield f"data-results-{number}", _packed([_result(each, ranks) for each in rows])
    for number, answer in enumerate(answers):
        yield f"data-answers-{number}", _packed(answer)


def opened(page: str) -> str:
    """*page* with the blocks as they were before they were compressed: libraries do that differently.

    Raises:
        ValueError: one of them cannot be read.
    """
    room = _LARGEST

    def opened_block(block: re.Match[str]) -> str:
        nonlocal room
        opener = zlib.decompressobj()
        try:
            text = opener.decompress(b64decode(block[2], validate=True), max(room, 1)).decode("ascii")
        except zlib.error as error:
            raise ValueError(f"an embedded block is damaged: {error}") from None
        if not opener.eof or opener.unused_data:
            raise ValueError("an embedded block is damaged, or too large")
        room -= len(text)
        return f"{block[1]}{text}{block[3]}"

    return _BLOCK.sub(opened_block, page)


def _packed(document: Any) -> str:
    text = json.dumps(document, separators=(",", ":"))
    return b64encode(zlib.compress(text.encode("ascii"), 6)).decode("ascii")


class _Table:
    """Numbers for what is said many times."""

    def __init__(self) -> None:
        self.numbers: dict[tuple[str, str], int] = {}

    def number(self, name: str, text: str) -> int:
        return self.numbers.setdefault((name, text), len(self.numbers))


def _index(
    audit: Audit,
    recorded: Mapping[str, Recording],
    results: Mapping[str, Sequence[Result]],
    ranks: Mapping[str, int],
) -> dict[str, Any]:
    return {
        "verdicts": list(Verdict),
        "verbs": sorted(sentences.VERBS),
        "inventory": _inventory(audit.run.arguments),
        "answers": len(audit.targets) <= MOST_TARGETS,
        "controls": [_control(each) for each in audit.controls],
        "targets": [
            asdict(each)
            | _gathered(recorded.get(each.name))
            | {"verdicts": _verdicts(results[each.name], ranks)}
            for each in audit.targets
        ],
        "sections": [
            {
                "key": section.key,
                "title": f"{division.name}: {section.number} {section.title}",
                "controls": sorted(section.controls),
            }
            for division in divisions(audit)
            for section in division.sections
        ],
        "requirements": to_builtins(audit.requirements),
        "waivers": to_builtins(audit.waivers),
        "attestations": to_builtins(audit.attestations),
    }


def _inventory(arguments: Sequence[str]) -> str:
    """The inventory that the command line of the run names; empty where it names none."""
    option = "--inventory="
    return next((each.removeprefix(option) for each in reversed(arguments) if each.startswith(option)), "")


def _control(control: Control) -> dict[str, Any]:
    frameworks = {name: list(ids) for name, ids in control.frameworks.items()}
    return asdict(control) | {
        "frameworks": frameworks,
        "title": title_of(control.title),
        "number": sentences.number(control),
    }


def _gathered(recording: Recording | None) -> dict[str, Any]:
    if recording is None:
        return {"gathered": "", "failure": "the page was written without its recording", "identity": []}
    return {
        "gathered": gathered(recording),
        "failure": recording.failure,
        "identity": identity_of(recording),
    }


def identity_of(recording: Recording | None) -> list[tuple[str, str]]:
    """Which machine a target is, as far as its answers tell: what each number is called, and the number."""
    if recording is None or recording.failure:
        return []
    known = Identity.of(recording)
    told = (
        ("Machine id", known.machine_id),
        ("Engine id", known.engine_id),
        ("SSH host key", known.host_key),
    )
    return [(what, value) for what, value in told if value]


def gathered(recording: Recording) -> str:
    """When, in RFC 3339 and UTC; empty where that is not known."""
    try:
        moment = datetime.fromtimestamp(recording.gathered, UTC)
    except (OverflowError, OSError, ValueError):  # the clock of a target may say anything
        return ""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ") if recording.gathered > 0 else ""


def _verdicts(results: Sequence[Result], ranks: Mapping[str, int]) -> str:
    """A digit for each control, in their order."""
    row = [_NOT_JUDGED] * len(ranks)
    for each in results:
        row[ranks[each.control]] = str(_NUMBER[each.verdict])
    return "".join(row)


def _result(result: Result, ranks: Mapping[str, int]) -> list[Any]:
    off = to_builtins(result.switched_off)
    findings = [_finding(each) for each in result.findings]
    evidence = list(result.evidence)
    return [
        ranks[result.control],
        _NUMBER[result.verdict],
        result.severity,
        evidence,
        findings,
        off,
        result.reason,
    ]


def _finding(finding: Finding) -> list[Any]:
    return [
        finding.kind,
        finding.subject,
        _NUMBER[finding.verdict],
        finding.reason,
        finding.accepted_by,
    ]


def _answers(recording: Recording, commands: _Table) -> list[list[Any]]:
    return [
        [
            commands.number(each.name, recording.commands.get(each.name, "")),
            each.status,
            each.stdout,
            each.stderr,
        ]
        for each in recording.answers.values()
    ]
