"""Files to copy that mend several failures at once, as far as the remedies of the controls spell them out.

Nothing is invented: what is in a file stands between backticks in a remedy, or is the path that a finding names. A
remedy that has a condition, or takes something away, is left to a person.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hullcheck.results import Control, sentences
from hullcheck.results.fixes import AUDIT_RULES, DAEMON, KERNEL, Failure, Fix

_SETTING = re.compile(r'set `("[\w-]+": [^`]+)` in daemon\.json\b')
_RULE = re.compile(r"(?:remove the program where nothing uses it, or )?put `-w (/\S+) -p ([rwxa]+) -k (\w+)`")
_SYSCTL = re.compile(r"`sysctl -w ([\w.]+)=(\d+)`, and the same in a file of /etc/sysctl\.d")
_NOT_BLINDLY = re.compile(r"\b(cannot|after saving|without the|with the numbers)\b")
"""Words of a remedy after which a person has to decide."""
_ELSEWHERE = "with the path"
_PATH = re.compile(r"/[\w./@+-]+")


@dataclass(frozen=True)
class FixFile:
    """A file, or a part of one.

    Attributes:
        where: where it goes, and what makes it effective.
        by_hand: the controls of the same fix whose remedy is not in it.
    """

    where: str
    text: str
    controls: Sequence[Control]
    by_hand: Sequence[Control]


def file_of(fix: Fix) -> FixFile | None:
    """The file that mends the most of *fix*; None where no remedy spells one out."""
    if fix.kind not in _MAKERS:
        return None
    where, make = _MAKERS[fix.kind]
    text, done = make(fix)
    if not done:
        return None
    mended = [each for each in fix.controls if each.id in done]
    return FixFile(where, text, mended, [each for each in fix.controls if each.id not in done])


def _settings(fix: Fix) -> tuple[str, set[str]]:
    """The settings of daemon.json that fail; one of which two remedies give two values is left out."""
    found: dict[str, tuple[Any, set[str]]] = {}
    for control in fix.controls:
        said = _SETTING.match(control.remedy)
        if said is None or _NOT_BLINDLY.search(control.remedy):
            continue
        for key, value in json.loads("{" + said[1] + "}").items():
            known, controls = found.setdefault(key, (value, set()))
            found[key] = (known if known == value else None, controls | {control.id})
    agreed = {key: each for key, each in found.items() if each[0] is not None}
    text = json.dumps({key: value for key, (value, _) in agreed.items()}, indent=2)
    return text, set().union(*(controls for _, controls in agreed.values()))


def _rules(fix: Fix) -> tuple[str, set[str]]:
    """A rule for each path that has none, under the number of its control."""
    lines: dict[str, list[str]] = {}
    done, left = set(), set()
    for each in fix.failures:
        rule = _rule(each)
        if rule is None:
            left.add(each.control.id)
            continue
        done.add(each.control.id)
        lines.setdefault(rule, []).append(sentences.number(each.control) or each.control.id)
    text = "\n".join(f"# {', '.join(dict.fromkeys(numbers))}\n{rule}" for rule, numbers in lines.items())
    return text, done - left


def _rule(failure: Failure) -> str | None:
    """The rule of the remedy, for the path that the finding names."""
    said = _RULE.match(failure.control.remedy)
    if said is None:
        return None
    path, permissions, key = said.groups()
    if failure.finding.kind == "file":
        path = failure.finding.subject
    elif failure.finding.kind != "target" or _ELSEWHERE in failure.control.remedy:
        return None
    return f"-w {path} -p {permissions} -k {key}" if _PATH.fullmatch(path) else None


def _sysctls(fix: Fix) -> tuple[str, set[str]]:
    found = {each.id: said for each in fix.controls if (said := _SYSCTL.match(each.remedy))}
    return "\n".join(f"{said[1]} = {said[2]}" for said in found.values()), set(found)


_MAKERS: Mapping[str, tuple[str, Callable[[Fix], tuple[str, set[str]]]]] = {
    DAEMON: ("to merge into /etc/docker/daemon.json; then restart the daemon", _settings),
    AUDIT_RULES: ("a file in /etc/audit/rules.d, such as docker.rules; then augenrules --load", _rules),
    KERNEL: ("a file in /etc/sysctl.d, such as 99-hardening.conf; then sysctl --system", _sysctls),
}


def numbers(controls: Sequence[Control]) -> Iterator[str]:
    """Their numbers, or ids where they have none, each once."""
    yield from dict.fromkeys(sentences.number(each) or each.id for each in controls)
