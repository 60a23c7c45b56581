"""The compressed blocks of JSON in the page, which are opened on demand.

Texts that many targets share (commands) are there once. Nothing is hidden or shortened here: the script does that
when it shows a text.
"""

import json
import re
import zlib
from base64 import b64decode, b64encode
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from msgspec import to_builtins
from msgspec.structs import asdict

from hullcheck.evidence import Evidence
from hullcheck.lazy import regex
from hullcheck.recording import Recording
from hullcheck.recording.probe import QUESTIONS
from hullcheck.results import ASSESSMENTS, SEVERITIES, Result, sentences
from hullcheck.verdicts import Verdict
from hullcheck.writers.audit_page.model import Page, gathered, identity_of

_NUMBER = {verdict: number for number, verdict in enumerate(Verdict)}
_NOT_JUDGED = "."
_LONGEST = 600  # characters of a line that decided; all of it is in the answer
_LARGEST = 1 << 30  # bytes of all blocks: more than all targets answer
_BLOCK = regex(r'(<script type="application/octet-stream" id="[\w-]+">)([A-Za-z0-9+/=]*)(</script>)')
_FEW = 1500  # findings: of more only failures and errors have the lines that decided
MOST_TARGETS = 250
"""The targets whose answers are embedded; of more they are in the recordings alone."""


def embedded(page: Page) -> Iterator[tuple[str, str]]:
    """Yield the blocks: the id of the element, and what is in it."""
    results = page.audit.by_target
    ranks = {control.id: number for number, control in enumerate(page.audit.controls)}
    commands: dict[tuple[str, str], int] = {}  # numbers for what many targets have
    with_answers = page.recordings if len(results) <= MOST_TARGETS else {}
    # before the commands, whose table it fills
    answers = [_answers(with_answers[name], commands) if name in with_answers else [] for name in results]
    few = sum(len(each.findings) for each in page.audit.results) <= _FEW
    yield "data-index", _packed(_index(page, ranks))
    yield "data-commands", _packed(list(commands))
    for number, (name, rows) in enumerate(results.items()):
        evidence = Evidence(with_answers[name]) if name in with_answers else None
        shown = Verdict if few else (Verdict.FAIL, Verdict.ERROR)
        yield f"data-results-{number}", _packed([_result(each, ranks, evidence, shown) for each in rows])
    for number, answer in enumerate(answers):
        yield f"data-answers-{number}", _packed(answer)


def opened(page: str) -> str:
    """Return *page* with its blocks uncompressed, as libraries compress differently; ValueError if one is damaged."""
    room = _LARGEST

    def opened_block(block: re.Match[str]) -> str:
        nonlocal room
        text = _unpacked(block[2], max(room, 1))
        room -= len(text)
        return f"{block[1]}{text}{block[3]}"

    return _BLOCK.sub(opened_block, page)


def _packed(document: Any) -> str:
    text = json.dumps(document, separators=(",", ":"))
    return b64encode(zlib.compress(text.encode("ascii"), 6)).decode("ascii")


def _unpacked(block: str, most: int) -> str:
    opener = zlib.decompressobj()
    try:
        text = opener.decompress(b64decode(block, validate=True), most).decode("ascii")
    except zlib.error as error:
        raise ValueError(f"an embedded block is damaged: {error}") from None
    if not opener.eof or opener.unused_data:
        raise ValueError("an embedded block is damaged, or too large")
    return text


def _index(page: Page, ranks: Mapping[str, int]) -> dict[str, Any]:
    audit = page.audit
    arguments = [each for each in audit.run.arguments if each.startswith("--inventory=")]
    digits = {(each.control, each.target): str(_NUMBER[each.verdict]) for each in audit.results}
    return {
        "verdicts": list(Verdict),
        "severities": SEVERITIES,
        "assessments": ASSESSMENTS,
        "verbs": sorted(sentences.VERBS),
        "inventory": arguments[-1].removeprefix("--inventory=") if arguments else "",
        "questions": QUESTIONS | {"compose_file": "the services of the Compose file"},
        "answers": len(audit.targets) <= MOST_TARGETS,
        "controls": [
            asdict(each) | {"title": each.title.removesuffix("."), "number": sentences.number(each)}
            for each in audit.controls
        ],
        "targets": [
            to_builtins(asdict(each))
            | _gathered(page.recordings.get(each.name))
            | {"verdicts": "".join(digits.get((control, each.name), _NOT_JUDGED) for control in ranks)}
            for each in audit.targets
        ],
        "sections": [
            {
                "key": each.key,
                "title": f"{name}: {each.number} {each.title}",
                "controls": sorted(each.controls),
            }
            for name, sections in page.divisions.items()
            for each in sections
        ],
        "requirements": [to_builtins(rollup) | {"key": key} for rollup, key, _ in page.rollups],
        "waivers": to_builtins(audit.waivers),
        "attestations": to_builtins(audit.attestations),
    }


def _gathered(recording: Recording | None) -> dict[str, Any]:
    if recording is None:
        return {"gathered": "", "failure": "the page was written without its recording", "identity": []}
    identity = identity_of(recording)
    return {"gathered": gathered(recording), "failure": recording.failure, "identity": identity}


def _result(result: Result, ranks: Mapping[str, int], evidence: Evidence | None, shown: Iterable[Verdict]) -> list[Any]:
    findings = []
    for each in result.findings:
        lines = evidence.deciding(result.control, result.evidence, each) if evidence and each.verdict in shown else ()
        cut = [[line.probe, line.number, line.text[:_LONGEST], line.meaning[:_LONGEST]] for line in lines]
        findings.append([each.kind, each.subject, _NUMBER[each.verdict], each.reason, each.accepted_by, cut])
    off = to_builtins(result.switched_off)
    number, verdict = ranks[result.control], _NUMBER[result.verdict]
    return [number, verdict, result.severity, result.evidence, findings, off, result.reason]


def _answers(recording: Recording, commands: dict[tuple[str, str], int]) -> list[list[Any]]:
    rows = []
    for each in recording.answers.values():
        command = each.name, recording.commands.get(each.name, "")
        rows.append([commands.setdefault(command, len(commands)), each.status, each.stdout, each.stderr])
    return rows
