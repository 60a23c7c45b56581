"""Which of Falco's rules are on."""

from typing import Any

import pytest

from hullcheck.facts.sensors.falco_rules import by_configuration, by_options, in_file, selected, states

LINES = (
    "- rule: Terminal shell",
    "  priority: NOTICE # low",
    "  tags: [container, shell]",
    "- rule: Write below etc",
    "  enabled: false",
    "- list: names",
    "  enabled: false",
)


@pytest.mark.parametrize(
    ("arguments", "rules", "least", "on"),
    [
        ("", [], "", {"Terminal shell": True, "Write below etc": False}),
        ("-D\nTerminal", [], "", {"Terminal shell": False, "Write below etc": False}),
        ("-T\nshell", [], "", {"Terminal shell": False, "Write below etc": False}),
        ("-t\nshell", [], "", {"Terminal shell": True, "Write below etc": False}),
        ("-t=other", [], "", {"Terminal shell": False, "Write below etc": False}),
        ("-o\nrules[].enable.rule=Write*", [], "", {"Terminal shell": True, "Write below etc": True}),
        ("", [{"disable": {"rule": "*"}}], "", {"Terminal shell": False, "Write below etc": False}),
        ("", [], "warning", {"Terminal shell": False, "Write below etc": False}),
        ("", [], "info", {"Terminal shell": True, "Write below etc": False}),
    ],
)
def test_states(arguments: str, rules: list[Any], least: str, on: dict[str, bool]) -> None:
    """Files, options, configuration and the least priority decide, in this order."""
    switches = [*by_options(arguments), *by_configuration([*rules, *selected(arguments)])]
    assert states(in_file("/rules", LINES), switches, least) == on


@pytest.mark.parametrize("way", ["replace", "append"])
def test_way_in_which_a_later_file_overrides_a_rule(way: str) -> None:
    """It is no value of what it is about: a rule that is switched off so stays off."""
    lines = ["- rule: a", "  priority: INFO", "- rule: a", "  enabled: false", "  override:"]
    lines += [f"    {key}: {way}" for key in ("enabled", "tags", "priority")]
    assert states(in_file("/rules", lines), [], "info") == {"a": False}
    assert states(in_file("/rules", [*lines[:2], *lines[5:]]), [], "info") == {"a": True}


@pytest.mark.parametrize(
    "lines",
    [
        ["  - rule: a", "    enabled: false", "  - macro: b"],
        ["- rule: a", "  enabled: false", "  - name: of an exception"],
        ["-   rule: a", "    enabled: false"],
        ['- "rule": a', '  "enabled": false'],
        ["- enabled: false", "  rule: a"],
        ["- {rule: a, enabled: false}"],
        ["- {rule: a, condition: never_true, tags: [b], priority: INFO}"],
        ["- rule: a", "- {rule: a, enabled: false}"],
        ["- rule: a", "- {rule: a,", "   enabled: false}"],
        ["- rule: a", "-", "  {enabled: false,", "   rule: a}"],
        ["[{rule: a}, {rule: a, enabled: false}]"],
        ["- rule : a", "  enabled : false"],
        ["- rule: a", "  condition: >", "    (never_true) and proc"],
        ["- rule: a", "  condition: proc", "    and never_true"],
    ],
)
def test_ways_to_write_a_rule(lines: list[str]) -> None:
    """Indented, with its keys in another order or in quotes, and in braces."""
    assert states(in_file("/rules", lines), []) == {"a": False}
    on = [each.replace("false", "true").replace("never_true", "x") for each in lines]
    assert states(in_file("/rules", on), []) == {"a": True}


def test_braces_that_hold_no_rule() -> None:
    """They are none."""
    assert in_file("/rules", ["- {macro: a, condition: x}", "- {}"]) == []
    assert in_file("/rules", ["{rule: a}"]) == []


def test_file_that_is_no_yaml() -> None:
    """An item of it may switch off any rule."""
    rules = in_file("/rules", ["- rule: a", "- {rule: a", "- {}"])
    assert states([*in_file("/other", ["- rule: b"]), *rules], []) == {"b": None, "": None}


def test_tags_that_are_not_in_one_line() -> None:
    """Whether a switch by tag is about such a rule is unknown."""
    rules = in_file("/rules", ["- rule: a", "  tags:"])
    assert states(rules, by_options("-T\nshell")) == {"a": None}
    assert states(rules, by_configuration("no list")) == {"a": True}


@pytest.mark.parametrize(
    ("condition", "on"),
    [
        ("spawned_process and not proc.name in (x)", True),
        (
            "spawned_process and (never_true or proc.name = sh)",
            False,
        ),  # nobody writes it so, and it may be off
        ("never_true", False),
        ("(never_true)", False),
        ("and never_true", False),
        ("spawned_process and never_true", False),
        ("spawned_process and not never_true", True),
        ("evt.num<0", False),
    ],
)
def test_condition_that_is_never_met(condition: str, on: bool) -> None:
    """Such a rule is as good as switched off, also where a later file adds it to one of before."""
    rules = in_file("/rules", ["- rule: a", f"  condition: {condition}"])
    assert states(rules, []) == {"a": on}
    later = [*in_file("/rules", ["- rule: a", "  tags: [x]"]), *rules]
    assert states(later, []) == {"a": on}
