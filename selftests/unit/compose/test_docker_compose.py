"""How Compose files are read: docker compose merges them, and its answer is kept, refused and placed by line."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from hullcheck import compose
from hullcheck.compose import ComposeError
from hullcheck.facts import Facts
from hullcheck.facts.containers.compose import COMPOSE_FILE
from hullcheck.policy import Policy
from hullcheck.recording import Recording
from selftests.kit.judging import judged
from selftests.needs import need
from selftests.unit.compose.conftest import Read

FILES = {
    "base/common.yml": "services:\n  app:\n    image: app:1\n    privileged: true\n",
    "extra.yml": "services:\n  side:\n    image: side:2\n    cap_add: [SYS_ADMIN]\n",
    "compose.yml": """
include: [extra.yml]
services:
  web:
    extends: {file: base/common.yml, service: app}
    mem_limit: ${SIZE:-1g}
    volumes: [./data:/d, /srv:/s, .:/all]
  debug:
    image: debug:1
    profiles: [debug]
    network_mode: host
  open: {image: "x:${NOWHERE}"}
""",
    "compose.override.yml": "services:\n  web:\n    pid: host\n    ports:\n      - 80:80\n",
    ".env": "SIZE=2g\n",
}
CONFIGURATION: dict[str, Any] = {"services": {"web": {"image": "app:1"}}}
WARNING = 'level=warning msg="The \\"NOWHERE\\" variable is not set. Defaulting to a blank string."'


def kept(recording: Recording) -> dict[str, Any]:
    """What is kept of the files."""
    document: dict[str, Any] = json.loads(recording.text(COMPOSE_FILE))
    return document


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with these files."""
    monkeypatch.chdir(tmp_path)
    for each in ("NOWHERE", "SIZE"):
        monkeypatch.delenv(each, raising=False)
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


@pytest.fixture
def stand_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A docker command that answers as Docker Compose does, and writes down what it was asked."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "compose.yml").write_text("services:\n  web:\n    image: app:$NOWHERE\n    mem_limit: x\n")
    (tmp_path / "answer").write_text(json.dumps(CONFIGURATION))
    (tmp_path / "said").write_text("")
    (tmp_path / "bin").mkdir()
    script = (
        '#!/bin/sh\ncd "${0%/*}/.." || exit\necho "$*" >>asked\nenv >environment\n'
        'case "$*" in *--short) echo 2.26.1-4; exit ;; esac\n'
        "cat said >&2\ncat answer\nexit $(cat status)\n"
    )
    (tmp_path / "bin/docker").write_text(script)
    (tmp_path / "bin/docker").chmod(0o755)
    (tmp_path / "status").write_text("0")
    monkeypatch.setenv("PATH", f"{tmp_path}/bin:{os.environ['PATH']}")
    return tmp_path


def test_docker_compose_itself(files: Path) -> None:
    """What these files ask for is judged as merged, with the line of each key."""
    need("docker-compose")
    facts = Facts(compose.recorded("shop", "compose.yml"), Policy())
    open_image = (
        "its image depends on NOWHERE, which has no value here: set it as at the start, and write ?env=NOWHERE"
        " behind the file (compose.yml:12)"
    )
    for key, service, verdict, reason in (
        ("5.5", "web", "fail", "runs with --privileged (base/common.yml:4)"),
        ("5.16", "web", "fail", "shares the process namespace of the host (compose.override.yml:3)"),
        ("5.8", "web", "fail", "opens *:80/tcp (published for 80) (compose.override.yml:5)"),
        ("5.10", "debug", "fail", "shares the network namespace of the host (compose.yml:11)"),
        ("container_adds_approved_capabilities_alone", "side", "fail", "adds SYS_ADMIN (extra.yml:4)"),
        ("5.28", "open", "error", open_image),
    ):
        assert judged(key, facts)[service] == (verdict, reason)
    web = dict(facts.container)["web"]
    assert web.host_config.memory == 2 << 30
    assert [each.paths for each in web.mounts.configured] == [{"./data"}, {"/srv"}, {"./"}]


