"""What is no secret is kept."""

from __future__ import annotations

import pytest

from selftests.unit.secrets.harmless import (
    HARMLESS_COMMANDS,
    HARMLESS_SETTINGS,
    everywhere_as_command,
    everywhere_as_setting,
    image_stores,
)


@pytest.mark.parametrize(("name", "value"), HARMLESS_SETTINGS)
def test_harmless_setting(name: str, value: str) -> None:
    """What well-known images set passes, and so do references, placeholders, files, switches and numbers."""
    made = everywhere_as_setting(name, value)
    assert {where: found for where, found in made.items() if found[0] != "pass"} == {}


@pytest.mark.parametrize("command", HARMLESS_COMMANDS)
def test_harmless_command(command: str) -> None:
    """What well-known images run passes."""
    made = everywhere_as_command(command)
    assert {where: found for where, found in made.items() if found[0] != "pass"} == {}


def test_empty_value_before_another() -> None:
    """What follows an empty value in a history is the next name, and not its value."""
    assert image_stores("ENV DB_PASSWORD= REDIS_PASSWORD_FILE=/run/secrets/x NAME=web")[0] == "pass"


@pytest.mark.parametrize(
    "command",
    [
        "SECRET_KEY_BASE=dummy RAILS_ENV=production bin/rails assets:precompile",
        "DJANGO_SECRET_KEY=not-a-secret ./manage.py collectstatic --noinput",
        'JWT_SECRET="dummy-secret" npm run build',
    ],
)
def test_stand_in_for_a_key(command: str) -> None:
    """A build that needs no key is given a word that says so, and it is kept."""
    verdict, _, stored = image_stores(f"RUN /bin/sh -c {command} # buildkit")
    assert verdict == "pass"
    assert command in stored.replace('\\"', '"')
