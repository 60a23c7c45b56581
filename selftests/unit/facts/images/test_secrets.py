"""The secrets of an image's steps and files."""

import pytest

from hullcheck.facts.images.secrets import as_words, masked_step, may_be_secret_file, names_key_file


@pytest.mark.parametrize(
    ("path", "sure", "perhaps"),
    [
        ("id_rsa", True, False),
        ("/root/.aws/credentials", True, False),
        ("/app/id_rsa.bak", True, False),
        ("/app/id_ed25519~", True, False),
        ("/root/_netrc", True, False),
        ("/root/.config/gcloud/application_default_credentials.json", True, False),
        ("/root/.gnupg/private-keys-v1.d/0A.key", True, False),
        ("service-account.json", False, True),
        ("server.key", False, True),
        ("/app/.env.prod", False, True),
        ("id_rsa.pub", False, False),
        ("/app/main.py", False, False),
    ],
)
def test_names_of_files(path: str, sure: bool, perhaps: bool) -> None:
    """Some names are those of secrets alone, some often."""
    assert (names_key_file(path), may_be_secret_file(path)) == (sure, perhaps)


def test_step_as_words() -> None:
    """A list is a line of words where it is a command; elsewhere it stays."""
    assert as_words('CMD ["app", "--token", "a b"]') == 'CMD app --token "a b"'
    assert as_words(r'CMD ["app\d", "b"]') == r"CMD app\d b"
    assert as_words('LABEL x=["a"]') == 'LABEL x=["a"]'


@pytest.mark.parametrize(
    ("step", "kept"),
    [
        ("ENV A=b c D=e", "ENV A=*** D=***"),
        ("ENV DEBUG=true", "ENV DEBUG=true"),
        ("LABEL text some words", "LABEL text"),
        ("|1 A=geheim /bin/sh -c touch /x", "|1 A=*** /bin/sh -c touch /x"),
        ("VOLUME [/data/s3cr3t1]", "VOLUME [/data/***]"),
    ],
)
def test_values_of_steps_are_never_kept(step: str, kept: str) -> None:
    """But switches, and the names of what is set."""
    assert masked_step(step) == kept
