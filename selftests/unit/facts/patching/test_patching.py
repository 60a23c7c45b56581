"""What installs updates on a host."""

from __future__ import annotations

from typing import Any

import pytest

from selftests.kit.facts.hosts import DAY, NOW, target, unit
from selftests.kit.judging import Verdicts, judged

SUMMARY = f"""---
version:
  config: {int(NOW) - DAY}
  puppet: 8.10.0
application:
  run_mode: agent
resources:
  changed: 0
  failed: 0
  failed_to_restart: 0
  total: 8
time:
  total: 0.009743325
  last_run: {int(NOW) - DAY}
changes:
  total: 0
events:
  failure: 0
  success: 0
  total: 0"""


PUBLIC = "/var/cache/puppet/public/last_run_summary.yaml"


PLAY = ("play", "unreachable=0    failed=0")


CRON = "cron:ansible-pull /etc/cron.d/ansible"


FRESH = f"\norigins:security\nrefreshed:{int(NOW) - DAY}"
"""What unattended-upgrades may take, and when the lists were fetched."""
STALE = f"\norigins:security\nrefreshed:{int(NOW) - 31 * DAY}"


OPTIONS = ("Ansible", "Puppet", "SaltStack")


def puppet(text: str = SUMMARY, service: str = unit("puppet.service")) -> str:
    """What the probe says of a host with Puppet; the text of a summary as Puppet 8 writes it."""
    lines = [service, f"summary:{PUBLIC}"]
    return "\n".join([*lines, *(f"yaml:{line}" for line in text.split("\n"))])


def salt(job: str = f"{int(NOW) - DAY} 0 1", service: str = unit("salt-minion.service")) -> str:
    """What the probe says of a host with a minion."""
    lines = [service, "salt:/etc/salt/minion", f"highstate:{int(NOW) - DAY}"]
    return "\n".join([*lines, *([f"job:{job}"] if job else [])])


def ansible(*did: str, age: int = DAY, start: str = CRON) -> str:
    """What the probe says of a host with ansible-pull; the words are those of a log of its own."""
    return "\n".join(
        [start, f"log:{int(NOW) - age} /var/log/ansible-pull.log", *(f"did:{each}" for each in did)]
    )


def patched(text: str, **policy: Any) -> Verdicts:
    """What the control of patching says of a host of which the probe said *text*."""
    return judged("patching_is_automated", target(policy, patching=f"clock:{int(NOW)} 5000.00\n{text}"))


def test_catalog_that_puppet_kept() -> None:
    """An agent that gets no new one goes on with it, and its summary says so by the version alone."""
    made = f"config: {int(NOW) - DAY}"
    assert patched(puppet())["Puppet"][0] == "pass"
    verdict, reason = patched(puppet(SUMMARY.replace(made, f"config: {int(NOW) - 31 * DAY}")))["Puppet"]
    assert (verdict, "its last run was by a catalog of 2026-05-30, more than 30 days ago" in reason) == (
        "fail",
        True,
    ), reason
    for version in ("42", "3f2a9c production", "true"):  # of the site's own making
        assert patched(puppet(SUMMARY.replace(made, f"config: {version}")))["Puppet"][0] == "pass"


def test_one_tool_is_enough() -> None:
    """One that works makes the others not applicable; without any, each of them fails."""
    for name, text in (("Ansible", ansible(*PLAY)), ("Puppet", puppet()), ("SaltStack", salt())):
        found = patched(text)
        assert found[name][0] == "pass", found
        assert {found[each][0] for each in OPTIONS if each != name} == {"not applicable"}
    assert {patched("")[each][0] for each in OPTIONS} == {"fail"}
    found = patched(f"{puppet()}\n{unit('salt-minion.service', 'disabled', 'inactive')}")
    assert (found["Puppet"][0], found["SaltStack"][0]) == ("pass", "not applicable")
    found = patched(puppet(SUMMARY.replace("failed: 0", "failed: 1")))
    assert (found["Puppet"][0], found["SaltStack"][0]) == ("fail", "not applicable")


