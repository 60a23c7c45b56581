"""The hardening guide, section 2, on real engines: the daemon's file, logs, and the remote API."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from hullcheck.facts import Facts
from hullcheck.policy import Policy
from selftests.judging import facts_of_engine, judged

if TYPE_CHECKING:
    from selftests.lab.engine import Engine

EngineFactory = Callable[..., "Engine"]

pytestmark = pytest.mark.lab

DEFAULT = "(default of the daemon)"
LIMITED = {"max-size": "10m", "max-file": "3"}
LOGS = ("log_options_are_set_for_all", "log_files_are_small", "log_files_are_few")


def verdicts(control: str, facts: Facts) -> dict[str, str]:
    """The verdict by subject."""
    return {name: verdict for name, (verdict, _) in judged(control, facts).items()}


def whole(control: str, engine: Engine, policy: Policy | None = None) -> tuple[str, str]:
    """Verdict and reason on the target as a whole."""
    (found,) = judged(control, facts_of_engine(engine.socket, policy)).values()
    return found


# ---- 2.2


def test_file_of_the_daemon(engine: EngineFactory) -> None:
    """A file passes, and an option of the command line that undoes hardening fails."""
    control = "daemon_is_configured_by_its_file"
    good = engine(icc=False)
    assert whole(control, good) == ("pass", f"{good.config_path} sets icc")
    assert whole(control, engine(flags=("--icc",)))[1] == "--icc=true on the command line"
    assert whole(control, engine(flags=("--no-new-privileges=false",)))[0] == "fail"
    assert whole(control, engine(flags=("--no-new-privileges",)))[0] == "pass"


def test_containers_keep_their_logs_options(engine: EngineFactory) -> None:
    """The daemon's options are those of new containers; one that was created before keeps what it got."""
    one = engine(fresh=True)
    one.run("old")
    one.create("own", "--log-opt", "max-size=1m", "--log-opt", "max-file=2")
    one.create("wide", "--log-opt", "max-size=11m", "--log-opt", "max-file=4")
    one.create("none", "--log-driver", "none")
    before = facts_of_engine(one.socket)
    expected = {DEFAULT: "fail", "none": "not applicable", "old": "fail", "own": "pass"}
    assert verdicts(LOGS[0], before) == expected | {"wide": "pass"}
    for control in LOGS[1:]:
        assert verdicts(control, before) == expected | {"wide": "fail"}
    driver = verdicts("log_driver_is_json_file_or_approved", before)
    assert driver == {DEFAULT: "pass", "none": "fail", "old": "pass", "own": "pass", "wide": "pass"}

    one.configure({"log-opts": LIMITED})
    one.restart()
    one.run("new")
    one.create("local", "--log-driver", "local")
    after = facts_of_engine(one.socket)
    for control in LOGS:
        found = verdicts(control, after)
        assert (found[DEFAULT], found["old"], found["new"], found["own"]) == ("pass", "fail", "pass", "pass")
        assert found["local"] == "fail"  # it got none of the daemon's options, which are json-file's


def test_driver_of_the_daemon(engine: EngineFactory) -> None:
    """Another driver than json-file is left to a person, or to the policy; and has its own default sizes."""
    one = engine(log_driver="local", log_opts={"max-file": "2"})
    one.create("web")
    facts = facts_of_engine(one.socket)
    control = "log_driver_is_json_file_or_approved"
    assert verdicts(control, facts) == {DEFAULT: "manual", "web": "manual"}
    approved = Facts(facts.recording, Policy(log_drivers=("local",)))
    assert verdicts(control, approved) == {DEFAULT: "pass", "web": "pass"}
    assert verdicts("log_files_are_small", facts) == {DEFAULT: "fail", "web": "fail"}
    assert verdicts("log_files_are_few", facts) == {DEFAULT: "pass", "web": "pass"}
