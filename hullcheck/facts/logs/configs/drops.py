"""What on the way of a log may let some of it go: filters that drop events, and inputs that choose among lines.

Which events such a filter takes is not followed. Of what may drop some, nothing is known to arrive.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any

_CHOICES_OF_LINES = ("include_lines", "exclude_lines")


def beats_drops(document: Any) -> bool:
    """Whether processors of Filebeat or an Elastic Agent may drop events, at whatever depth."""
    if isinstance(document, list):
        return any(map(beats_drops, document))
    if not isinstance(document, dict):
        return False
    return (
        "drop_event" in document
        or _script_drops(document.get("script"))
        or any(map(beats_drops, document.values()))
    )


def _script_drops(script: Any) -> bool:
    """Whether a processor's program may cancel events; one in a file is not read."""
    if not isinstance(script, dict):
        return False
    return "file" in script or "files" in script or "Cancel" in str(script.get("source"))


def chooses_lines(one: Mapping[str, Any]) -> bool:
    """Whether an input of Filebeat takes some lines alone."""
    return any(one.get(key) for key in _CHOICES_OF_LINES) or beats_drops(one.get("processors"))


def promtail_drops(stages: Iterable[Any] | None) -> bool:
    """Whether a stage of a pipeline may drop lines."""
    for each in stages or ():
        for kind, options in each.items():
            values = options if isinstance(options, dict) else {}
            if kind in ("drop", "sampling") or (kind == "limit" and values.get("drop")):
                return True
            if kind == "match" and (values.get("action") == "drop" or promtail_drops(values.get("stages"))):
                return True
    return False


_PASSING_WORDS = """
    add_fields add_tags ansi_stripper aws_cloudwatch_logs_subscription_parser aws_ec2_metadata coercer concat
    detect_exceptions geoip merge remap remove_fields remove_tags rename_fields split tokenizer
"""
_PASSING = frozenset(_PASSING_WORDS.split())
"""The transforms of Vector that let every event through, whatever their options are; `remap` is judged by them."""


def vector_passes(transform: Mapping[str, Any]) -> bool:
    """Whether a transform lets all events through."""
    kind = transform.get("type")
    if kind == "reduce":  # of several events in one it keeps the text of the first alone
        return str((transform.get("merge_strategies") or {}).get("message")).startswith("concat")
    if kind != "remap":
        return kind in _PASSING
    program = "\n".join(line.partition("#")[0] for line in str(transform.get("source") or "").split("\n"))
    stops = transform.get("drop_on_error") or re.search(
        r"(?<![.\w])abort\b|(?<![\w.])\.\s*=\s*\[\s*\]", program
    )
    return not (transform.get("file") or transform.get("files") or stops)


def logstash_drops(filters: str) -> bool:
    """Whether the filters of a pipeline may drop events."""
    plain = re.sub(r'"(?:\\.|[^"\\])*"|\'(?:\\.|[^\'\\])*\'', lambda match: _program(match[0]), filters)
    return bool(re.search(r"\b(drop|throttle|aggregate)\s*\{|\bruby\s*\{[^}]*\bpath\b|\bcancel\b", plain))


def _program(text: str) -> str:
    """A string of a configuration, as far as it may be a program that drops."""
    return "cancel" if re.search(r"\bcancel\b", text) else ""
