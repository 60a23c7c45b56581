"""Names of secrets, and what the site says of them."""

from __future__ import annotations

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
from selftests.unit.secrets.harmless import PLAIN, TOKENS
from selftests.unit.secrets.test_secrets import image_stores

# ---- what the site says of names


def test_site_knows_names_better() -> None:
    """A name that sounds harmless and one that sounds like a secret, each as the site says, in any case."""
    site = SiteNames(hide=("internal_*", "both_token"), keep=("feature_token", "both_token", "my_key"))
    variables = {"INTERNAL_NAME": "fra1", "FEATURE_TOKEN": PLAIN, "MY_KEY": TOKENS[0], "BOTH_TOKEN": PLAIN}
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
    assert (found, "TENANT_REF" in reason) == ("fail", True)
    assert "blue" not in kept + reason
    assert "internal" not in kept + reason
    assert "$OTHER" in kept


def test_policy_of_each_target_counts_for_it(tmp_path: Path) -> None:
    """What the policy says of names is known while a target's answer is redacted, and to no other target."""
    answer = tmp_path / "raw.txt"
    nonce = "0" * 32
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
        ("password.txt", True),
        ("token.url", True),
        ("/etc/X/id_rsa", True),
        ("site.crt", False),
        ("/etc/keyboard", False),
        ("id_rsa.pub", False),
    ],
)
def test_names_of_secret_files(path: str, expected: bool) -> None:
    """A private key, a store of keys, or the name of a secret."""
    assert names_secret_file(path) is expected
