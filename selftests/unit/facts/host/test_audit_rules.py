"""Audit rules as auditctl and files write them."""

import pytest

from hullcheck.facts.host.audit_rules import Rule, parse


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("-w /srv/X/ -p wa -k a", Rule("", path="/srv/X", permissions=frozenset("wa"), key="a")),
        ("-w /var/run/docker.sock", Rule("", path="/run/docker.sock")),
        (
            "-a always,exit -F arch=b64 -S open -S creat -F dir=/srv/ -F perm=w -F key=k",
            Rule("", path="/srv", permissions=frozenset("w"), calls=frozenset({"open", "creat"}), key="k"),
        ),
        ("-A exit,always -S all -F path=/a", Rule("", path="/a", tree=False)),
        ("-a never,task -F uid=0", Rule("", list="task", action="never", tree=False, limits=("uid=0",))),
    ],
)
def test_forms_of_rules(text: str, expected: Rule) -> None:
    """What a line leaves out has the meaning that auditctl gives it."""
    found = parse(text, {"/var/run/docker.sock": "/run/docker.sock"})
    assert found is not None
    assert {**vars(found), "text": ""} == vars(expected)


@pytest.mark.parametrize("text", ["-D", "No rules", "-b 8192", "-e 2", ""])
def test_line_that_is_no_rule(text: str) -> None:
    """Settings are not rules."""
    assert parse(text, {}) is None