@pytest.mark.parametrize(
    ("old", "new", "verdict", "words"),
    [
        ("failure: 0", "failure: 2", "fail", "failure 2"),
        ("  failed: 0", "  failed: 1", "fail", "failed 1"),
        ("failed_to_restart: 0", "failed_to_restart: 1", "fail", "failed_to_restart 1"),
        ("failure: 0", "failure: 0\n  noop: 3", "fail", "told of 3 changes"),
        ("run_mode: agent", "run_mode: user", "fail", "puppet apply"),
        (f"last_run: {int(NOW) - DAY}", f"last_run: {int(NOW) - 40 * DAY}", "fail", "more than 30 days ago"),
        (f"last_run: {int(NOW) - DAY}", f"last_run: {int(NOW) + DAY}", "error", "after the audit"),
        (f"last_run: {int(NOW) - DAY}", "last_run: yesterday", "error", "not the summary"),
        (f"last_run: {int(NOW) - DAY}", "last_run: true", "error", "not the summary"),
        ("events:\n  failure: 0", "events:\n  - 0", "error", "not YAML"),
        ("\n  success: 0\n  total: 0", "", "error", "cut off"),
        ("failure: 0", "failure: none", "error", "not the summary"),
        ("time:", "time: [", "error", "not YAML"),
        (SUMMARY, "", "error", "not the summary"),
        (SUMMARY, "- 1", "error", "not the summary"),
    ],
)
def test_run_of_puppet(old: str, new: str, verdict: str, words: str) -> None:
    """A run that failed, was played only, is old or of the future, and a file that is none, never pass."""
    assert old in SUMMARY
    found = patched(puppet(SUMMARY.replace(old, new)))["Puppet"]
    assert (found[0], words in found[1]) == (verdict, True), found


def test_start_of_puppet() -> None:
    """A record is not enough: the agent has to be enabled and to run, and not be locked."""
    for enabled, active in (("disabled", "active"), ("enabled", "inactive"), ("enabled", "failed")):
        found = patched(puppet(service=unit("puppet.service", enabled, active)))["Puppet"]
        assert (found[0], "puppet.service is not on" in found[1]) == ("fail", True)
    lock = "disabled:/var/cache/puppet/state/agent_disabled.lock"
    assert patched(f"{puppet()}\n{lock}")["Puppet"][0] == "fail"
    job = "cron:puppet /etc/cron.d/puppet"
    assert patched(puppet(SUMMARY.replace("agent", "user"), job))["Puppet"][0] == "pass"
    idle = patched(puppet(SUMMARY.replace("agent", "user"), f"{job}\nidle:"))["Puppet"]
    assert idle == ("fail", "nothing starts it: /etc/cron.d/puppet, but no cron runs")
    assert patched(unit("puppet.service"))["Puppet"][0] == "fail"
    assert patched(f"{unit('puppet.service')}\nunread:/var/lib/puppet/x")["Puppet"][0] == "error"
    assert patched(puppet(), patch_days=1)["Puppet"][0] == "pass"


def test_jobs_that_cannot_be_seen() -> None:
    """Where crontabs are closed to the auditor, nobody knows whether one starts a tool."""
    closed = "unread:/var/spool/cron/crontabs"
    assert {patched(closed)[name][0] for name in OPTIONS} == {"error"}
    assert patched(f"{puppet()}\n{closed}")["Puppet"][0] == "pass"


@pytest.mark.parametrize(
    ("text", "verdict", "words"),
    [
        (salt(f"{int(NOW) - DAY} 1 1"), "fail", "states that failed"),
        (salt(f"{int(NOW) - DAY} 1 0"), "fail", "states that failed"),
        (salt(f"{int(NOW) - DAY} 0 0"), "error", "no result"),
        (salt(f"{int(NOW) + DAY} 0 1"), "error", "after the audit"),
        (salt(f"{int(NOW) - 31 * DAY} 0 1"), "fail", "more than 30 days"),
        (salt(""), "error", "cache_jobs"),
        (salt("x 0 1"), "error", "not a number"),
        (salt(service=unit("salt-minion.service", "disabled")), "fail", "salt-minion.service is not on"),
        (unit("salt-minion.service"), "fail", "no record of a run"),
    ],
)
def test_run_of_salt(text: str, verdict: str, words: str) -> None:
    """When a highstate began is no proof that it succeeded; a record of its states is."""
    found = patched(text)["SaltStack"]
    assert (found[0], words in found[1]) == (verdict, True), found


