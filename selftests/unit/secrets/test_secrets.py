"""What a secret looks like: planted ones are found and never stored, harmless lines of well-known images pass."""

from __future__ import annotations

import json
from base64 import b64encode
from pathlib import Path
from typing import Any

import pytest

from hullcheck import secrets
from hullcheck.facts.engine import daemon_options
from hullcheck.gather import arriving
from hullcheck.gather.transport import Connection
from hullcheck.inventory import Target
from hullcheck.policy import Policy
from hullcheck.recording.probe import Probe
from hullcheck.recording.script import MAGIC
from hullcheck.secrets import kinds_in_file
from hullcheck.secrets import values as secret_values
from hullcheck.secrets.known import without_known
from hullcheck.secrets.names import SiteNames, known_to_site, names_secret, names_secret_file
from selftests.kit.facts.images import BASE, facts, verdict
from selftests.kit.facts.swarms import judge_service
from selftests.unit.secrets.texts import LOGIN, PART, PEM, PLAIN, lines, settings, words

TOKEN = lines("tokens")[0]


def image_stores(*steps: str, **config: Any) -> tuple[str, str, str]:
    """Return verdict and reason of 4.10 on an image with these steps, and what is stored of it."""
    target = facts(BASE, *steps, config=config)
    return (*verdict("4.10", target), target.recording.answers["images"].stdout)


# ---- what is found, and does not stay


@pytest.mark.parametrize(("name", "value"), [*((each, PLAIN) for each in words("names")), *settings("settings")])
def test_planted_setting(name: str, value: str) -> None:
    """It is found, and no part of it stays in a text."""
    assert secrets.in_value(name, value)
    kept = secrets.masked(f"{name}='{value}'" if "'" not in value else value)
    assert not [each for each in (PLAIN, LOGIN.rstrip("="), PEM, PART, "ZomWQzuQbL") if each in kept]


@pytest.mark.parametrize("token", lines("tokens"))
def test_planted_token(token: str) -> None:
    """It is found wherever it stands, and does not stay."""
    assert secrets.in_value("SETTING", token)
    assert secrets.kinds(f"fetch -x {token} y")
    for hide in (secrets.masked, without_known):
        assert token not in hide(f"fetch -x {token} y")


@pytest.mark.parametrize("command", lines("commands"))
def test_planted_command(command: str) -> None:
    """A command that is given a secret is found, also as a list of words."""
    for text in (command, secrets.line_of(["sh", "-c", command])):
        assert secrets.kinds(text)
        assert PLAIN not in secrets.masked(text) + secrets.hidden(text)


@pytest.mark.parametrize("command", lines("hidden"))
def test_hinted_secret_does_not_stay(command: str) -> None:
    """A word like a password is hidden wherever it stands."""
    assert PLAIN not in secrets.masked(command)


@pytest.mark.parametrize("text", lines("files"))
def test_secret_in_a_file(text: str) -> None:
    """It is found, also among comments; a text of two bytes a letter needs a manual check."""
    assert kinds_in_file(f"# a comment\n{text}\n".encode())
    assert kinds_in_file(f"# a comment\n{text}\n".encode("utf-16")) is None


def test_everywhere_in_an_image_a_service_and_a_daemon() -> None:
    """Wherever a setting or a command stands, it fails, and its secret is not stored."""
    variable, command = f"DB_PASSWORD={PLAIN}", f"app --password={PLAIN}"
    made = [
        image_stores(Env=[variable]),
        image_stores(Labels={"password": PLAIN}),
        image_stores(f"LABEL x=y {variable}"),
        image_stores(f"RUN |2 X=y {variable} /bin/sh -c true # buildkit"),
        image_stores(f"/bin/sh -c #(nop)  CMD [{' '.join(map(json.dumps, command.split()))}]"),
        image_stores(Healthcheck={"Test": ["CMD-SHELL", command]}),
        judge_service(variable),
        judge_service(labels={"password": PLAIN}),
        judge_service(Args=["sh", "-c", command]),
    ]
    assert {found for found, _, _ in made} == {"fail"}
    assert not [kept for _, reason, kept in made if PLAIN in reason + kept]
    assert image_stores("ENV DB_PASSWORD= REDIS_PASSWORD_FILE=/run/secrets/x NAME=web")[0] == "pass"
    for text in (
        f"fluentd://x?token={PLAIN}",
        f"https://x/{TOKEN}",
        f"tcp://me:{PLAIN}@x:1",
        f"//me:{PLAIN}@x",
    ):
        document = daemon_options.stored_file(json.dumps({"log-opts": {"splunk-url": text}}))
        line = daemon_options.stored_command(["dockerd", f"--log-opt=splunk-url={text}"])
        assert not [each for each in (PLAIN, TOKEN) if each in f"{document} {line}"]
        assert "splunk-url" in str(document)
        assert secrets.HIDDEN in str(line)
    assert "blue" not in str(daemon_options.stored_file('{"log-opts": {"splunk-source": "blue"}}'))


