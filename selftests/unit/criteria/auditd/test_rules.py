"""What audit rules do together."""

from __future__ import annotations

from hullcheck.criteria.auditd.rules import coverage
from hullcheck.facts.auditd.rules import parse
from selftests.kit.files import DIRECTORY, FILE


def test_rule_without_a_list() -> None:
    """It is one of the usual list."""
    rules = [rule for rule in [parse("-a always -S all", {})] if rule]
    assert coverage(rules, "/any", mode=FILE).by == tuple(rules)


def test_rule_for_everything() -> None:
    """A rule without a path and without limits records all."""
    rules = [rule for rule in [parse("-a always,exit -S all", {})] if rule]
    assert coverage(rules, "/any", mode=DIRECTORY).flaws == ()