def test_variables(read: Read, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file gets `.env`, HOME and the named variables; of any other it gets nothing."""
    monkeypatch.setenv("MINE", "value-4717")
    monkeypatch.setenv("NAMED", "true")
    text = (
        "services:\n  web:\n    image: web:${TAG}$$\n    volumes: ['/srv/${MINE}:/x']\n"
        "    environment: [MINE]\n    privileged: ${NAMED}\n"
    )
    facts = read(text, query="?env=NAMED", _dot_env="TAG=7\n")
    assert "value-4717" not in json.dumps(kept(facts.recording))
    assert kept(facts.recording)["services"]["web"]["Inspect"]["Config"]["Image"] == "web:7$"
    assert judged("5.5", facts)["web"][0] == "fail"
    verdict, reason = judged("5.6", facts)["web"]
    assert (verdict, "depends on MINE, which has no value here" in reason) == ("error", True)
    assert judged("5.6", read(text, query="?env=NAMED&env=MINE", _dot_env="TAG=7\n"))["web"][0] == "pass"


# ---- with a command that answers as docker compose does


def test_what_docker_compose_is_asked(stand_in: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is asked once, for all profiles, and may fetch nothing."""
    monkeypatch.setenv("MINE", "value-4717")
    monkeypatch.setenv("NAMED", "value-4718")
    recording = compose.recorded("shop", "compose.yml?env=NAMED")
    asked = (stand_in / "asked").read_text().splitlines()
    named = f"compose --file {stand_in}/compose.yml --profile * config --format json"
    assert asked[-1] == named
    environment = (stand_in / "environment").read_text().splitlines()
    of_shell = [each for each in environment if each.startswith(("PWD=", "OLDPWD=", "SHLVL=", "_="))]
    wanted = {"COMPOSE_EXPERIMENTAL_GIT_REMOTE=false", "COMPOSE_EXPERIMENTAL_OCI_REMOTE=false"}
    assert {*environment} - {*of_shell} == {*wanted, f"HOME={os.environ['HOME']}", "NAMED=value-4718"}
    assert kept(recording)["reader"] == "docker compose 2.26.1-4"
    with pytest.raises(ComposeError, match="behind the `\\?` write variables for the file: env=NAME&env=NAME"):
        compose.recorded("shop", "compose.yml?env=A-B")
    (stand_in / "said").write_text(WARNING)
    recording = compose.recorded("shop", "compose.yml")
    assert (stand_in / "asked").read_text().splitlines()[-1] == named
    assert kept(recording)["services"]["web"]["Unset"] == {"image": ["NOWHERE"]}


@pytest.mark.parametrize(
    ("said", "wanted"),
    [
        ("services.web.mem_limit must be a string", "compose.yml:4: services.web.mem_limit must be a string"),
        ("no such thing", "compose.yml: no such thing"),
        (
            "validating /etc/shadow: (root) Additional property ann:*:19000:0 is not allowed",
            "compose.yml: validating /etc/shadow: (root) Additional property (of another file) is not allowed",
        ),
        (
            'line 1: unexpected character "{" in variable name "{\\"auth\\": \\"abc\\"}"',
            "compose.yml: line 1: unexpected character (of another file) in variable name (of another file)",
        ),
        ('service "web" has neither', 'compose.yml:2: service "web" has neither'),
    ],
)
def test_what_docker_compose_refuses(stand_in: Path, said: str, wanted: str) -> None:
    """Its own words stand behind the line of what they name."""
    (stand_in / "status").write_text("15")
    (stand_in / "said").write_text(f"{WARNING}\n{said}\n\n{WARNING}\n")
    with pytest.raises(ComposeError) as raised:
        compose.recorded("shop", "compose.yml")
    assert str(raised.value).startswith(wanted)


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ("[]", "config` printed no configuration"),
        ('{"services": {"web": 5}}', "compose.yml:2: the answer of docker compose is not understood"),
        ('{"services": {}}', "compose.yml:2: docker compose left out the service web"),
    ],
)
def test_answer_that_cannot_be_used(stand_in: Path, answer: str, said: str) -> None:
    """An answer that is not understood, or leaves a service out, is refused."""
    (stand_in / "answer").write_text(answer)
    with pytest.raises(ComposeError) as raised:
        compose.recorded("shop", "compose.yml")
    assert said in str(raised.value)


def test_version_1_is_no_docker_compose(stand_in: Path) -> None:
    """Without version 2 or later, one line says so."""
    text = (stand_in / "bin/docker").read_text().replace("2.26.1-4", "1.29.2")
    for name in ("docker", "docker-compose"):
        (stand_in / "bin" / name).write_text(text)
        (stand_in / "bin" / name).chmod(0o755)
    with pytest.raises(
        ComposeError,
        match=r"^Compose files need docker compose 2 or later on this machine: install docker-compose-plugin",
    ):
        compose.recorded("shop", "compose.yml")


def test_names_of_files(tmp_path: Path) -> None:
    """A folder, a file with its override, several files with a plus sign, and one alone."""
    for name in ("compose.yml", "compose.override.yml", "prod.yml"):
        (tmp_path / name).write_text("services: {}")
    base, override, prod = (tmp_path / each for each in ("compose.yml", "compose.override.yml", "prod.yml"))
    odd = tmp_path / "a+b, ü?.yml"
    odd.write_text("services: {}")
    assert compose.files_of(str(tmp_path)) == ([base, override], "")
    assert compose.files_of(str(base)) == ([base, override], "")
    assert compose.files_of(f"{base}+{prod}?env=TAG") == ([base, prod], "env=TAG")
    assert compose.files_of(f"{base}+") == ([base], "")
    assert compose.files_of(str(prod)) == ([prod], "")
    assert compose.files_of(str(odd)) == ([odd], "")
    with pytest.raises(ComposeError, match="there is no such file"):
        compose.files_of(str(tmp_path / "none.yml"))
    (tmp_path / "empty").mkdir()
    with pytest.raises(ComposeError, match="no Compose file is in this folder"):
        compose.files_of(str(tmp_path / "empty"))


# ---- secrets

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


def test_secret_that_comes_at_the_start(read: Read, monkeypatch: pytest.MonkeyPatch) -> None:
    """A password in the environment that gets its value later is one; an empty value is none."""
    for each in ("SITE_PASSWORD", "DB_PASSWORD"):
        monkeypatch.delenv(each, raising=False)
    values = {"later": ": '${SITE_PASSWORD}'", "given": "", "empty": ": ''"}
    services = (f"{key}: {{image: a, environment: {{DB_PASSWORD{each}}}}}" for key, each in values.items())
    found = judged("container_environment_holds_no_secret", read(f"services: {{{', '.join(services)}}}"))
    assert {key: verdict for key, (verdict, _) in found.items()} == {
        "later": "fail",
        "given": "fail",
        "empty": "not applicable",
    }
