"""The files of a plan: no name of a host steers a shell, Ansible, Markdown or a reader."""

from __future__ import annotations

import grp
import json
import os
import pwd
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from hullcheck.remedies import merge, script
from hullcheck.remedies.changes import Change, DaemonSettings, FileRights, Rights, Rule
from hullcheck.remedies.plan import Plan
from hullcheck.remedies.words import code, comment, is_plain_path, prose, quoted
from selftests.unit.remedies.test_changes import failure

PATH = f"{Path(sys.executable).parent}:{os.environ.get('PATH', '')}"
HOSTILE = ["$(id)", "`id`", "a b", "a'b", 'a"b', "-rf", "a;id", "~root", "*", "ä", "{{ x }}", "a\\nb"]
NO_NAMES = ["all", "ungrouped", "a b", "x' ~ lookup('pipe', 'id') ~ '", "*", "a:b", "-x"]


def plan(*changes: Change, target: str = "web1") -> Plan:
    """A plan with these changes."""
    return Plan(target, "20261127T171216Z-56e9", tuple((failure(""), each) for each in changes), (), ())


@pytest.mark.parametrize("word", HOSTILE)
def test_word_of_a_shell(word: str) -> None:
    """A shell takes it for one word, as it is."""
    assert shlex.split(f"x {quoted(word)}") == ["x", word]


@pytest.mark.parametrize("word", ["a\nb", "a\0b", "\x1b[2J", "a\u202eb", "a\rb", "a\u2028b"])
def test_word_that_no_line_holds(word: str) -> None:
    """What would end the line or hide is refused."""
    with pytest.raises(ValueError, match="cannot stand in a script"):
        script.changes(plan(FileRights(Rights(f"/{word}", mode="o-w"), frozenset())))
    assert not is_plain_path(f"/{word}")
    assert "\n" not in comment(word)
    assert "\x1b" not in code(word) + prose(word)


def test_words_on_a_page() -> None:
    """No name becomes markup of Markdown or HTML, nor ends its code."""
    assert code("a`b") == "``a`b``"
    assert code("`a") == "`` `a ``"
    assert code("a\n# b") == "`a # b`"
    assert prose("<b>[x](y)*_`\n# z") == r"\<b\>\[x\]\(y\)\*\_\` \# z"


def test_rules_of_run_come_last() -> None:
    """What is not there when the host starts keeps no other rule from being loaded; auditing is switched on first."""
    rules = (Rule("-F path=/run/a", True), Rule("-F path=/b", False), Rule("-F path=/b", False))
    assert script.rules_file(rules) == "-e 1\n-F path=/b\n-c\n-F path=/run/a\n"


# ---- the playbook


def test_all_files_for_the_shell_are_copied() -> None:
    """Those that the plan needs, and no path of the host stands in the playbook."""
    made = plan(Rule("-w /a", False), FileRights(Rights("/etc/{{ x }}", mode="o-w"), frozenset()))
    (play,) = yaml.safe_load(script.playbook(made))
    assert play["tasks"][1]["loop"] == list(script.files(made)) == ["apply.sh", "changes.sh", "docker.rules"]
    assert "/etc/{{" not in script.playbook(made)


@pytest.mark.parametrize("name", ["web1.example.com", *NO_NAMES])
def test_hosts_of_the_play(name: str) -> None:
    """The target by its name; where that is a pattern or no name, whoever runs it has to say which host."""
    (play,) = yaml.safe_load(script.playbook(plan(target=name)))
    assert play["hosts"] == ("{{ host }}" if name in NO_NAMES else f"{{{{ host | default('{name}') }}}}")


def test_name_of_the_target_ends_no_comment() -> None:
    """A line of a comment stays one."""
    made = plan(target="a\nreboot")
    assert "\nreboot" not in script.playbook(made) + script.changes(made)


@pytest.mark.needs("ansible-playbook")
def test_ansible_runs_what_it_is_told(tmp_path: Path) -> None:
    """With a real Ansible: `check` where nothing is said, and what is said otherwise."""
    text = script.playbook(plan()).replace("/var/lib/hullcheck", str(tmp_path / "there"))
    text = text.replace("become: true", "connection: local")
    user, group = pwd.getpwuid(os.getuid()).pw_name, grp.getgrgid(os.getgid()).gr_name
    text = text.replace("owner: root", f"owner: {user}").replace("group: root", f"group: {group}")
    (tmp_path / "play.yml").write_text(text)
    (tmp_path / "apply.sh").write_text("echo asked to $1\n")
    (tmp_path / "changes.sh").write_text("")
    environment = {"PATH": PATH, "HOME": str(tmp_path), "LC_ALL": "C.UTF-8"}
    for words, said in (((), "asked to check"), (("-e", "todo=back"), "asked to back")):
        argv = ["ansible-playbook", "-i", "web1,", "play.yml", *words]
        done = subprocess.run(
            argv, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120
        )
        assert (done.returncode, said in done.stdout) == (0, True), done.stdout + done.stderr


# ---- merging on the host


def test_settings_to_merge() -> None:
    """All are in one file, and what is taken out stands in the line of changes.sh."""
    off, icc = (
        DaemonSettings("/d.json", "", {}, ("debug",)),
        DaemonSettings("/d.json", "", {"icc": False}, ()),
    )
    made = plan(off, icc)
    assert json.loads(script.files(made)["daemon-settings.json"]) == {"icc": False}
    assert "\nmerge daemon-settings.json /d.json debug\n" in script.changes(made)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            '\ufeff{"log-opts": {"b": "2"}, "debug": true, "dns": ["x"]}',
            {"log-opts": {"b": "2", "a": "1"}, "dns": ["x"], "icc": False},
        ),
        (" \n", {"icc": False, "log-opts": {"a": "1"}}),
        *((each, None) for each in ("[]", "{", '{"icc": true, "icc": true}', '{"a": 1} // no')),
    ],
)
def test_merging(tmp_path: Path, text: str, expected: dict[str, Any] | None) -> None:
    """Other settings and their order stay, objects are joined; what the engine does not read is refused."""
    (tmp_path / "s.json").write_text('{"icc": false, "log-opts": {"a": "1"}}')
    (tmp_path / "old").write_text(text, encoding="utf-8")
    argv = [
        sys.executable,
        "-I",
        str(merge.__file__),
        str(tmp_path / "s.json"),
        str(tmp_path / "old"),
        "debug",
    ]
    done = subprocess.run(argv, capture_output=True, text=True)
    if expected is None:
        assert (done.returncode != 0, done.stdout) == (True, "")
    else:
        assert [*json.loads(done.stdout).items()] == [*expected.items()]
