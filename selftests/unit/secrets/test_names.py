"""Names of secrets, and what the site says of them."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest

from hullcheck import secrets
from hullcheck.gather import gather
from hullcheck.gather.transport import Connection
from hullcheck.inventory import Target
from hullcheck.policy import Policy
from hullcheck.recording.probe import Probe
from hullcheck.recording.script import MAGIC
from hullcheck.secrets.names import SiteNames, known_to_site, names_secret, names_secret_file
from selftests.unit.secrets.harmless import (
    PLAIN,
    TOKENS,
    everywhere_as_setting,
    image_stores,
)

# ---- what the site says of names


def test_site_knows_names_better() -> None:
    """A name that sounds harmless and one that sounds like a secret, each as the site says, in any case."""
    site = SiteNames(hide=("internal_*", "both_token"), keep=("feature_token", "both_token", "my_key"))
    variables = {"INTERNAL_NAME": "fra1", "FEATURE_TOKEN": PLAIN, "MY_KEY": TOKENS[0], "BOTH_TOKEN": PLAIN}
    heard = {name: everywhere_as_setting(name, value) for name, value in variables.items()}
    with known_to_site(site):
        told = {name: everywhere_as_setting(name, value) for name, value in variables.items()}
    for name, before, after in (
        ("INTERNAL_NAME", "pass", "fail"),
        ("FEATURE_TOKEN", "fail", "pass"),
        ("BOTH_TOKEN", "fail", "fail"),
    ):
        assert {each[0] for each in heard[name].values()} == {before}, name
        assert {each[0] for each in told[name].values()} == {after}, name
    assert told["MY_KEY"]["variable"][0] == "pass"
    assert heard["MY_KEY"]["variable"][0] == "fail"


def test_names_that_the_site_hides_are_hidden_in_commands() -> None:
    """Also where the value stands for nothing secret by its look; a reference to another variable is none."""
    command = "RUN /bin/sh -c curl --tenant-ref https://internal/ && TENANT_REF=/app/blue run; TENANT_REF=$OTHER run"
    assert image_stores(command)[0] == "pass"
    with known_to_site(SiteNames(hide=("tenant[-_]ref",))):
        found, reason, kept = image_stores(command)
    assert (found, "TENANT_REF" in reason) == ("fail", True)
    assert "blue" not in kept + reason
    assert "internal" not in kept + reason
    assert "$OTHER" in kept


def test_policy_of_each_target_counts_for_it(tmp_path: Path) -> None:
    """What the policy says of names is known while a target's answer is redacted, and to no other target."""
    answer = tmp_path / "raw.txt"
    nonce = "0" * 32
    lines = ("begin x\nTENANT", "status 0\n", "end x", "complete")
    lines = ("begin x\nTENANT", "status 0\n", "end x", "complete")
    answer.write_text("\n".join((f"{MAGIC} {nonce}", *(f"{nonce} {each}" for each in lines), "")))
    probe = Probe("x", "true", lambda text: ", ".join(secrets.in_settings("label", [(text.strip(), "blue")])))
    connect = f"recorded://{answer}"
    named = Policy.from_mapping({"secret_names": {"hide": ["Tenant"]}}).secret_names
    targets = [Target("a", connect, secret_names=named), Target("b", connect)]
    found = gather(targets, (probe,), Connection())
    said = {name: each.answers["x"].stdout for name, each in found.items()}
    assert said == {"a": "label TENANT: a value given to TENANT", "b": ""}


# ---- names


SECRET_NAMES = """
    PASSWORD db_password dbPassword DB_PASS PGPASSWORD2 API_KEY apiKey2 AWS_SECRET_ACCESS_KEY TOKEN GITHUB_TOKEN
    SECRET_KEY_BASE DJANGO_SECRET_KEY CLIENT_SECRET GOOGLE_CREDENTIALS JWT_SECRET TLS_KEY passphrase PASSWORD_1
    DOMINO_PASSWORD casinoPassword
"""


HARMLESS_NAMES = """
    DB_PASSWORD_FILE TOKEN_LIFETIME SECRET_NAME PASSWORD_MIN_LENGTH AWS_ACCESS_KEY_ID KEY KEYBOARD PRIMARY_KEY COMPASS
    EMAIL_ADDRESS PATH TOKENIZER PASSENGER ? MONKEY SORT_KEY BYPASS ServerTokens etcd-initial-cluster-token nopassword
"""


