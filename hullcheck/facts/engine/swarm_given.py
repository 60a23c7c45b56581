"""What services of a swarm are given to know, by settings that others can read."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from hullcheck.secrets.names import names_secret_file


@dataclass(frozen=True)
class SwarmService:
    """What one service is given to know.

    Attributes:
        variables: how many variables its environment has.
        exposed: the secrets in its environment, labels, commands and options: where each is, and of which kind.
        secrets: the names of the secrets that it can read.
        configs: the names of its configs, and of the files that hold them.
        searched: what secrets its configs hold in their texts, by their names; None for one that was not searched.
        image: the reference from which its tasks are created; empty where it names none.
    """

    name: str
    variables: int
    exposed: tuple[str, ...]
    secrets: tuple[str, ...]
    configs: tuple[tuple[str, str], ...]
    image: str = ""
    searched: Mapping[str, tuple[str, ...] | None] = field(default_factory=dict)

    @property
    def exposed_configs(self) -> tuple[str, ...]:
        """The configs whose names are those of secrets, and those with one in their text."""
        in_text = {name: f"{name} ({', '.join(kinds)})" for name, kinds in self.searched.items() if kinds}
        named = (each[0] for each in self.configs if any(map(names_secret_file, each)))
        return (*in_text.values(), *(name for name in named if name not in in_text))

    @property
    def unsearched_configs(self) -> tuple[str, ...]:
        """The configs of which the text was not searched."""
        return tuple(name for name, _ in self.configs if self.searched.get(name) is None)


def of_document(document: Mapping[str, Any], in_configs: Mapping[str, Any]) -> SwarmService:
    """Return the service that the engine describes.

    Args:
        in_configs: the secrets in each config, by its id.
    """
    secrets = tuple(each["SecretName"] for each in document.get("Secrets") or ())
    configs = document.get("Configs") or ()
    files = tuple((each["ConfigName"], str((each.get("File") or {}).get("Name", ""))) for each in configs)
    told = {each["ConfigName"]: in_configs.get(each.get("ConfigID")) for each in configs}
    searched = {name: None if kinds is None else tuple(kinds) for name, kinds in told.items()}
    found, image = tuple(document["Found"]), str(document.get("Image") or "")
    return SwarmService(document["Name"], document["Variables"], found, secrets, files, image, searched)