@pytest.mark.parametrize(
    ("text", "verdict", "words"),
    [
        (ansible("play", "unreachable=0    failed=1"), "fail", "failed=1"),
        (ansible("play", "unreachable=1    failed=0"), "fail", "unreachable=1"),
        (ansible(*PLAY, "play"), "fail", "ends within a play"),
        (ansible(*PLAY, "failed"), "fail", "says failed"),
        (ansible(*PLAY, "nothing"), "fail", "had not changed"),
        (ansible(), "fail", "tells of no play"),
        (ansible(*PLAY, age=-DAY), "error", "after the audit"),
        (ansible(*PLAY, age=31 * DAY), "fail", "more than 30 days"),
        (ansible(*PLAY, start=""), "fail", "nothing starts it"),
        (CRON, "fail", "no record of a run"),
    ],
)
def test_run_of_ansible(text: str, verdict: str, words: str) -> None:
    """The end of its log decides, and a run by hand is no automation."""
    found = patched(text)["Ansible"]
    assert (found[0], words in found[1]) == (verdict, True), found


def test_unit_of_ansible() -> None:
    """How its service ended, systemd knows by the clock since the start of the host."""
    ended = "ExecMainExitTimestampMonotonic=4000000000\nResult={}\nExecMainStatus={}"
    timer, own = unit("ansible-pull.timer"), "own:ansible-pull"
    good = unit("ansible-pull.service", "static", "inactive", ended.format("success", 0))
    bad = unit("ansible-pull.service", "static", "inactive", ended.format("exit-code", 2))
    never = unit("ansible-pull.service", "static", "inactive", "ExecMainExitTimestampMonotonic=0")
    assert patched("\n".join([own, timer, good]))["Ansible"][0] == "pass"
    found = patched("\n".join([own, timer, bad]))["Ansible"]
    assert found == ("fail", "ansible-pull.service ended with exit-code, status 2")
    assert (
        patched(
            "\n".join([own, timer, good.replace("Result=", "RunsIt=yes\nunit:RunsOther=yes\nunit:Result=")])
        )["Ansible"][0]
        == "pass"
    )
    other = patched("\n".join([own, timer, good.replace("Result=", "RunsOther=yes\nunit:Result=")]))[
        "Ansible"
    ]
    assert other == ("fail", "ansible-pull.timer starts it, but there is no record of a run")
    assert patched("\n".join([own, timer, never]))["Ansible"][0] == "fail"
    assert patched("\n".join([own, good]))["Ansible"][0] == "fail"


def test_unit_of_ansible_that_pipes_into_a_log() -> None:
    """Its status is that of tee(1): of one run the record with a flaw decides, of two runs the later one."""
    ended = "ExecMainExitTimestampMonotonic=4000000000\nResult=success\nExecMainStatus=0"
    service = unit("ansible-pull.service", "static", "inactive", ended)
    lines = ["own:ansible-pull", unit("ansible-pull.timer"), service]
    end = int(NOW) - 5000 + 4000
    good, bad = ("unreachable=0 failed=0", "unreachable=0 failed=1")
    for before, did, verdict in ((1, bad, "fail"), (3600, bad, "pass"), (1, good, "pass")):
        log = f"log:{end - before} /var/log/ansible-pull.log\ndid:{did}"
        assert patched("\n".join([*lines, log]))["Ansible"][0] == verdict


@pytest.mark.parametrize(
    ("enabled", "active", "verdict"),
    [
        *((each, "active", "pass") for each in ("static", "alias", "indirect", "generated")),
        *(("enabled", each, "pass") for each in ("activating", "reloading")),
        ("masked", "active", "fail"),
        ("enabled", "deactivating", "fail"),
    ],
)
def test_unit_that_starts_a_tool(enabled: str, active: str, verdict: str) -> None:
    """It comes with the host, and is not on its way out."""
    service = unit("puppet.service", enabled, active, "WantedBy=multi-user.target")
    assert patched(puppet(service=service))["Puppet"][0] == verdict


def test_unit_that_no_other_starts() -> None:
    """One that cannot be enabled comes with the host where another unit names it."""
    for wanted, verdict in (("", "fail"), ("multi-user.target", "pass")):
        named = f"WantedBy={wanted}\nRequiredBy=\nTriggeredBy="
        service = unit("puppet.service", "static", "active", named)
        assert patched(puppet(service=service))["Puppet"][0] == verdict


