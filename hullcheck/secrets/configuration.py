"""The secrets in the configuration of an image or container."""

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from hullcheck import secrets


class Secret(Struct, frozen=True, rename="pascal"):
    """What looks like a secret, without it: in a command, or in the variable or label of this name."""

    place: str
    kind: str
    name: str = ""


def secrets_in(config: Mapping[str, Any]) -> list[Secret]:
    """Return the secrets of an image's configuration, with where each is."""
    variables = (("variable", *str(each).partition("=")[::2]) for each in config.get("Env") or ())
    labels = (("label", str(name), str(value)) for name, value in (config.get("Labels") or {}).items())
    commands = {
        "command": config.get("Cmd"),
        "entry point": config.get("Entrypoint"),
        "health check": (config.get("Healthcheck") or {}).get("Test"),
        "instruction for later builds": config.get("OnBuild"),
    }
    lines = {place: secrets.line_of(map(str, words or ())) for place, words in commands.items()}
    return [
        *(
            Secret(place, kind, name)
            for place, name, value in (*variables, *labels)
            for kind in secrets.in_value(name, value)
        ),
        *(Secret(place, kind) for place, line in lines.items() for kind in secrets.kinds(line)),
    ]


def shown(secret: Secret) -> str:
    """Return where a secret is, and what it is: `variable DB: a password in an address`."""
    return f"{secret.place} {secret.name}".strip() + f": {secret.kind}"


def in_configuration(config: Mapping[str, Any]) -> list[str]:
    """Return the secrets of an image's configuration in words."""
    return list(map(shown, secrets_in(config)))