def test_long_value_is_hidden_to_its_end() -> None:
    """How far a value is looked at ends no secret."""
    for text in (f"PASSWORD={'x' * 1000}{PLAIN} app", f"app --password '{'x' * 1000}{PLAIN}'"):
        assert PLAIN not in secrets.masked(text)
    assert secrets.masked(f"PASSWORD={'x.' * 500} app") == "PASSWORD=*** app"
    assert secrets.hidden(f"amqp://bob:{TOKEN}@mq") == "amqp://bob:***@mq"  # found twice, hidden once


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("https://Hunter2x:x-oauth-basic@git.example/x", "https://***:***@git.example/x"),
        ("https://Hunter2xHunter2xHunter2x:@git.example/x", "https://***:@git.example/x"),
        ("https://Hunter2xHunter2xHunter2x@git.example/x", "https://***@git.example/x"),
        ("https://bob:Hunter2x@git.example/x", "https://bob:***@git.example/x"),
        ("https://bob@git.example/x", "https://bob@git.example/x"),
        ("https://bob@x.example:Hunter2x(x)@git.example/x", "https://bob@x.example:***@git.example/x"),
    ],
)
def test_tokens_as_users_of_addresses(address: str, shown: str) -> None:
    """Some servers take a token for the user, with a password that says so, an empty one, or none."""
    for hide in (secrets.hidden, secrets.masked, without_known):
        assert hide(f"git clone {address}") == f"git clone {shown}"


# ---- what is none


@pytest.mark.parametrize("command", lines("shown"))
def test_what_is_judged_stays(command: str) -> None:
    """Words of a build step that are no secret are not hidden."""
    assert secrets.masked(command) == command


@pytest.mark.parametrize(("name", "value"), settings("harmless_settings"))
def test_harmless_setting(name: str, value: str) -> None:
    """What well-known images set is none, nor are references, placeholders, files, switches and numbers."""
    assert secrets.in_value(name, value) == []


@pytest.mark.parametrize("command", lines("harmless_commands"))
def test_harmless_command(command: str) -> None:
    """What well-known images run is none."""
    assert secrets.kinds(command) == []


@pytest.mark.parametrize("text", lines("harmless_files"))
def test_ordinary_file(text: str) -> None:
    """References to secrets, names of them and directives that sound like some are none."""
    assert kinds_in_file(f"\n{text}\n".encode("latin-1")) == []


@pytest.mark.parametrize("text", lines("doubtful_files"))
def test_left_to_a_person(text: str) -> None:
    """What a comment says, a word like a password beside the name of one, a random word as a whole, and no text."""
    assert kinds_in_file(f"{text}\n".encode()) is None
    assert kinds_in_file(b"\x1f\x8b\x08\x00packed") is None


def test_words_that_are_no_secret_key() -> None:
    """They say so of themselves, as for a build that needs none; a password of such a word is one."""
    for command in (
        "SECRET_KEY_BASE=dummy RAILS_ENV=production bin/rails",
        'JWT_SECRET="dummy-secret" npm ci',
    ):
        assert secrets.masked(command) == command
    assert secrets.in_value("APP_SECRET", "placeholder_key") == []
    assert secrets.in_value("SECRET_KEY", "dummy7") == ["a value given to SECRET_KEY"]
    assert secrets.in_value("DB_PASSWORD", "dummy") == ["a value given to DB_PASSWORD"]