@pytest.mark.parametrize(
    ("state", "verdict"), [("waiting", "pass"), ("running", "pass"), ("elapsed", "fail")]
)
def test_timer_that_is_over(state: str, verdict: str) -> None:
    """It is active and does not fire again: its time was a date that is gone, or the start of the host."""
    timer = unit("puppet.timer", more=f"SubState={state}")
    assert patched(puppet(service=timer))["Puppet"][0] == verdict


def test_newest_run_counts() -> None:
    """Of two records the later one decides, whatever their order."""
    old = SUMMARY.replace(f"last_run: {int(NOW) - DAY}", f"last_run: {int(NOW) - 2 * DAY}")
    bad = SUMMARY.replace("failure: 0", "failure: 1")
    for first, second, verdict in ((old, bad, "fail"), (bad, old, "fail")):
        text = puppet(first) + "\n" + puppet(second, "").replace(PUBLIC, "/x")
        assert patched(text)["Puppet"][0] == verdict
    older = ansible("failed", age=2 * DAY, start="")
    for each in ((ansible(*PLAY), older), (older.replace("log /", "log /x/"), ansible(*PLAY))):
        assert patched("\n".join(each))["Ansible"][0] == "pass"


@pytest.mark.parametrize(
    ("text", "name", "found"),
    [
        (
            puppet(SUMMARY.replace("failure: 0", "failure: 2").replace("  failed: 0", "  failed: 1")),
            "Puppet",
            ("fail", f"its last run did not succeed: failure 2, failed 1 ({PUBLIC})"),
        ),
        (
            puppet(SUMMARY.replace("run_mode: agent", "run_mode: user")),
            "Puppet",
            ("fail", "its last run was one of `puppet apply`, not of the agent"),
        ),
        (
            puppet("time: ["),
            "Puppet",
            ("error", f"{PUBLIC} is not YAML, or is cut off"),
        ),
        (
            f"{puppet()}\ndisabled:/lock",
            "Puppet",
            ("fail", "/lock keeps the agent from running"),
        ),
        (
            salt(f"{int(NOW) - DAY} 1 1"),
            "SaltStack",
            ("fail", "its last highstate has states that failed"),
        ),
        (
            salt(f"{int(NOW) - DAY} 0 0"),
            "SaltStack",
            ("error", "the record of its last highstate has no result of a state"),
        ),
        (
            salt(""),
            "SaltStack",
            (
                "error",
                "a highstate began, but no record says how it ended: set `cache_jobs: True` for the minion",
            ),
        ),
        (
            salt(service=unit("salt-minion.service", "disabled")),
            "SaltStack",
            ("fail", "nothing starts it: salt-minion.service is not on, /etc/salt/minion"),
        ),
        (f"{salt()}\nunread:/x/salt/y", "SaltStack", ("error", "/x/salt/y could not be read; are you root?")),
        (
            f"{CRON}\nunread:/x/ansible/y",
            "Ansible",
            ("error", "/x/ansible/y could not be read; are you root?"),
        ),
        (ansible(), "Ansible", ("fail", "/var/log/ansible-pull.log tells of no play")),
        (ansible(*PLAY, "play"), "Ansible", ("fail", "/var/log/ansible-pull.log ends within a play")),
        (
            ansible(*PLAY, "nothing"),
            "Ansible",
            (
                "fail",
                "/var/log/ansible-pull.log says that nothing was done, as the repository had not changed",
            ),
        ),
        (
            f"own:a\n{unit('a.timer', 'disabled')}\n{unit('a.service', 'static', 'inactive')}",
            "Ansible",
            ("fail", "nothing starts it: a.timer is there, a.service is there"),
        ),
        ("", "Ansible", ("fail", "nothing starts it: no unit, no timer, no cron job")),
    ],
)
def test_what_is_said_of_a_tool(text: str, name: str, found: tuple[str, str]) -> None:
    """The whole reason."""
    assert patched(text)[name] == found


