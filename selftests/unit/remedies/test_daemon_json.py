"""Merging settings with the daemon.json of a host: other settings stay, and what is unknown is not written."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from hullcheck.remedies import Settings, daemon_json, merge
from hullcheck.remedies.daemon_json import DaemonChange
from hullcheck.remedies.outcome import Outcome
from hullcheck.results import Control, Finding
from hullcheck.results.failures import Failure
from hullcheck.verdicts import Verdict
from selftests.kit.facts.daemons import Host

ICC = Settings(put={"icc": False})


def failure(name: str, reason: str = "it is not so", kind: str = "target", subject: str = "h") -> Failure:
    """A failure of a control of this name."""
    return Failure(Control(name, "", "", "", "", {}), "h", "", Finding(kind, subject, Verdict.FAIL, reason))


def change(host: Host, *remedies: Settings, reason: str = "") -> tuple[DaemonChange | None, Outcome]:
    """What is changed on *host* by these remedies."""
    found = [(failure(f"c{number}", reason), each) for number, each in enumerate(remedies)]
    return daemon_json.change(found, host.facts())


def merged(document: str | None, *remedies: Settings, **host: Any) -> str:
    """The file that is written where this one is on the host."""
    made, outcome = change(Host(document=document, **host), *remedies)
    assert made is not None, outcome.left
    return made.merged


def left(host: Host, *remedies: Settings, reason: str = "") -> str:
    """Why nothing is changed."""
    made, outcome = change(host, *remedies, reason=reason)
    assert (made, outcome.mended) == (None, [])
    return outcome.left[0].why


def test_order_and_other_settings_stay() -> None:
    """A new setting comes last, one that is there stays in its place, and one that is taken out is gone."""
    before = '{"hosts": ["fd://"], "icc": true, "debug": true, "data-root": "/d"}'
    text = merged(before, Settings(put={"live-restore": True}), ICC, Settings(without=("debug",)))
    assert list(json.loads(text).items()) == [
        ("hosts", ["fd://"]),
        ("icc", False),
        ("data-root", "/d"),
        ("live-restore", True),
    ]
    assert text.endswith("}\n")


def test_objects_are_joined() -> None:
    """What is in log-opts or default-ulimits beside what is set stays."""
    text = merged(
        '{"log-opts": {"max-file": "9", "max-size": "1g"}}', Settings(put={"log-opts": {"max-file": "3"}})
    )
    assert json.loads(text) == {"log-opts": {"max-file": "3", "max-size": "1g"}}


@pytest.mark.parametrize("document", [None, "", "\ufeff{}", '\ufeff{"icc": true}'])
def test_missing_or_empty_file(document: str | None) -> None:
    """Without a file, or with an empty one, the new one has what is set and nothing else; a mark of UTF-8 goes."""
    made, _ = change(Host(document=document), ICC)
    assert made is not None
    assert (json.loads(made.merged), made.there) == ({"icc": False}, document is not None)


@pytest.mark.parametrize("document", ["{", "[]", '{"icc": /* on */ true}', "# icc"])
def test_file_that_is_not_json_is_left(document: str) -> None:
    """The engine takes no comments, and we overwrite nothing that we do not understand."""
    assert "is not JSON" in left(Host(document=document), ICC)


def test_setting_of_a_flag_is_left() -> None:
    """A setting that is on the command line too would keep the engine from starting."""
    why = left(Host(flags=("--icc=true",)), ICC)
    assert "--icc is on the engine's command line" in why
    assert "keeps the engine from starting" in why
    for_logs = Settings(put={"log-opts": {"max-file": "3"}}, only={"log-driver": (None, "json-file")})
    assert "--log-driver" in left(Host(flags=("--log-driver=syslog",)), for_logs)


def test_value_that_was_not_recorded_is_no_part_of_a_file() -> None:
    """A setting that is not judged is not kept: no file is written, but what is to be merged on the host."""
    made, outcome = change(Host(document='{"registry-mirrors": ["https://u:p@m"], "icc": true}'), ICC)
    assert made is not None
    assert (made.merged, len(outcome.mended)) == ("", 1)
    assert json.loads(made.settings) == {"put": {"icc": False}, "without": []}


def test_setting_that_is_there_is_not_the_cause() -> None:
    """What the file says already mends nothing, unless the engine has not read it yet."""
    assert "something else is the cause" in left(Host(document='{"icc": false}'), ICC)
    reason = "icc is true; restart pending: /etc/docker/daemon.json says false"
    made, _ = change(Host(document='{"icc": false}'), ICC, reason=reason)
    assert made is not None
    assert "no setting of" in left(Host(document="{}"), Settings(without=("debug",)))


def test_value_that_somebody_chose_is_left() -> None:
    """A profile in a file is not taken out, and log options are not given to another driver."""
    profile = Settings(without=("seccomp-profile",), only={"seccomp-profile": ("unconfined",)})
    assert "choice of the site" in left(Host(document='{"seccomp-profile": "/etc/p.json"}'), profile)
    logs = Settings(put={"log-opts": {"max-file": "3"}}, only={"log-driver": (None, "json-file")})
    assert "choice of the site" in left(Host(document='{"log-driver": "syslog"}'), logs)


@pytest.mark.parametrize("state", ["active", "locked", "pending"])
def test_node_of_a_swarm_gets_no_live_restore(state: str) -> None:
    """A swarm would not start with it."""
    host = Host(info={"Swarm": {"LocalNodeState": state}})
    assert "swarm" in left(host, Settings(put={"live-restore": True}, no_swarm=True))


def test_rootless_engine_is_left() -> None:
    """Its file is its user's, and systemctl is another one."""
    host = Host(info={"SecurityOptions": ["name=rootless"]})
    assert "rootless" in left(host, ICC)


