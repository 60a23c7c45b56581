"""How Compose files are read where docker compose is not installed: understood or refused, with file and line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hullcheck import compose
from hullcheck.compose import ComposeError, variables
from hullcheck.facts.compose.document import COMPOSE_FILE
from selftests.kit.judging import judged
from selftests.unit.compose.conftest import Read, kept

ANCHORS = """
x-base: &base
  privileged: true
  cap_drop: [ALL]
x-more: &more {restart: always}
services:
  web:
    <<: [*base, *more]
    restart: "no"
  db: &db
    mem_limit: 1g
  copy:
    <<: *db
    pids_limit: 5
  same: *db
"""


def test_anchors_and_merge_keys(read: Read) -> None:
    """A merge key brings what it names, the first of several counts, own keys win; lines are the anchor's."""
    facts = read(ANCHORS)
    assert judged("5.5", facts)["web"] == ("fail", "runs with --privileged (compose.yml:3)")
    assert judged("5.15", facts)["web"][0] == "pass"
    assert judged("container_drops_all_capabilities", facts)["copy"][0] == "fail"
    limits = {name: each.configuration.memory for name, each in facts.container}
    assert limits == {"copy": 1 << 30, "db": 1 << 30, "same": 1 << 30, "web": 0}
    assert judged("5.11", facts)["copy"][1].endswith("(compose.yml:11)")


def test_values_of_variables(read: Read, monkeypatch: pytest.MonkeyPatch) -> None:
    """A variable that is named comes before `.env`, that before a default; `$$` is a dollar sign."""
    monkeypatch.setenv("HERE", "true")
    monkeypatch.delenv("NOWHERE", raising=False)
    text = """
services:
  one: {privileged: $HERE}
  two: {privileged: "${SET}"}
  three: {privileged: "${NOWHERE:-true}"}
  four: {privileged: "${NOWHERE-${SET}}"}
  five: {privileged: "${HERE:+false}"}
  six: {image: "a:1$$2"}
"""
    facts = read(
        text, query="?env=HERE&env=NOWHERE", _dot_env="# a comment\nHERE=false\nexport SET='true' # yes\n"
    )
    found = judged("5.5", facts)
    assert {name for name, (verdict, _) in found.items() if verdict == "fail"} == {
        "one",
        "two",
        "three",
        "four",
    }
    assert kept(facts.recording)["services"]["six"]["Reference"] == "a:1$2"


def test_variable_without_a_value(read: Read, monkeypatch: pytest.MonkeyPatch) -> None:
    """What depends on it is an error that says so; all else is judged."""
    monkeypatch.delenv("NOWHERE", raising=False)
    facts = read("services:\n  web:\n    privileged: ${NOWHERE}\n    read_only: true\n")
    assert judged("5.13", facts)["web"][0] == "pass"
    assert judged("5.5", facts)["web"] == (
        "error",
        "its privileged depends on NOWHERE, which has no value here: set it as at the start, and write ?env=NOWHERE"
        " behind the file (compose.yml:3)",
    )


STRANGE = """services:
  web:
    image: web:${HOME}
    volumes: ["/srv/${MINE}:/x"]
    environment: [MINE]
    privileged: ${NAMED}
"""


