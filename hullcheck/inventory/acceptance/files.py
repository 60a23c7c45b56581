"""Reads waivers and attestations: in an inventory, or in files of their own that it names."""

import csv
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

from msgspec import Struct, field

from hullcheck.inventory.acceptance import NO_END, Entry, days
from hullcheck.inventory.yamlfile import Document, Way, YamlError, load, read_text
from hullcheck.messages import hide_passwords
from hullcheck.results import Attestation, Waiver

WAIVERS, ATTESTATIONS = "waivers", "attestations"
SECTIONS = (WAIVERS, ATTESTATIONS)
_HDF = ("plugins", "inspec-reporter-json-hdf", ATTESTATIONS)
_COLUMNS = ("control_id", "justification", "expiration_date", "run")


class _Read(Struct):
    """What was read so far; `faults` are lines of a message."""

    waivers: list[Entry[Waiver]] = field(default_factory=list)
    attestations: list[Entry[Attestation]] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    places: set[str] = field(default_factory=set)

    def place(self, document: Document, way: Way) -> str:
        """File and line; with a number behind them where another entry stands in the same line."""
        place = written = document.place(way)
        number = 1
        while place in self.places:
            number += 1
            place = f"{written} ({number})"
        self.places.add(place)
        return place


def read(
    inventory: Document,
) -> tuple[tuple[Entry[Waiver], ...], tuple[Entry[Attestation], ...], tuple[str, ...]]:
    """Return the waivers and attestations of *inventory* and of the files that it names, and all their faults."""
    found = _Read()
    content = inventory.data if isinstance(inventory.data, dict) else {}
    for section, reader, inline in ((WAIVERS, _waivers, dict), (ATTESTATIONS, _attestations, list)):
        written = content.get(section)
        names = paths(written)
        for name in names:
            _file(inventory.path.parent / name, reader, found)
        if not names and isinstance(written, inline):
            reader(inventory, (section,), found)
    return tuple(found.waivers), tuple(found.attestations), tuple(found.faults)


def faults(path: Path, section: str) -> tuple[str, ...]:
    """Return the faults of a separate file."""
    found = _Read()
    _file(path, _waivers if section == WAIVERS else _attestations, found)
    return tuple(found.faults)


def paths(value: object) -> list[str]:
    """Return the files that a part of an inventory names; none where it holds the entries itself, or is invalid."""
    if isinstance(value, str):
        return [value] if value.strip() else []
    named = isinstance(value, list) and all(isinstance(each, str) for each in value)
    return list(filter(str.strip, value)) if named and isinstance(value, list) else []


def named(inventory: Mapping[str, Any]) -> list[str]:
    """Return all files that an inventory names, each once."""
    return list(dict.fromkeys(each for section in SECTIONS for each in paths(inventory.get(section))))


def attestations_way(data: object) -> Way:
    """Return where in a file the list is: at the top, or below the key that it or the older tools of SAF give it."""
    for way in ((ATTESTATIONS,), _HDF):
        below = data
        for step in way:
            below = below.get(step) if isinstance(below, dict) else None
        if below is not None:
            return way
    return ()


def _file(path: Path, reader: Callable[[Document, Way, _Read], None], found: _Read) -> None:
    try:
        document = _csv(path) if path.suffix.lower() == ".csv" else load(path)
    except YamlError as error:
        found.faults.append(str(error))
        return
    if document.data is None:  # an empty file, or one of comments alone
        return
    reader(document, attestations_way(document.data) if reader is _attestations else (), found)


def _at(document: Document, way: Way) -> Any:
    data = document.data
    for step in way:
        data = data[step]
    return data


def _waivers(document: Document, way: Way, found: _Read) -> None:
    faults = document.faults("waivers.json", way)
    entries = [] if faults else list(_each_waiver(_at(document, way), way))
    for here, control, entry in entries:
        try:
            found.waivers.append(_waiver(control, entry, found.place(document, here)))
        except _Fault as fault:
            faults[(*here, fault.key)] = str(fault)
    found.faults += document.messages(faults)


def _each_waiver(content: Mapping[str, Any], way: Way) -> Iterator[tuple[Way, str, Mapping[str, Any]]]:
    for control, written in content.items():
        if isinstance(written, list):
            yield from (((*way, control, number), control, each) for number, each in enumerate(written))
        else:
            yield (*way, control), control, written


def _attestations(document: Document, way: Way, found: _Read) -> None:
    faults = document.faults("attestations.json", way)
    entries = [] if faults else _at(document, way)
    for number, entry in enumerate(entries):
        here = (*way, number)
        try:
            found.attestations.append(_attestation(entry, found.place(document, here)))
        except _Fault as fault:
            faults[(*here, fault.key)] = str(fault)
    found.faults += document.messages(faults)