@pytest.mark.parametrize(
    ("given", "line"),
    [
        (["a", "b c"], 'a "b c"'),
        (["a", ""], 'a ""'),
        (["A=b c"], 'A="b c"'),
        (["-p b=c"], '"-p b=c"'),
        (['say "b c"'], "'say \"b c\"'"),
    ],
)
def test_words_as_a_line(given: list[str], line: str) -> None:
    """A word with blanks has quotes that are not in it; where it gives a value to a name, the value has them."""
    assert secrets.line_of(given) == line


def test_logins_in_base64() -> None:
    """A user and a password of printable letters; a colon at the beginning has no user before it."""
    for value, expected in {"a:b": True, "ab:\x7f": False, ":b": False, "abcdefgh": False}.items():
        encoded = b64encode(f"{value:<9}".encode()).decode()
        assert secret_values.is_encoded_login(encoded) is expected
    assert not secret_values.is_encoded_login("Ym9iOkh1bn")  # cut off
    assert secrets.kinds(f'curl -H "Authorization: Basic {LOGIN}" x') == ["a password in a header"]


# ---- names, and what the site says of them


def test_names_of_secrets() -> None:
    """The last words tell that it is a secret; a part of another word, or what is told about one, is harmless."""
    assert [each for each in words("secret_names") if not names_secret(each)] == []
    assert [each for each in words("harmless_names") if names_secret(each)] == []
    files = "id_ed25519 /etc/ssl/site.key store.p12 db-password.v3 password.txt token.url /etc/X/id_rsa"
    assert [each for each in files.split() if not names_secret_file(each)] == []
    assert [each for each in ("site.crt", "/etc/keyboard", "id_rsa.pub") if names_secret_file(each)] == []


def test_site_knows_names_better() -> None:
    """A name that sounds harmless and one that sounds like a secret, each as the site says, in any case."""
    site = SiteNames(hide=("internal_*", "both_token"), keep=("feature_token", "both_token", "my_key"))
    variables = {"INTERNAL_NAME": "fra1", "FEATURE_TOKEN": PLAIN, "MY_KEY": TOKEN, "BOTH_TOKEN": PLAIN}
    found = {name: bool(secrets.in_value(name, value)) for name, value in variables.items()}
    assert list(found.values()) == [False, True, True, True]
    with known_to_site(site):
        found = {name: bool(secrets.in_value(name, value)) for name, value in variables.items()}
    assert list(found.values()) == [True, False, False, True]


def test_names_that_the_site_hides_are_hidden_in_commands() -> None:
    """Also where the value stands for nothing secret by its look; a reference to another variable is none."""
    command = "RUN /bin/sh -c curl --tenant-ref https://internal/ && TENANT_REF=/app/blue run; TENANT_REF=$OTHER run"
    assert image_stores(command)[0] == "pass"
    with known_to_site(SiteNames(hide=("tenant[-_]ref",))):
        found, reason, kept = image_stores(command)
    assert (found, "TENANT_REF" in reason, "$OTHER" in kept) == ("fail", True, True)
    assert not [each for each in ("blue", "internal") if each in kept + reason]


def test_policy_of_each_target_counts_for_it(tmp_path: Path) -> None:
    """What the policy says of names is known while a target's answer is redacted, and to no other target."""
    answer, nonce = tmp_path / "raw.txt", "0" * 32
    told = ("begin x\nTENANT", "status 0\n", "end x", "complete")
    answer.write_text("\n".join((f"{MAGIC} {nonce}", *(f"{nonce} {each}" for each in told), "")))
    probe = Probe("x", "true", lambda text: ", ".join(secrets.in_settings("label", [(text.strip(), "blue")])))
    named = Policy.from_mapping({"secret_names": {"hide": ["Tenant"]}}).secret_names
    targets = [Target("a", f"recorded://{answer}", secret_names=named), Target("b", f"recorded://{answer}")]
    found = {each.target: each for each in arriving(targets, (probe,), Connection())}
    said = {name: each.answers["x"].stdout for name, each in found.items()}
    assert said == {"a": "label TENANT: a value given to TENANT", "b": ""}