def test_container_with_log_options_of_its_own_is_left() -> None:
    """The daemon's options hold for what is created after that."""
    remedy = Settings(put={"log-opts": {"max-file": "3"}})
    found = [(failure("c", kind="log", subject=each), remedy) for each in ("web", "(default of the daemon)")]
    _, outcome = daemon_json.change(found, Host().facts())
    assert [each.finding.subject for each in outcome.mended] == ["(default of the daemon)"]
    assert "create it again" in outcome.left[0].why


# ---- on the host


def on_the_host(tmp_path: Path, text: str, settings: dict[str, Any]) -> subprocess.CompletedProcess[str]:
    """Run merge.py as apply.sh does."""
    (tmp_path / "s.json").write_text(json.dumps(settings))
    (tmp_path / "old").write_text(text, encoding="utf-8")
    argv = [sys.executable, "-I", str(merge.__file__), str(tmp_path / "s.json"), str(tmp_path / "old")]
    return subprocess.run(argv, capture_output=True, text=True)


def test_merging_on_the_host(tmp_path: Path) -> None:
    """The same as here: a mark is passed over, an empty file is none, and order stays."""
    settings = {"put": {"icc": False, "log-opts": {"a": "1"}}, "without": ["debug"]}
    done = on_the_host(tmp_path, '\ufeff{"log-opts": {"b": "2"}, "debug": true, "dns": ["x"]}', settings)
    assert list(json.loads(done.stdout).items()) == [
        ("log-opts", {"b": "2", "a": "1"}),
        ("dns", ["x"]),
        ("icc", False),
    ]
    assert json.loads(on_the_host(tmp_path, " \n", settings).stdout) == {"icc": False, "log-opts": {"a": "1"}}


@pytest.mark.parametrize("text", ["[]", "{", '{"icc": true, "icc": true}', '{"a": 1} // no'])
def test_what_cannot_be_merged_on_the_host_is_refused(tmp_path: Path, text: str) -> None:
    """With a status that stops apply.sh."""
    done = on_the_host(tmp_path, text, {"put": {"icc": False}, "without": []})
    assert done.returncode != 0
    assert done.stdout == ""
