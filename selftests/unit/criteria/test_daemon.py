"""The daemon in words: settings, and certificates by two clocks; lists that are cut."""

from __future__ import annotations

from typing import Any

import pytest

from hullcheck.criteria.daemon import shown, validity_flaw
from hullcheck.criteria.judgement import listed
from hullcheck.parsing.certificates import Certificate
from hullcheck.parsing.times import DAY, Times
from selftests.kit.facts.daemons import AFTER, BEFORE, NO_ICC, PATH, Host

ELSEWHERE = Host(flags=("--config-file=/opt/d.json",), document='{"userland-proxy": false}')
PROXY = '{"userland-proxy": false}'
UNKNOWN = "after the daemon started: restart the daemon to know its settings"
DEFAULT = "default of engine 26.1.5"


@pytest.mark.parametrize(
    ("host", "number", "reason"),
    [
        (Host(), "2.2", "icc is true (network bridge, from default)"),
        (Host(document='{"icc": true}'), "2.2", f"icc is true (network bridge, from {PATH})"),
        (Host(document="unread"), "2.2", "icc is true (network bridge)"),
        (Host(document='{"icc": false}', bridge={}), "2.2", f"icc is false ({PATH})"),
        *(
            (host, "2.2", f"icc is true (network bridge); restart pending: {source} sets it to false")
            for host, source in (
                (Host(document='{"icc": false}'), PATH),
                (Host(document='{"icc": false}', changed=AFTER), PATH),
            )
        ),
        (Host(document='{"icc": true}', changed=AFTER, bridge=NO_ICC), "2.2",
         f"icc is false (network bridge); restart pending: {PATH} sets it to true"),
        (Host(), "2.17", f"userland-proxy is true ({DEFAULT})"),
        (ELSEWHERE, "2.17", "userland-proxy is false (/opt/d.json)"),
        (Host(document='{"cgroup-parent": ""}'), "2.11", f"cgroup-parent is not set ({DEFAULT})"),
        (Host(document="[]"), "2.17", f"{PATH}, the daemon's configuration, is not JSON"),
        (Host(document="unread"), "2.17", f"{PATH}, the daemon's configuration, may not be read; are you root?"),
        (Host(document='{"userland-proxy": "false"}'), "2.17",
         f"{PATH}: userland-proxy: Expected `bool | null`, got `str`"),
        (Host(document=PROXY, changed=AFTER), "2.17", f"userland-proxy may be false ({PATH}) or true ({DEFAULT}); "
         f"restart pending: {PATH} was changed {UNKNOWN}"),
        (Host(changed=AFTER), "2.11", f"{PATH} was changed {UNKNOWN}"),
        (Host(document='{"cgroup-parent": null}', changed=AFTER, written=BEFORE), "2.11",
         f"{PATH} got another owner, mode or name {UNKNOWN}"),
        (Host(document=None, changed=AFTER), "2.11", f"cgroup-parent is not set ({DEFAULT})"),
    ],
)  # fmt: skip
def test_whole_reasons(host: Host, number: str, reason: str) -> None:
    """What is in force, where that was read, what may be otherwise, and why."""
    assert host.judge(number)[1] == reason
    assert "s3cret" not in host.recording().answers["daemon"].stdout


@pytest.mark.parametrize(
    ("value", "text"),
    [(True, "true"), (None, "not set"), ((), "not set"), (5, "5"), (("a", "b"), "a, b"), ({"a": "1"}, "a=1")],
)  # fmt: skip
def test_values_as_people_write_them(value: Any, text: str) -> None:
    """Lists and mappings without brackets, and nothing as that."""
    assert shown(value) == text


BEGINS = 1780272000.0
"""1 June 2026."""
MONTH, LONG = Certificate(BEGINS, BEGINS + 30 * DAY), Certificate(0, BEGINS + 3650 * DAY)


@pytest.mark.parametrize(
    ("earlier", "later", "flaw"),
    [
        (0, 30 * DAY, ""),
        (-1, 0, "is not valid before 2026-06-01"),
        (0, 30 * DAY + 1, "expired on 2026-07-01"),
    ],
)
def test_certificate_by_two_clocks(earlier: float, later: float, flaw: str) -> None:
    """It has to hold by the clock that is behind and by the other; one that is not valid is enough."""
    when = Times(BEGINS + earlier, BEGINS + later)
    assert validity_flaw((LONG, MONTH), when) == validity_flaw((MONTH, LONG), when) == flaw


@pytest.mark.parametrize(("most", "words"), [(3, "a, b, c"), (2, "a, b and 1 more")])
def test_names_of_which_some_are_left_out(most: int, words: str) -> None:
    """How many they are is said."""
    assert listed(("a", "b", "c"), most) == words