def test_updates_that_are_left() -> None:
    """What unattended-upgrades said of late decides; else a person has to look."""
    day = "2026-06-29 06:12:01,123"
    for line, verdict in (
        ("", "manual"),
        (f"{day} INFO All upgrades installed{FRESH}", "pass"),
        (f"{day} INFO No packages found that can be upgraded unattended{FRESH}", "pass"),
        (f"{day} INFO All upgrades installed", "manual"),
        (f"{day} INFO All upgrades installed\norigins:security", "manual"),
        (f"{day} INFO All upgrades installed{FRESH.replace('security', 'other')}", "fail"),
        (f"{day} INFO No packages found that can be upgraded unattended{STALE}", "fail"),
        (f"{day} ERROR Installing the upgrades failed!", "fail"),
        (f"{day} ERROR Apt returned an error, exiting{FRESH}", "fail"),
        (f"{day} ERROR Cache has broken packages, exiting{FRESH}", "fail"),
        (f"{day} INFO All upgrades installed{FRESH}\nlists:1", "pass"),
        (f"{day} INFO All upgrades installed{FRESH}\nlists:0", "manual"),
        (f"{day} INFO All upgrades installed{FRESH}\nheld:docker.io", "manual"),
        (f"{day} ERROR Installing the upgrades failed!\nheld:docker.io", "fail"),
        ("2026-05-01 06:12:01,123 INFO All upgrades installed", "manual"),
        ("2026-07-29 06:12:01,123 INFO All upgrades installed", "error"),
    ):
        assert patched(f"unattended:{line}")["security updates"][0] == verdict
    name, ended = (
        "dnf-automatic-install.service",
        "ExecMainExitTimestampMonotonic=4000000000\nResult={}\nExecMainStatus={}",
    )
    for more, verdict in (
        (ended.format("success", 0), "pass"),
        (ended.format("exit-code", 1), "fail"),
        ("ExecMainExitTimestampMonotonic=0", "manual"),
    ):
        assert patched(unit(name, "static", "inactive", more))["security updates"][0] == verdict
    old = patched(
        unit(name, "static", "inactive", ended.format("success", 0).replace("4000000000", "-4000000000000"))
    )
    assert old["security updates"][0] == "manual"
    found = patched(f"unattended:{day} INFO All upgrades installed{STALE}")["Ansible"]
    assert (found[0], "unattended-upgrades: 2026-06-29" in found[1]) == ("fail", True)


def test_services_of_dnf() -> None:
    """The one that installs, another where its configuration says that it applies updates; not what runs no dnf."""
    ended = "ExecMainExitTimestampMonotonic=4000000000\nResult=success\nExecMainStatus=0"
    for name, more, verdict in (
        ("dnf-automatic-install.service", "RunsIt=yes", "pass"),
        ("dnf-automatic-install.service", "RunsOther=yes", "manual"),
        ("dnf-automatic.service", "RunsIt=yes", "manual"),
        ("dnf-automatic.service", "RunsIt=yes\n\napplies:yes", "pass"),
        ("dnf5-automatic.service", "RunsIt=yes\n\napplies:yes", "pass"),
        ("dnf5-automatic.service", "RunsOther=yes\n\napplies:yes", "manual"),
    ):
        mark, _, others = more.partition("\n")
        text = f"{unit(name, 'static', 'inactive', f'{ended}{chr(10)}{mark}')}\n{others}"
        assert patched(text)["security updates"][0] == verdict, (name, more)


def test_what_may_stand_in_for_a_tool() -> None:
    """An updater that works and a push from a control node are for a person; what the policy names is accepted."""
    updater = f"unattended:2026-06-29 06:12:01,123 INFO All upgrades installed{FRESH}"
    pushed = f"pushed:{int(NOW) - DAY}"
    for text, said in (
        (updater, "unattended-upgrades: "),
        (f"{updater}\nheld:docker.io", "unattended-upgrades: "),
        (pushed, "a control node had Ansible update packages"),
    ):
        found = patched(text)
        assert {found[each][0] for each in OPTIONS} == {"manual"}
        assert said in found["Puppet"][1]
    assert patched(f"pushed:{int(NOW) - 31 * DAY}")["Ansible"][0] == "fail"
    named = patched("", patched_by="SSM")
    assert {named[each] for each in OPTIONS} == {
        ("not applicable", "the policy says what keeps this host up to date: SSM")
    }
    assert named["security updates"][0] == "manual"
    assert patched(puppet(SUMMARY.replace("failed: 0", "failed: 1")), patched_by="SSM")["Puppet"][0] == "fail"
