"""The frameworks of ``markers.ini`` that controls are mapped to, and the markers that name their ids."""

import difflib
import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Any

from iniconfig import IniConfig, ParseError  # of pytest, for its own settings
from msgspec import Struct

from hullcheck import inputs
from hullcheck.messages import WrongUse

FILE = "markers.ini"
KEYS = ("title", "version", "publisher", "url")
OPTIONAL = {"relation": ("supports", "judges"), "nested": ("yes", "no"), "note": ()}
LARGEST = inputs.MIB
"""The most bytes of it."""
LEVELS = (1, 2)  # of the CIS Benchmark
BASELINE = "baseline"
"""The marker of the profile to start with: level 1 of the CIS benchmark without what only some sites can have."""
WITHOUT = f"{BASELINE} without"
"""The section that says what that is."""


class Framework(Struct, frozen=True):
    """One framework: a standard, or one of several editions that share a marker."""

    marker: str  # the name of its marker, such as nist
    edition: str  # what the marker's `sp` has to say, such as 800-53; empty if the marker has one framework
    title: str
    version: str
    ids: Mapping[str, str]  # in the order of the file, each with a short title
    relation: str = "supports"  # a control `supports` a part of a requirement, or `judges` the whole of it
    nested: bool = False  # whether an id stands for those below it too, as 4.1 does for 4.1.1
    note: str = ""  # what a reader of the requirements has to know

    @property
    def name(self) -> str:
        return f"{self.title} {self.version}".strip()


class Frameworks(Struct, frozen=True, dict=True):
    """All frameworks, in the order of ``markers.ini``.

    Attributes:
        without: the controls of level 1 that are not in the baseline, by their CIS numbers, each with the reason.
    """

    all: tuple[Framework, ...]
    without: Mapping[str, str] = {}

    def in_baseline(self, numbers: Iterable[str], level: int | None) -> bool:
        """Return whether a control with these CIS numbers is in the baseline: all of level 1 that are not left out."""
        numbers = set(numbers)
        return level == 1 and bool(numbers) and numbers.isdisjoint(self.without)

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The names of the markers, each once."""
        return tuple(dict.fromkeys(framework.marker for framework in self.all))

    def get(self, marker: str, edition: str = "") -> Framework:
        (found,) = (each for each in self.editions(marker) if each.edition == edition)
        return found

    def editions(self, marker: str) -> tuple[Framework, ...]:
        """Return all frameworks of *marker*; more than one if ``sp`` distinguishes its editions."""
        return tuple(each for each in self.all if each.marker == marker)

    def ids_of(self, marker_name: str, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> tuple[str, ...]:
        """Return the ids that the marker of a framework names, in its order, or raise ValueError."""
        editions = self.editions(marker_name)
        shown = _shown(marker_name, args, kwargs)
        keywords = _keywords(editions)
        for key in kwargs.keys() - keywords.keys():
            known = f"write {' and '.join(keywords)}" if keywords else "write ids only"
            raise ValueError(f"{shown}: {key!r} is not a keyword of {marker_name}; {known}")
        _check_values(shown, kwargs, keywords)
        framework = self.get(marker_name, kwargs.get("sp", ""))
        if not args:
            example = _shown(marker_name, (next(iter(framework.ids)),), kwargs)
            raise ValueError(f"{shown} names no id; write for example {example}")
        edition = {key: value for key, value in kwargs.items() if key == "sp"}
        for number, wanted in enumerate(args):
            twice = "is there twice; write it once" if wanted in args[:number] else ""
            if fault := _fault(wanted, framework.ids, editions) or twice:
                raise ValueError(f"{_shown(marker_name, (wanted,), edition)} {fault}")
        return args

    def check_asked(self, marker_name: str, kwargs: Mapping[str, Any]) -> None:
        """Check the keywords, and an ``id`` if given, of a marker for `-m`; ValueError if no control can have it."""
        editions = self.editions(marker_name)
        shown = _shown(marker_name, (), kwargs)
        keywords = _keywords(editions)
        for key in kwargs.keys() - {"id", *keywords}:
            wanted = " or ".join(["id", *keywords])
            raise ValueError(f"{shown}: {key!r} is not a keyword of {marker_name}; write {wanted}")
        _check_values(shown, kwargs, {key: keywords[key] for key in keywords.keys() & kwargs.keys()})
        sp = kwargs.get("sp")
        ids = [each for one in editions if sp in (None, one.edition) for each in one.ids]
        fault = _fault(kwargs["id"], ids, editions) if "id" in kwargs else ""
        if fault:
            raise ValueError(f"{shown} {fault}")

    def marker_lines(self) -> list[str]:
        """Return a line for each marker for pytest's ``markers`` setting, which ``pytest --markers`` prints."""
        return [_marker_line(self.editions(name)) for name in self.names]


def find(folder: Path) -> Path:
    """Return where ``markers.ini`` is: in *folder*, or else where hullcheck is installed or checked out."""
    package = Path(__file__).parents[1]
    places = (folder / FILE, package / FILE, package.parent / FILE)
    return next((place for place in places if place.is_file()), places[0])


