"""The frameworks of ``markers.ini`` that controls are mapped to, and the markers that name their ids."""

import difflib
import json
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from configparser import ConfigParser, DuplicateOptionError, DuplicateSectionError, Error, ParsingError
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from hullcheck import inputs

FILE = "markers.ini"
KEYS = ("title", "version", "publisher", "url")
OPTIONAL = {"relation": ("supports", "judges"), "nested": ("yes", "no"), "note": ()}
LARGEST = inputs.MIB
"""The most bytes of it."""
LEVELS = (1, 2)  # of the CIS Benchmark


class FrameworkError(Exception):
    """``markers.ini`` cannot be used; the message is ``file:line: what is wrong; what to write``."""


@dataclass(frozen=True)
class Framework:
    """One framework: a standard, or one of several editions that share a marker."""

    marker: str
    """The name of its marker, such as ``nist``."""
    edition: str
    """What the marker's ``sp`` has to say, such as ``800-53``; empty if the marker has one framework only."""
    title: str
    version: str
    publisher: str
    url: str
    ids: Mapping[str, str]
    """Its ids in the order of the file, each with a short title."""
    relation: str = "supports"
    """What a control is to a requirement: `supports` a part of it, or `judges` the whole of it."""
    nested: bool = False
    """Whether an id stands for those below it too, as 4.1 does for 4.1.1."""
    note: str = ""
    """What a reader of the requirements has to know."""

    @property
    def name(self) -> str:
        """Title and version, as a person would say it."""
        between = (
            ", " if ":" in self.title else " "
        )  # a title with a subtitle does not run on into its version
        return f"{self.title}{between if self.version else ''}{self.version}"


