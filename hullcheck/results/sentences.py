"""Findings as sentences with their subject, and the numbers of controls."""

import re
from collections.abc import Sequence

from hullcheck.messages import printable
from hullcheck.results import PROFILES, AuditedTarget, Control, Finding
from hullcheck.verdicts import Verdict

_VERBS = """adds allows asks belongs can comes does drops gives has holds is keeps lies listens may mounts must names
opens overrides publishes reaches reports runs shares starts switches takes updates uses was would writes"""
VERBS = frozenset(_VERBS.split())
"""The first words of reasons that follow one subject without a colon."""
SAME = {
    "engine": "one engine under several names, or copies of one machine",
    "machine": "one machine under several names, or copies of one",
}
"""Explanations of targets that share an id."""
_BEFORE = {("step", Verdict.FAIL): "not met:", ("target", Verdict.FAIL): ""}


def number(control: Control) -> str:
    """Return the first number in the CIS benchmark or else the guide, or an empty string."""
    for marker, name in (("cis", "CIS"), ("guide", "Guide")):
        for each in control.frameworks.get(marker, ()):
            return f"{name} {re.sub(r'[.][^0-9].*', '', each)}"  # `1.2` of `1.2.automated_patching`
    return ""


def called(control: Control) -> str:
    """Return the number of the control, or else its id."""
    return number(control) or control.id


def called_together(controls: Sequence[Control]) -> str:
    """Return the names of one or two controls, or the first and how many more there are."""
    first, *more = dict.fromkeys(map(called, controls))
    return f"{first} and {f'{len(more)} more' if len(more) > 1 else more[0]}" if more else first


def joint(subjects: Sequence[str], reason: str) -> str:
    """Return what connects *subjects* and *reason*: a blank or "each" if they make a sentence, else a colon."""
    if not reason:
        return ""
    if reason.partition(" ")[0] not in VERBS or "?" in reason:
        return ": "
    return " " if len(subjects) == 1 else ": each "


def kind_before(kind: str, verdict: Verdict) -> str:
    """Return the kind before a subject; a failed step is a requirement, and must not read as a fact."""
    return _BEFORE.get((kind, verdict), "" if kind == "target" else kind)


def of_finding(found: Finding) -> str:
    """Return a finding in one line: `container agent runs with --privileged`."""
    before = kind_before(found.kind, found.verdict)
    joined = joint((found.subject,), found.reason)
    return f"{before + ' ' if before else ''}{found.subject}{joined}{found.reason}"


def as_code(line: str) -> str:
    """Return *line* as code of Markdown; the fence is longer than any run of backticks inside."""
    fence = "`" * (1 + max(map(len, re.findall("`+", line)), default=0))
    space = " " if line.startswith("`") or line.endswith("`") else ""
    return f"{fence}{space}{line}{space}{fence}"


def scores(targets: Sequence[AuditedTarget]) -> str:
    """Return the scores of one target, as `baseline 92 %, cis 71 %`, or the range of several."""
    said = []
    for profile in PROFILES:
        percents = sorted(each.scores[profile].percent for each in targets if profile in each.scores)
        if percents:
            said.append(f"{profile} {' to '.join(map(str, dict.fromkeys((percents[0], percents[-1]))))} %")
    return ", ".join(said)


def unjudged(targets: Sequence[str]) -> str:
    """Warn of *targets* on which no control passed or failed, in one line."""
    return printable(f"{', '.join(targets)}: no control was judged. This is not a pass.")
