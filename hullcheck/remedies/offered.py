"""Remedies before the host is known: for the page of an audit, and for `hullcheck explain`."""

import json
import re
from collections.abc import Iterator, Sequence
from typing import Any

from msgspec import Struct

from hullcheck.lazy import regex
from hullcheck.remedies import PATH, AuditRule, KernelSettings, Settings, Start, audit_rule
from hullcheck.remedies.table import REMEDIES
from hullcheck.results import Control, sentences
from hullcheck.results.failures import AUDIT_RULES, DAEMON, KERNEL, Failure, Fix


class FixFile(Struct, frozen=True):
    """A file or a part of one, *where* it goes, the controls that it fixes, and those to fix *by_hand*."""

    where: str
    text: str
    controls: Sequence[Control]
    by_hand: Sequence[Control]


def file_of(fix: Fix) -> FixFile | None:
    """Return the file that fixes most of *fix*, or None if it is not the same on every host."""
    makers = {DAEMON: _settings, AUDIT_RULES: _rules, KERNEL: _sysctls}
    if fix.kind not in makers:
        return None
    where, text, done = makers[fix.kind](fix)
    fixed = [each for each in fix.controls if each.id in done]
    return FixFile(where, text, fixed, [each for each in fix.controls if each.id not in done]) if done else None


def _settings(fix: Fix) -> tuple[str, str, set[str]]:
    """Return where unconditional settings of daemon.json go, the settings, and their controls."""
    put, without, done = dict[str, Any](), list[str](), set[str]()
    for each in fix.controls:
        remedy = REMEDIES.get(each.id)
        if isinstance(remedy, Settings) and not (remedy.asks or remedy.only or remedy.no_swarm):
            put |= remedy.put
            without += remedy.without
            done.add(each.id)
    more = f" without {', '.join(without)}" if without else ""
    where = f"to merge into /etc/docker/daemon.json{more}; then restart the daemon"
    return where, json.dumps(put, indent=2), done


def _rules(fix: Fix) -> tuple[str, str, set[str]]:
    """Return where audit rules go, the missing rules, and their controls."""
    lines, done, left = dict[str, list[str]](), set[str](), set[str]()
    for each in fix.failures:
        found = _rule(each)
        (done if found else left).add(each.control.id)
        if found:
            lines.setdefault(found, []).append(sentences.number(each.control) or each.control.id)
    text = "\n".join(f"# {', '.join(dict.fromkeys(numbers))}\n{found}" for found, numbers in lines.items())
    where = "a file in /etc/audit/rules.d, such as docker.rules; then augenrules --load"
    return where, text, done - left


def _rule(failure: Failure) -> str:
    """Return the rule for the path of a finding, or an empty string if a rule cannot express it."""
    path, remedy = failure.finding.subject, REMEDIES.get(failure.control.id)
    if not isinstance(remedy, AuditRule) or failure.finding.kind != "file" or not PATH.fullmatch(path):
        return ""
    return audit_rule(path, tree=remedy.tree)


def _sysctls(fix: Fix) -> tuple[str, str, set[str]]:
    """Return where kernel settings go, the settings, and their controls."""
    found = {each.id: REMEDIES.get(each.id) for each in fix.controls}
    done = {name: each for name, each in found.items() if isinstance(each, KernelSettings)}
    values = {name: value for each in done.values() for name, value in each.values.items()}
    where = "a file in /etc/sysctl.d, such as 99-hardening.conf; then sysctl --system"
    return where, "\n".join(f"{name} = {value}" for name, value in values.items()), set(done)


def explained(control: str) -> Iterator[str]:
    """Yield the effect of `hullcheck remedy` on a control, in paragraphs."""
    remedy = REMEDIES.get(control)
    if remedy is None or not remedy.effect:
        yield "`hullcheck remedy` has no proven remedy for this control: fix it by hand."
        return
    yield f"`hullcheck remedy` {remedy.effect}."
    if remedy.asks_for_some:
        yield "It takes something away, so it is left out unless `--also` names this control."
    if remedy.risk:
        yield f"May break: {remedy.risk}"


_ADDRESS = regex(r"^(?:\[[\da-fA-F:]*\]|\d+\.\d+\.\d+\.\d+):(?=.)")
_TAG = regex(r"(?::[\w.-]+)?(?:@sha256:\w+)?$")


def to_write(control: str, item: str) -> str:
    """Return lines for a service in place of *item*, as a Compose file has it; an empty string for other controls."""
    text, remedy = item.strip("\"'"), REMEDIES.get(control)
    is_image = text.startswith("image:")
    name = _TAG.sub("", text.removeprefix("image:").strip(" \"'")) if is_image else _ADDRESS.sub("", text)
    last = re.sub(r":(?:ro|rw|z|Z|r?shared|r?slave|r?private)$", "", text).rpartition(":")[2]
    return remedy.hint.format(item=text, name=name, last=last) if isinstance(remedy, Start) else ""