@dataclass(frozen=True)
class Frameworks:
    """All frameworks, in the order of ``markers.ini``."""

    all: tuple[Framework, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the markers, each once."""
        return tuple(dict.fromkeys(framework.marker for framework in self.all))

    def get(self, marker: str, edition: str = "") -> Framework:
        """The framework of *marker* and *edition*.

        Raises:
            KeyError: there is none.
        """
        for framework in self.editions(marker):
            if framework.edition == edition:
                return framework
        raise KeyError((marker, edition))

    def editions(self, marker: str) -> tuple[Framework, ...]:
        """All frameworks of *marker*; more than one if its editions are told apart by ``sp``."""
        return tuple(framework for framework in self.all if framework.marker == marker)

    def ids_of(self, marker_name: str, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> tuple[str, ...]:
        """The ids that a marker of a control names, in its order.

        Args:
            marker_name: the name of the marker, such as ``cis``.
            args: the positional arguments of the marker: the ids, as text.
            kwargs: its keyword arguments: ``level`` for ``cis``, ``sp`` for a marker with editions.

        Raises:
            ValueError: the marker is wrong; the message is one line, and names the nearest id that exists.
        """
        editions = self.editions(marker_name)
        if not editions:
            raise ValueError(f"marker {_quoted(marker_name)} {_unknown(marker_name, self.names)}")
        _check_keywords(marker_name, args, kwargs, _keywords(editions))
        framework = self.get(marker_name, kwargs.get("sp", ""))
        _check_ids(framework, args, kwargs, editions)
        return args

    def check_asked(self, marker_name: str, kwargs: Mapping[str, Any]) -> None:
        """Check what is asked of a marker of this name: its keywords, and maybe one ``id``.

        Raises:
            ValueError: no control can have it; the message is one line, and names the nearest id that exists.
        """
        editions = self.editions(marker_name)
        shown = _shown(marker_name, (), kwargs)
        keywords = {key: values for key, values in _keywords(editions).items() if key in kwargs}
        others = {key: value for key, value in kwargs.items() if key != "id"}
        for key in others:
            if key not in keywords:
                wanted = " or ".join(["id", *_keywords(editions)])
                raise ValueError(f"{shown}: {key!r} is not a keyword of {marker_name}; write {wanted}")
        _check_keywords(marker_name, (), others, keywords)
        chosen = [each for each in editions if others.get("sp", each.edition) == each.edition]
        ids = [identifier for each in chosen for identifier in each.ids]
        fault = _fault(kwargs["id"], ids, editions) if "id" in kwargs else ""
        if fault:
            raise ValueError(f"{shown} {fault}")

    def describe(self) -> str:
        """The frameworks in one line: the first by its name, the others by their markers."""
        others = [f"{each.marker} {each.edition}".strip() for each in self.all[1:]]
        return self.all[0].name + (f"; mapped to {', '.join(others)}" if others else "")

    def marker_lines(self) -> list[str]:
        """One line per marker for pytest's ``markers`` setting, for ``pytest --markers`` to print."""
        return [_marker_line(self.editions(name)) for name in self.names]


def find(folder: Path) -> Path:
    """Where ``markers.ini`` is: in *folder*, or else where hullcheck is installed or checked out."""
    package = Path(__file__).parents[1]
    places = (folder / FILE, package / FILE, package.parent / FILE)
    return next((place for place in places if place.is_file()), places[0])


def load(path: Path) -> Frameworks:
    """Read the frameworks from *path*.

    Raises:
        FrameworkError: the file cannot be read, or is not what its own header says.
    """
    try:
        text = inputs.read(path, LARGEST).decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise FrameworkError(f"{path}:1: cannot be read: {error}; write a text file in UTF-8") from error
    sections = _parse(path, text)
    frameworks = tuple(
        _framework(name, sections, _Lines(path, text)) for name in sections if not _is_ids(name)
    )
    orphans = [name for name in sections if _is_ids(name) and name.removesuffix(" ids") not in sections]
    if orphans:
        wanted = f"write the section [{orphans[0].removesuffix(' ids')}] before it"
        raise _Lines(path, text).error(orphans[0], "", f"ids of no framework; {wanted}")
    if not frameworks:
        raise FrameworkError(f"{path}:1: no framework; write a section such as [cis]")
    return Frameworks(frameworks)


# ---- reading


class _Lines:
    """Finds the line of a section or of a key in it, for messages."""

    def __init__(self, path: Path, text: str) -> None:
        self._path, self._lines = path, text.splitlines()

    def error(self, section: str, key: str, message: str) -> FrameworkError:
        """An error at *key* of *section*, or at the section's head if *key* is empty."""
        start = self._find(0, lambda line: line.startswith(f"[{section}]"))
        line = self._find(start + 1, lambda line: line.partition("=")[0].strip() == key) if key else start
        return FrameworkError(f"{self._path}:{line + 1}: {message}")

    def _find(self, start: int, wanted: Callable[[str], bool]) -> int:
        hits = (number for number, line in enumerate(self._lines) if number >= start and wanted(line))
        return next(hits, max(start - 1, 0))


def _parse(path: Path, text: str) -> Mapping[str, Mapping[str, str]]:
    parser = ConfigParser(
        delimiters=("=",),
        comment_prefixes=("#",),
        interpolation=None,
        empty_lines_in_values=False,
        default_section="",
    )
    parser.optionxform = str  # type: ignore[assignment,method-assign]  # ids are kept as they are written
    try:
        parser.read_string(text, str(path))
    except Error as error:
        raise FrameworkError(_said(path, error)) from error
    return {name: dict(parser[name]) for name in parser.sections()}


def _said(path: Path, error: Error) -> str:
    match error:
        case DuplicateSectionError():
            return f"{path}:{error.lineno}: [{error.section}] is there twice; write one section"
        case DuplicateOptionError():
            return f"{path}:{error.lineno}: {error.option} is there twice in [{error.section}]; write it once"
        case ParsingError(errors=[(line, _), *_]):
            return f"{path}:{line}: not a setting; write 'key = value'"
        case _:
            line = getattr(error, "lineno", 1)
            return f"{path}:{line}: a line before the first section; write a section such as [cis] above it"


def _is_ids(section: str) -> bool:
    return section.endswith(" ids")


def _framework(name: str, sections: Mapping[str, Mapping[str, str]], lines: _Lines) -> Framework:
    head, ids = sections[name], sections.get(f"{name} ids", {})
    marker, _, edition = name.partition(" ")
    if not marker.isidentifier() or " " in edition:
        raise lines.error(
            name, "", f"[{name}] is not the name of a marker; write [marker] or [marker edition]"
        )
    for key in KEYS:
        if key not in head:
            raise lines.error(name, "", f"[{name}] has no {key}; write '{key} = ...'")
    for key, value in head.items():
        if key not in KEYS and key not in OPTIONAL:
            raise lines.error(
                name, key, f"{key!r} is not a key; write one of {', '.join([*KEYS, *OPTIONAL])}"
            )
        if OPTIONAL.get(key) and value not in OPTIONAL[key]:
            raise lines.error(name, key, f"{key} is {value!r}; write {' or '.join(OPTIONAL[key])}")
    if not ids:
        raise lines.error(
            name, "", f"[{name}] has no ids; write a section [{name} ids] with 'id = short title'"
        )
    _check_titles(f"{name} ids", ids, lines)
    return Framework(
        marker,
        edition,
        title=head["title"],
        version=head["version"],
        publisher=head["publisher"],
        url=head["url"],
        ids=MappingProxyType(dict(ids)),
        relation=head.get("relation", "supports"),
        nested=head.get("nested") == "yes",
        note=head.get("note", ""),
    )


def _check_titles(section: str, ids: Mapping[str, str], lines: _Lines) -> None:
    for key, title in ids.items():
        if not title:
            raise lines.error(section, key, f"{key} has no title; write '{key} = short title'")
        if "\n" in title:
            raise lines.error(
                section, key, f"{key} runs over several lines; write each id at the start of a line"
            )


# ---- checking the marker of a control


def _keywords(editions: Sequence[Framework]) -> dict[str, tuple[Any, ...]]:
    """The keywords that a marker has to have, each with the values it may take."""
    if any(framework.edition for framework in editions):
        return {"sp": tuple(framework.edition for framework in editions)}
    return {"level": LEVELS} if editions[0].marker == "cis" else {}


def _check_keywords(
    marker: str, args: tuple[Any, ...], kwargs: Mapping[str, Any], keywords: Mapping[str, tuple[Any, ...]]
) -> None:
    for key in kwargs:
        if key not in keywords:
            known = f"write {' and '.join(keywords)}" if keywords else "write ids only"
            raise ValueError(f"{_shown(marker, args, kwargs)}: {key!r} is not a keyword of {marker}; {known}")
    for key, values in keywords.items():
        value = kwargs.get(key)
        if not any(type(value) is type(each) and value == each for each in values):
            wanted = " or ".join(f"{key}={_quoted(each)}" for each in values)
            raise ValueError(f"{_shown(marker, args, kwargs)} needs {wanted}")


def _check_ids(
    framework: Framework, args: tuple[Any, ...], kwargs: Mapping[str, Any], editions: Sequence[Framework]
) -> None:
    marker, edition = framework.marker, {key: value for key, value in kwargs.items() if key == "sp"}
    if not args:
        example = _shown(marker, (_first(framework),), kwargs)
        raise ValueError(f"{_shown(marker, args, kwargs)} names no id; write for example {example}")
    for number, wanted in enumerate(args):
        fault = _fault(wanted, framework.ids, editions) or (
            wanted in args[:number] and "is there twice; write it once"
        )
        if fault:
            raise ValueError(f"{_shown(marker, (wanted,), edition)} {fault}")


def _fault(wanted: object, ids: Collection[str], editions: Sequence[Framework]) -> str:
    if not isinstance(wanted, str):
        return "has an id that is no text; put it in quotes"
    if wanted in ids:
        return ""
    for other in editions:
        if wanted in other.ids:
            return f"is not in markers.ini; it is an id of sp={_quoted(other.edition)}"
    return _unknown(wanted, ids)


def _unknown(wanted: str, known: Iterable[str]) -> str:
    folded = {name.casefold(): name for name in known}
    near = difflib.get_close_matches(wanted.casefold(), folded, n=1)
    return "is not in markers.ini" + (f"; did you mean {_quoted(folded[near[0]])}?" if near else "")


def _shown(marker: str, args: Iterable[Any], kwargs: Mapping[str, Any]) -> str:
    """The marker as its author wrote it."""
    arguments = [_quoted(value) for value in args] + [
        f"{key}={_quoted(value)}" for key, value in kwargs.items()
    ]
    return f"{marker}({', '.join(arguments)})"


def _quoted(value: object) -> str:
    return json.dumps(value, ensure_ascii=False) if isinstance(value, str) else repr(value)


def _first(framework: Framework) -> str:
    return next(iter(framework.ids))


def _marker_line(editions: Sequence[Framework]) -> str:
    first, keywords = editions[0], _keywords(editions)
    marker = first.marker
    signature = ", ".join(["*ids", *keywords])
    named = "; ".join(
        f"{each.name} (sp={_quoted(each.edition)})" if each.edition else each.name for each in editions
    )
    choices = [marker, f"{marker}(id={_quoted(_first(first))})"]
    choices += [f"{marker}({key}={_quoted(values[0])})" for key, values in keywords.items()]
    ways = ", ".join(f"-m '{choice}'" for choice in choices[:-1])
    ways += f" or -m '{choices[-1]}'"
    return f"{marker}({signature}): {named}. The ids are in markers.ini; select with {ways}."