def load(path: Path) -> Frameworks:
    """Read the frameworks from *path*, or raise WrongUse: ``file:line: what is wrong; what to write``."""
    try:
        ini = IniConfig(path, inputs.read(path, LARGEST).decode("utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise WrongUse(f"{path}:1: cannot be read: {error}; write a text file in UTF-8") from error
    except ParseError as error:
        raise WrongUse(f"{path}:{error.lineno + 1}: {error.msg}; write each key once, as 'key = value'") from None
    try:
        frameworks = tuple(
            _framework(ini, each) for each in ini.sections if each != WITHOUT and not each.endswith(_IDS)
        )
        for each in ini.sections:
            if each.endswith(_IDS) and (of := each.removesuffix(_IDS)) not in ini.sections:
                raise _Fault(f"ids of no framework; write the section [{of}] before it", each)
        if not frameworks:
            raise WrongUse(f"{path}:1: no framework; write a section such as [cis]")
        without = _without(ini, frameworks)
    except _Fault as fault:
        said, *place = fault.args
        raise WrongUse(f"{path}:{ini.lineof(*place)}: {said}") from None
    return Frameworks(frameworks, without)


# ---- reading

_IDS = " ids"


class _Fault(Exception):
    """What is wrong, the section, and maybe its key."""


def _without(ini: IniConfig, frameworks: Iterable[Framework]) -> Mapping[str, str]:
    """Return what the baseline leaves out; each has to be an id of cis, with a reason."""
    numbers = {number for each in frameworks if each.marker == "cis" for number in each.ids}
    found = dict(ini.sections.get(WITHOUT, {}))
    for number, why in found.items():
        if number not in numbers or not why:
            raise _Fault(f"{number} is no id of cis, or has no reason; write '1.1.1 = why'", WITHOUT, number)
    return MappingProxyType(found)


def _framework(ini: IniConfig, name: str) -> Framework:
    head, ids = ini.sections[name], ini.sections.get(f"{name}{_IDS}")
    marker, _, edition = name.partition(" ")
    if not marker.isidentifier() or " " in edition:
        raise _Fault(f"[{name}] is not the name of a marker; write [marker] or [marker edition]", name)
    for key in KEYS:
        if key not in head:
            raise _Fault(f"[{name}] has no {key}; write '{key} = ...'", name)
    for key, value in head.items():
        if key not in KEYS and key not in OPTIONAL:
            known = ", ".join([*KEYS, *OPTIONAL])
            raise _Fault(f"{key!r} is not a key; write one of {known}", name, key)
        if OPTIONAL.get(key) and value not in OPTIONAL[key]:
            raise _Fault(f"{key} is {value!r}; write {' or '.join(OPTIONAL[key])}", name, key)
    if not ids:
        raise _Fault(f"[{name}] has no ids; write a section [{name}{_IDS}] with 'id = short title'", name)
    for key, title in ids.items():
        if not title or "\n" in title:
            raise _Fault(f"{key} has no title in one line; write '{key} = short title'", f"{name}{_IDS}", key)
    return Framework(
        marker,
        edition,
        title=head["title"],
        version=head["version"],
        ids=MappingProxyType(dict(ids)),
        relation=head.get("relation", "supports"),
        nested=head.get("nested") == "yes",
        note=head.get("note", ""),
    )


# ---- checking the marker of a control


def _keywords(editions: Sequence[Framework]) -> dict[str, tuple[Any, ...]]:
    """Return the keywords that a marker has to have, each with the values it may take."""
    if any(framework.edition for framework in editions):
        return {"sp": tuple(framework.edition for framework in editions)}
    return {"level": LEVELS} if editions[0].marker == "cis" else {}


def _check_values(shown: str, kwargs: Mapping[str, Any], keywords: Mapping[str, tuple[Any, ...]]) -> None:
    """Require each of *keywords*, with one of its values."""
    for key, values in keywords.items():
        value = kwargs.get(key)
        if not any(type(value) is type(each) and value == each for each in values):
            wanted = " or ".join(f"{key}={_quoted(each)}" for each in values)
            raise ValueError(f"{shown} needs {wanted}")


def _fault(wanted: object, ids: Collection[str], editions: Sequence[Framework]) -> str:
    if not isinstance(wanted, str):
        return "has an id that is no text; put it in quotes"
    if wanted in ids:
        return ""
    for other in editions:
        if wanted in other.ids:
            return f"is not in markers.ini; it is an id of sp={_quoted(other.edition)}"
    folded = {name.casefold(): name for name in ids}
    near = difflib.get_close_matches(wanted.casefold(), folded, n=1)
    return "is not in markers.ini" + (f"; did you mean {_quoted(folded[near[0]])}?" if near else "")


def _shown(marker: str, args: Iterable[Any], kwargs: Mapping[str, Any]) -> str:
    """Return the marker as its author wrote it."""
    arguments = [*map(_quoted, args), *(f"{key}={_quoted(value)}" for key, value in kwargs.items())]
    return f"{marker}({', '.join(arguments)})"


def _quoted(value: object) -> str:
    return json.dumps(value, ensure_ascii=False) if isinstance(value, str) else repr(value)


def _marker_line(editions: Sequence[Framework]) -> str:
    first, keywords = editions[0], _keywords(editions)
    marker = first.marker
    named = "; ".join(f"{each.name} (sp={_quoted(each.edition)})" if each.edition else each.name for each in editions)
    asked = ["", f"(id={_quoted(next(iter(first.ids)))})"]
    asked += [f"({key}={_quoted(values[0])})" for key, values in keywords.items()]
    *choices, last = (f"-m '{marker}{each}'" for each in asked)
    signature = ", ".join(["*ids", *keywords])
    return f"{marker}({signature}): {named}. The ids are in markers.ini; select with {', '.join(choices)} or {last}."