def test_environment_that_nobody_named(read: Read, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file gets no value of the environment but that of HOME and of what is named with it."""
    monkeypatch.setenv("MINE", "value-4717")
    monkeypatch.setenv("NAMED", "true")
    monkeypatch.setenv("HOME", "home-4711")
    facts = read(STRANGE, query="?env=NAMED")
    assert "value-4717" not in json.dumps(kept(facts.recording))
    assert kept(facts.recording)["services"]["web"]["Reference"] == "web:home-4711"
    assert judged("5.5", facts)["web"] == ("fail", "runs with --privileged (compose.yml:6)")
    verdict, reason = judged("5.6", facts)["web"]
    assert (verdict, "depends on MINE, which has no value here" in reason) == ("error", True)


@pytest.mark.parametrize("query", ["?env=", "?env=A-B", "?environment=A", "?A"])
def test_variables_that_are_not_named_well(read: Read, query: str) -> None:
    """What stands behind the file is understood, or refused."""
    with pytest.raises(
        ComposeError, match="behind the `\\?` write variables for the file: env=NAME&env=NAME"
    ):
        read("services: {}", query=query)


REFUSED = {
    "services:\n  web:\n    extends: {service: db}\n": "compose.yml:3: services.web.extends: is not followed here",
    "include: [other.yml]\nservices: {}\n": "compose.yml:1: include: is not followed here",
    "services:\n  web:\n    priviledged: true\n": "compose.yml:3: services.web.priviledged: unknown key; did you mean",
    "services:\n  web:\n    privileged: maybe\n": "compose.yml:3: services.web.privileged: 'maybe' is neither",
    "services:\n  web:\n    privileged: !reset null\n": "compose.yml:3: a tag is not followed here",
    "services:\n  web:\n    mem_limit: lots\n": "compose.yml:3: services.web.mem_limit: 'lots' is no size",
    "services:\n  web:\n    ports:\n      - 80:x\n": "compose.yml:3: services.web.ports: '80:x' is no port",
    "services:\n  web:\n    volumes:\n      - a:b:c:d\n": "compose.yml:3: services.web.volumes: 'a:b:c:d' is no mount",
    "services:\n  web:\n    restart: sometimes\n": "compose.yml:3: services.web.restart: 'sometimes' is no restart",
    "services:\n  web:\n    image: ${A\n": "compose.yml:3: services.web.image: '${' without its '}'",
    "services:\n  web:\n    image: ${A:?say it}\n": "compose.yml:3: services.web.image: the variable A is required",
    "services:\n  web:\n    image: a\n    image: b\n": "compose.yml:4: the key 'image' is there twice",
    "services:\n  web: [a]\n": "compose.yml:2: services.web: is no mapping",
    "services:\n  web: &a\n    labels: *a\n": "compose.yml:2: nested too deep",
    "services:\n  web:\n   image: a\n  db: ]\n": "compose.yml:4: not YAML",
    "name: x\nservices: [a]\n": "compose.yml:1: this is no Compose file",
    "- a\n": "compose.yml:1: this is no Compose file",
    "": "compose.yml:1: this is no Compose file",
    "services:\n  web:\n    env_file: none.env\n": "compose.yml:3: services.web.env_file: ",
}


@pytest.mark.parametrize("text", REFUSED)
def test_refused(read: Read, text: str) -> None:
    """What is not understood is refused with its line, and not guessed."""
    with pytest.raises(ComposeError) as raised:
        read(text)
    assert str(raised.value).startswith(REFUSED[text])


def test_bomb_of_aliases(read: Read) -> None:
    """A file that grows without end by its aliases is refused in time."""
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 10)]
    with pytest.raises(ComposeError, match="repeats itself without end"):
        read("\n".join((*lines, "services: {}")))


@pytest.mark.parametrize("line", ["NAME", "A='b", 'A="b\\n"', "A=$B", "=x"])
def test_lines_of_env_that_are_refused(read: Read, line: str) -> None:
    """A line of `.env` that needs a shell, or is none, is refused with its number."""
    with pytest.raises(ComposeError, match=r"^\.env:2: "):
        read("services: {}", _dot_env=f"\n{line}\n")


def test_override_needs_docker_compose(read: Read) -> None:
    """An override that Compose would take is not left out: without the command the file is refused."""
    with pytest.raises(
        ComposeError, match=r"^compose\.override\.yml:1: is laid over compose\.yml, which only"
    ):
        read("services: {}", **{"compose.override.yml": "services: {}"})


def test_names_of_files(tmp_path: Path) -> None:
    """A folder, a file with its override, several files with a plus sign, and one alone."""
    for name in ("compose.yml", "compose.override.yml", "prod.yml"):
        (tmp_path / name).write_text("services: {}")
    base, override, prod = (tmp_path / each for each in ("compose.yml", "compose.override.yml", "prod.yml"))
    assert compose.files_of(str(tmp_path)) == [base, override]
    assert compose.files_of(str(base)) == [base, override]
    assert compose.files_of(f"{base}+{prod}") == [base, prod]
    assert compose.files_of(f"{base}+") == [base]
    assert compose.files_of(str(prod)) == [prod]
    with pytest.raises(ComposeError, match="there is no such file"):
        compose.files_of(str(tmp_path / "none.yml"))
    (tmp_path / "empty").mkdir()
    with pytest.raises(ComposeError, match="no Compose file is in this folder"):
        compose.files_of(str(tmp_path / "empty"))


SECRETS = """
services:
  web:
    image: web:1
    environment:
      API_TOKEN: tok-1d8f7a6b5c
      PLAIN: nothing-of-note-4711
    labels: {owner: label-value-4712}
    command: [serve, --password=cmd-s3cret-4713]
    env_file: [web.env]
    logging: {driver: splunk, options: {splunk-token: log-token-4714}}
    healthcheck: {test: curl -u me:health-s3cret-4715 http://localhost}
    volumes: ["nfs:/n"]
volumes:
  nfs: {driver_opts: {type: cifs, o: "username=me,password=vol-4716", device: //host/share}}
"""


def test_no_secret_is_kept(read: Read) -> None:
    """No value of a variable, label, command, option or check gets into the recording; that one is a secret does."""
    facts = read(SECRETS, **{"web.env": "DB_PASSWORD=file-s3cret-4717\n"})
    assert set(facts.recording.answers) == {COMPOSE_FILE.name}
    text = facts.recording.text(COMPOSE_FILE)
    for secret in ("tok-1d8f", "4711", "4712", "4713", "4714", "4715", "4716", "4717"):
        assert secret not in text
    verdict, reason = judged("container_environment_holds_no_secret", facts)["web"]
    assert verdict == "fail"
    assert "variable API_TOKEN" in reason
    assert "variable DB_PASSWORD" in reason


@pytest.mark.parametrize("value", ["${SITE_PASSWORD}", "", "${SITE_PASSWORD:-}"])
def test_secret_that_comes_at_the_start(read: Read, monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    """A password in the environment that gets its value later is one; an empty value is none."""
    monkeypatch.delenv("SITE_PASSWORD", raising=False)
    text = f"services: {{web: {{environment: {{DB_PASSWORD: '{value}'}}}}}}"
    verdict, _ = judged("container_environment_holds_no_secret", read(text))["web"]
    assert verdict == ("fail" if value == "${SITE_PASSWORD}" else "not applicable")


def test_secret_that_is_passed_on(read: Read, monkeypatch: pytest.MonkeyPatch) -> None:
    """A variable without a value has that of the environment, also where that is not known yet."""
    monkeypatch.delenv("DB_PASSWORD", raising=False)
    text = "services: {web: {environment: [DB_PASSWORD]}}"
    assert judged("container_environment_holds_no_secret", read(text))["web"][0] == "fail"


def test_hostile_names(read: Read) -> None:
    """What somebody wrote into a file does not steer a terminal."""
    facts = read('services: {"a\\eb": {cap_add: ["\\e[31mSYS_ADMIN"]}}')
    found = judged("container_adds_approved_capabilities_alone", facts)
    assert "\x1b" not in repr([*found]) + "".join(reason for _, reason in found.values())


def test_dollars_that_begin_no_variable() -> None:
    """docker compose leaves them as they are."""
    for text in ("a $ b", "$1", "$-", "$", "$(id -g)", "$."):
        assert variables.substituted(text, {}) == (text, frozenset())
    assert variables.substituted("$$$A$", {"A": "a"}) == ("$a$", frozenset())


def test_nesting_of_variables_ends() -> None:
    """Defaults within defaults are followed, but not without end."""
    assert variables.substituted("${A:-${B:-c}}", {}) == ("c", frozenset())
    with pytest.raises(ValueError, match="without end"):
        variables.substituted("${A:-" * 50 + "}" * 50, {})