@pytest.mark.parametrize("name", SECRET_NAMES.split())
def test_names_of_secrets(name: str) -> None:
    """The last words tell that it is a secret."""
    assert names_secret(name)


@pytest.mark.parametrize("name", HARMLESS_NAMES.split())
def test_names_of_other_things(name: str) -> None:
    """A word that is a part of another, or tells something about a secret, is harmless."""
    assert not names_secret(name)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("id_ed25519", True),
        ("/etc/ssl/site.key", True),
        ("store.p12", True),
        ("db-password.v3", True),
        ("app_secret_v12", True),
        ("password.txt", True),
        ("/x.y/password.txt", True),
        ("token.url", True),
        ("api-key_v2", True),
        ("/run/TOKEN.1.txt", True),
        ("api_token_v2.txt.bak", True),
        ("/etc/X/id_rsa", True),
        ("site.crt", False),
        ("nginx.conf", False),
        ("/etc/keyboard", False),
        ("id_rsa.pub", False),
        ("", False),
    ],
)
def test_names_of_secret_files(path: str, expected: bool) -> None:
    """A private key, a store of keys, or the name of a secret."""
    assert names_secret_file(path) is expected


SECRETS_BY_NAME = {
    "PIN": "4711",
    "USER_PIN": "482913",
    "OTP_SEED": "JBSWY3DPEHPK3PXP",
    "WALLET_SEED_PHRASE": "legal winner thank year wave",
    "KUBECONFIG_DATA": "YXBpVmVyc2lvbjogdjEKa2luZDogQ29uZmlnCg",
    "SENTRY_DSN": "https://abc123@o1.ingest.sentry.io/1",
    "AUTH_HEADER": "Token 3f8a9b",
    "AUTHORIZATION": "Bearer abc",
    "WIFI_PSK": "corkscrew-seven",
    "LOGGED_IN_SALT": "x9$d!kk#",
    "VAULT_UNSEAL_KEY": "asdf",
    "TOTP_KEY": "JBSWY3DP",
    "RECOVERY_CODE": "abcd-efgh-1234",
    "ACCESS_CODE": "93847",
    "SNMP_COMMUNITY": "corkscrew",
}
HARMLESS_BY_NAME = {
    "PIN": "17",
    "PIN_COUNT": "4",
    "GPIO_PIN": "1234",
    "CERT_PIN": "12345678",
    "SEED": "42",
    "RANDOM_SEED": "1234567",
    "DB_SEED": "true",
    "PASSWORD_SALT": "10",
    "SALT_ROUNDS": "12",
    "KUBECONFIG": "/root/.kube/config",
    "KUBE_CONFIG": "in-cluster",
    "SENTRY_DSN": "https://public@sentry.example/1",
    "APP_DSN": "db:3306/app",
    "AUTH_TYPE": "basic",
    "AUTH_HEADER": "X-Forwarded-User",
    "AUTHORIZATION": "Bearer $TOKEN",
    "TOKEN_TTL": "3600",
    "SECRET_NAME": "/run/secrets/x",
    "ERROR_CODE": "93847",
    "DOOR_CODE": "open",
    "BACKUP_CODE": "gzip",
    "SNMP_COMMUNITY": "public",
    "OTP_SEED": "${SEED}",
}


@pytest.mark.parametrize(("name", "value"), SECRETS_BY_NAME.items())
def test_names_that_are_secret_beside_a_word_or_for_a_value(name: str, value: str) -> None:
    """Found wherever it is set, and kept nowhere."""
    for where, (found, _, kept) in everywhere_as_setting(
        name, f'"{value}"' if " " in value else value
    ).items():
        assert (found, value in kept) == ("fail", False), where


@pytest.mark.parametrize(("name", "value"), HARMLESS_BY_NAME.items())
def test_the_same_words_of_other_things(name: str, value: str) -> None:
    """A plug has pins too, and a database is seeded."""
    assert {each[0] for each in everywhere_as_setting(name, value).values()} == {"pass"}


def test_secret_in_base64() -> None:
    """What a text in base64 holds counts as if it stood there."""
    packed = base64.b64encode(f"user=admin password={PLAIN} host=db.example".encode()).decode()
    found, reason, kept = image_stores(f"ENV SETTINGS={packed}")
    assert (found, packed in kept) == ("fail", False)
    assert "in base64" in reason
    harmless = base64.b64encode(b"a text of several words that holds nothing of the kind").decode()
    assert image_stores(f"ENV SETTINGS={harmless}")[0] == "pass"
