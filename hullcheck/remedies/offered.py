"""What a remedy looks like before the host is known: for the page of an audit, and for `hullcheck explain`.

`hullcheck remedy` writes the files themselves, which depend on what is on a host.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from msgspec import Struct

from hullcheck.lazy import regex
from hullcheck.remedies import (
    AuditRule,
    ContainerLimit,
    ContainerOptions,
    KernelSettings,
    Mode,
    Owner,
    Remedy,
    Settings,
)
from hullcheck.remedies.table import REMEDIES
from hullcheck.results import Control, sentences
from hullcheck.results.failures import AUDIT_RULES, DAEMON, KERNEL, Failure, Fix

_PATH = regex(r"/[\w./@+:-]+", re.ASCII)


class FixFile(Struct, frozen=True):
    """A file or a part of one, *where* it goes, and the controls that it mends and those left *by_hand*."""

    where: str
    text: str
    controls: Sequence[Control]
    by_hand: Sequence[Control]


def rule(path: str, *, tree: bool) -> str:
    """Return an audit rule for a file, or for all in a directory."""
    field = "dir" if tree else "path"
    return f"-a always,exit -F {field}={path} -F perm=wa -k docker"


def file_of(fix: Fix) -> FixFile | None:
    """Return the file that mends the most of *fix*, or None if it is not the same on every host."""
    if fix.kind not in _MAKERS:
        return None
    where, make = _MAKERS[fix.kind]
    text, more, done = make(fix)
    if not done:
        return None
    mended = [each for each in fix.controls if each.id in done]
    return FixFile(where.format(more), text, mended, [each for each in fix.controls if each.id not in done])


def _remedies(fix: Fix) -> Iterator[tuple[str, Remedy]]:
    """Yield those that take nothing away, by control."""
    for each in fix.controls:
        remedy = REMEDIES.get(each.id)
        if remedy and not remedy.asks:
            yield each.id, remedy


def _settings(fix: Fix) -> tuple[str, str, set[str]]:
    """Return the settings of daemon.json without a condition, those to be taken out, and the controls."""
    put, without, done = dict[str, Any](), list[str](), set[str]()
    for name, remedy in _remedies(fix):
        if isinstance(remedy, Settings) and not remedy.only and not remedy.no_swarm:
            put |= remedy.put
            without += remedy.without
            done.add(name)
    more = f" without {', '.join(without)}" if without else ""
    return json.dumps(put, indent=2), more, done


def _rules(fix: Fix) -> tuple[str, str, set[str]]:
    """Return a rule for each path that has none, under the numbers of its controls."""
    lines, done, left = dict[str, list[str]](), set[str](), set[str]()
    remedies = dict(_remedies(fix))
    for each in fix.failures:
        found = _rule(each, remedies.get(each.control.id))
        (done if found else left).add(each.control.id)
        if found:
            lines.setdefault(found, []).append(sentences.number(each.control) or each.control.id)
    text = "\n".join(f"# {', '.join(dict.fromkeys(numbers))}\n{found}" for found, numbers in lines.items())
    return text, "", done - left


def _rule(failure: Failure, remedy: Remedy | None) -> str:
    """Return the rule for the path that a finding names, or an empty string if a rule could not hold it."""
    path = failure.finding.subject
    if not isinstance(remedy, AuditRule) or failure.finding.kind != "file" or not _PATH.fullmatch(path):
        return ""
    return rule(path, tree=remedy.tree)


def _sysctls(fix: Fix) -> tuple[str, str, set[str]]:
    found = {name: each for name, each in _remedies(fix) if isinstance(each, KernelSettings)}
    values = {name: value for each in found.values() for name, value in each.values.items()}
    return "\n".join(f"{name} = {value}" for name, value in values.items()), "", set(found)


_MAKERS: Mapping[str, tuple[str, Callable[[Fix], tuple[str, str, set[str]]]]] = {
    DAEMON: ("to merge into /etc/docker/daemon.json{}; then restart the daemon", _settings),
    AUDIT_RULES: ("a file in /etc/audit/rules.d, such as docker.rules; then augenrules --load{}", _rules),
    KERNEL: ("a file in /etc/sysctl.d, such as 99-hardening.conf; then sysctl --system{}", _sysctls),
}


# ---- one control


def explained(control: str) -> Iterator[str]:
    """Yield what `hullcheck remedy` does for a control, a paragraph each."""
    remedy = REMEDIES.get(control)
    if remedy is None:
        yield "`hullcheck remedy` leaves it to you: no remedy of this control has been proven."
        return
    yield _done(remedy)
    if remedy.asks:
        yield "It takes something away, so it is left out unless `--also` names this control."
    if remedy.risk:
        yield f"May break: {remedy.risk}"


def _done(remedy: Remedy) -> str:
    if isinstance(remedy, Settings):
        taken = f"takes {', '.join(remedy.without)} out of it" if remedy.without else ""
        put = f"sets {json.dumps(remedy.put)[1:-1]} in it" if remedy.put else ""
        return f"`hullcheck remedy` merges the daemon.json of the host: it {put or taken}."
    if isinstance(remedy, AuditRule):
        shown = rule("PATH", tree=remedy.tree)
        return f"`hullcheck remedy` writes a rule for each path that has none: `{shown}`."
    if isinstance(remedy, KernelSettings):
        values = ", ".join(f"{name} = {value}" for name, value in remedy.values.items())
        return f"`hullcheck remedy` writes a file for /etc/sysctl.d with {values}, and sets it at once."
    if isinstance(remedy, Mode):
        return f"`hullcheck remedy` takes away the rights that a file has beyond {remedy.most:o}."
    if isinstance(remedy, ContainerLimit):
        words = (remedy.option, remedy.value, *remedy.more)
        return f"`hullcheck remedy` changes it at once: `docker update {' '.join(words)} CONTAINER`."
    if isinstance(remedy, ContainerOptions):
        word, options = ("with", remedy.add) if remedy.add else ("without", remedy.drop)
        return f"`hullcheck remedy` names the containers to create again, {word} `{' '.join(options)}`."
    assert isinstance(remedy, Owner)
    return f"`hullcheck remedy` gives a file to root:{remedy.group}."
