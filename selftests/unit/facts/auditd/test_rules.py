"""Audit rules as auditctl and files write them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hullcheck.criteria.auditd.rules import blocking
from hullcheck.facts.auditd.rules import Rule, parse


def test_forms_of_rules() -> None:
    """Rules are read as auditctl prints them and as files have them."""
    assert parse("-w /a b/c -p wa -k x y", {}) == Rule("-w /a b/c -p wa -k x y", path="/a b/c", tree=None,
                                                       permissions=frozenset("wa"))  # fmt: skip
    assert parse("-D", {}) is None
    assert parse("No rules", {}) is None
    assert parse("-b 8192", {}) is None
    rule = parse(
        "-a always,exit -F arch=b64 -S open -S creat -F dir=/srv/ -F perm=w -F key=k", {"/srv": "/data"}
    )
    assert rule is not None
    assert (rule.path, rule.tree, rule.calls, rule.arch) == (
        "/data",
        True,
        frozenset({"open", "creat"}),
        "b64",
    )
    assert (rule.permissions, rule.limits) == (frozenset("w"), ())
    never = parse("-a exclude,never -F msgtype=PATH", {})
    assert never is not None
    assert (never.list, never.action, blocking([never])) == ("exclude", "never", never.text)


@pytest.mark.parametrize(
    ("text", "kind", "expected"),
    [
        ("-w /a", "tree", Rule("", path="/a", tree=True)),
        ("-w /a", "watch", Rule("", path="/a", tree=False)),
        ("-w /srv/X/ -p w", "rule", Rule("", path="/srv/X", tree=None, permissions=frozenset("w"))),
        ("-w / -p a", "", Rule("", path="/", tree=None, permissions=frozenset("a"))),
        ("-A exit,always -S all", "", Rule("")),
        ("-a possible,exit -S all", "", Rule("")),
        ("-a always -S open", "", Rule("", list="", calls=frozenset({"open"}))),
        ("-a never,task -F uid=0", "", Rule("", list="task", action="never", limits=("uid=0",))),
        ("-w /a", "tree never", Rule("", path="/a", tree=True, action="never")),
        ("-w /a -p w", "watch never", Rule("", path="/a", permissions=frozenset("w"), action="never")),
    ],
)
def test_parts_of_a_rule(text: str, kind: str, expected: Rule) -> None:
    """What a line leaves out has the meaning that auditctl gives it."""
    text = f"{text} (never)" if kind.endswith("never") else text
    assert parse(text.removesuffix(" (never)"), {}, kind) == replace(expected, text=text)


@pytest.mark.parametrize(
    ("listed", "meant"),
    [
        (" -p wa-w /a", "-w /a -p wa"),
        (" -p wa-w /a -k b", "-w /a -k b -p wa"),
        (" -p wa -k b-w-w /a", "-w /a -p wa -k b-w"),
    ],
)
def test_rule_that_auditctl_lists_in_a_form_of_its_own(listed: str, meant: str) -> None:
    """One whose permissions were given before its path is read, and told, in the usual order."""
    rule = parse(listed, {})
    assert rule is not None
    assert (rule.path, rule.permissions, rule.text) == ("/a", frozenset("wa"), meant)


@pytest.mark.parametrize(
    ("word", "arch"),
    [("b64", "b64"), ("x86_64", "b64"), ("aarch64", "b64"), ("b32", "b32"), ("i386", "b32"), ("i686", "b32")],
)
def test_words_for_architectures(word: str, arch: str) -> None:
    """People and auditctl name them differently."""
    assert parse(f"-a always,exit -F arch={word} -S open", {}) == Rule(
        f"-a always,exit -F arch={word} -S open", arch=arch, calls=frozenset({"open"})
    )


@pytest.mark.parametrize(
    ("path", "resolved"),
    [("/a/b/..", "/a"), ("/link/..", "/"), ("/a/.", "/a"), ("/a//b", "/a/b"), ("/link/b/..", "/a/link")],
)
def test_path_with_dots(path: str, resolved: str) -> None:
    """The shell leaves the last part of a path as it is, and the kernel does not."""
    real = {"/link/..": "/a/..", "/link/b/..": "/a/link/b/.."}
    rule = parse(f"-w {path} -p wa", real)
    assert rule is not None
    assert rule.path == resolved
