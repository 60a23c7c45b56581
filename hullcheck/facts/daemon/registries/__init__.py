"""The ways to registries that hosts.toml files below certs.d name; the daemon reads them at each pull and push."""

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from hullcheck.facts.daemon.reported import is_loopback
from hullcheck.parsing.go import go_table
from hullcheck.verdicts import EvidenceError, unread

_FIRST_READER = 27
"""Engines before this one read certificates alone from certs.d."""


def reduced(text: str) -> dict[str, Any]:
    """What a hosts.toml says of the ways to its registry, without headers, keys and passwords."""
    try:
        document = go_table(tomllib.loads(text))
        ways = [(document.get("server", ""), document), *document.get("host", {}).items()]
        return {"Ways": [_reduced_way(url, options) for url, options in ways]}
    except (ValueError, RecursionError):
        return {"Fault": "is not TOML"}
    except (TypeError, AttributeError):
        return {"Fault": "is not as its format is"}


def _reduced_way(url: str, options: Mapping[str, Any]) -> dict[str, Any]:
    skip = go_table(options).get("skip_verify", False)
    if not isinstance(skip, bool):
        raise TypeError(skip)
    scheme, mark, rest = url.rpartition("://")
    return {"Url": scheme + mark + rest.partition("/")[0].rpartition("@")[2], "SkipVerify": skip}


@dataclass(frozen=True)
class HostsFile:
    """A hosts.toml.

    Attributes:
        registry: the registry that it is for, `host:5000` for a directory `host_5000_` too; `_default` for all that
            have none.
        ways: the addresses that are asked for it, and whether their certificates go unverified.
        fault: why it is not known what it says; empty where it is.
    """

    path: str
    registry: str
    ways: tuple[tuple[str, bool], ...] = ()
    fault: str = ""

    @classmethod
    def of(cls, path: str, document: Mapping[str, Any] | None) -> "HostsFile":
        """One by its path, and what `reduced` made of its text; None where it could not be read."""
        registry = re.sub(r"(.)_(\d+)_$", r"\1:\2", path.split("/")[-2])
        read: Mapping[str, Any] = {"Fault": "could not be read"} if document is None else document
        ways = tuple((each["Url"], each["SkipVerify"]) for each in read.get("Ways", ()))
        return cls(path, registry, ways, read.get("Fault", ""))

    @property
    def unverified(self) -> Iterator[str]:
        """The ways on which nobody proves who answers, but those on the loopback addresses, in words."""
        for url, skips in self.ways:
            address = urlsplit(url if "://" in url else f"https://{url or self.registry}")
            if not is_loopback(address.netloc) and (skips or address.scheme != "https"):
                how = "skip_verify" if address.scheme == "https" else "no TLS"
                yield f"{address.netloc} ({how}, by {self.path})"

    @property
    def elsewhere(self) -> tuple[str, ...]:
        """The addresses that are asked in the place of the registry's own, as they are written."""
        return tuple(url for url, _ in self.ways if url and urlsplit(url).netloc != self.registry)


@dataclass(frozen=True)
class RegistryHosts:
    """All hosts.toml files of a daemon.

    Attributes:
        doubt: why there may be others; empty where these are all.
        engine: the version of the engine.
    """

    files: tuple[HostsFile, ...]
    doubt: str
    engine: str

    @property
    def are_read(self) -> bool:
        """Whether this engine reads them; one whose version is no number is taken for a new one."""
        major = self.engine.partition(".")[0]
        return not major.isdigit() or int(major) >= _FIRST_READER

    @property
    def unverified(self) -> tuple[str, ...]:
        """The ways to registries on which nobody proves who answers, in words."""
        return tuple(way for each in self.files for way in each.unverified)

    def require_all(self) -> None:
        """Raise EvidenceError where what one of them says is not known, or there may be more."""
        faults = [f"{each.path} {each.fault}" for each in self.files if each.fault]
        if faults or self.doubt:
            raise EvidenceError("; ".join(faults) or self.doubt)

    def leading(self, registries: Iterable[str]) -> str:
        """Where these registries are asked for in truth, as the end of a sentence; empty where at their own address."""
        if not self.are_read:
            return ""
        own = [each for each in self.files if each.registry in registries]
        found = own or [each for each in self.files if each.registry == "_default"]
        told = [f"{each.path} leads to {', '.join(each.elsewhere)}" for each in found if each.elsewhere]
        told += [self.doubt] if self.doubt else []
        return "".join(f"; {each}" for each in told)


def registry_hosts(files: Iterable[HostsFile], state: str | None, engine: str) -> RegistryHosts:
    """Those of a daemon, by what became of the directory: `listed`, `absent` or `unread`."""
    doubt = (
        "" if state in ("listed", "absent") else unread("the directory of the registries' hosts.toml files")
    )
    return RegistryHosts(tuple(files), doubt, engine)
