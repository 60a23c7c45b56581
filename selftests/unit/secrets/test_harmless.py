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