class _Fault(Exception):
    """What is wrong with the value of a key, which a schema cannot tell."""

    def __init__(self, key: str, fault: object) -> None:
        super().__init__(str(fault))
        self.key = key


def _told(entry: Mapping[str, Any], key: str, reader: Callable[[str], Any]) -> Any:
    try:
        return reader(entry[key])
    except ValueError as error:
        raise _Fault(key, error) from None


def _last_day(entry: Mapping[str, Any]) -> datetime:
    """Return the first moment after the `last_day` of *entry*."""
    end: datetime = _told(entry, "last_day", lambda text: days.end(days.day(text)))
    return end


def _waiver(control: str, entry: Mapping[str, Any], place: str) -> Entry[Waiver]:
    ends = None
    if "last_day" in entry and "expiration_date" in entry:
        raise _Fault("expiration_date", "is there beside last_day; write one of them")
    if "last_day" in entry:
        ends = _last_day(entry)
    elif "expiration_date" in entry:
        ends = _told(entry, "expiration_date", days.moment)
    if "approved_on" in entry:
        _told(entry, "approved_on", days.day)
    waiver = Waiver(
        control,
        _words(entry["justification"]),
        tuple(entry.get("targets", ())),
        tuple(entry.get("subjects", ())),
        _day_before(ends) if ends else "",
        ticket=_words(entry.get("ticket", "")),
        approved_by=_words(entry.get("approved_by", "")),
        approved_on=entry.get("approved_on", ""),
        risk=_words(entry.get("risk", "")),
        place=place,
    )
    return Entry(waiver, 0.0, ends.timestamp() if ends else NO_END)


def _attestation(entry: Mapping[str, Any], place: str) -> Entry[Attestation]:
    looked: datetime = _told(entry, "updated", days.moment)
    if "last_day" in entry and "frequency" in entry:
        raise _Fault("last_day", "is there beside frequency; write one of them")
    if "last_day" in entry:
        ends = _last_day(entry)
    elif "frequency" in entry:
        ends = _told(entry, "frequency", lambda text: days.after(looked, text))
    else:
        raise _Fault("frequency", "is missing; write how long it is worth something: annually, ..., or as 6w")
    if ends <= looked:
        raise _Fault(
            "last_day", f"{entry['last_day']!r} is before {entry['updated']}, when the person looked"
        )
    attestation = Attestation(
        entry["control_id"],
        _words(entry["explanation"]),
        _words(entry["updated_by"]),
        str(looked.date()),
        _day_before(ends),
        entry["status"],
        tuple(entry.get("targets", ())),
        tuple(entry.get("subjects", ())),
        tuple(map(hide_passwords, entry.get("evidence", ()))),
        place,
    )
    return Entry(attestation, days.start(looked.date()).timestamp(), ends.timestamp())


def _day_before(ends: datetime) -> str:
    """Return the last day of which something that ends then still holds a part."""
    return str((ends - timedelta(microseconds=1)).date())


def _words(text: str) -> str:
    return hide_passwords(" ".join(text.split()))


def _csv(path: Path) -> Document:
    """A waiver file of InSpec as a spreadsheet writes it; cells that are empty are not there.

    Raises:
        YamlError: it cannot be read, or has other columns.
    """
    rows = csv.DictReader(StringIO(read_text(path)))
    try:
        return _table(path, rows)
    except csv.Error:  # a cell that is far too long
        raise YamlError(f"{path}:{rows.line_num + 1}: not CSV; save the table as CSV") from None


def _table(path: Path, rows: "csv.DictReader[str]") -> Document:
    missing = {"control_id", "justification"} - {*(rows.fieldnames or ())}
    if missing:
        raise YamlError(
            f"{path}:1: the column {min(missing)} is missing; known columns: {', '.join(_COLUMNS)}"
        )
    data: dict[str, list[dict[str, str]]] = {}
    lines: dict[Way, int] = {}
    for row in rows:
        if None in row:
            raise YamlError(
                f"{path}:{rows.line_num}: more cells than columns; put a text with commas in quotes"
            )
        entry = {key: value for key, value in row.items() if value and value.strip()}
        control = entry.pop("control_id", "")
        if not control and entry:
            raise YamlError(f"{path}:{rows.line_num}: a waiver without a control_id")
        if control:
            entries = data.setdefault(control, [])
            lines[control, len(entries)] = rows.line_num
            entries.append(entry)
    return Document(path, data, lines)
