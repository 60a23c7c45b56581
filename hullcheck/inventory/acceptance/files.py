"""Reads waivers and attestations: in an inventory, or in files of their own that it names."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from msgspec import Struct, field
from msgspec.structs import replace

from hullcheck.inventory.acceptance import NO_END, Entry, days
from hullcheck.inventory.yamlfile import Document, Way, YamlError, load
from hullcheck.messages import hide_passwords
from hullcheck.results import Attestation, Waiver

WAIVERS, ATTESTATIONS = "waivers", "attestations"
SECTIONS = (WAIVERS, ATTESTATIONS)
CAUSES = "causes"
"""The key of waivers that name a cause in place of a control."""
_FOREIGN = {
    "justification": "reason",
    "explanation": "checked",
    "updated": "on",
    "updated_by": "by",
    "frequency": "valid_for",
}
"""Keys in the files of InSpec and MITRE SAF, and what they are called here."""


class _Read(Struct):
    """The entries and faults so far; a fault is a line of a message."""

    waivers: list[Entry[Waiver]] = field(default_factory=list)
    attestations: list[Entry[Attestation]] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    places: Counter[str] = field(default_factory=Counter)

    def place(self, document: Document, way: Way) -> str:
        """Return file and line, with a number if the line has several entries."""
        place = document.place(way)
        self.places[place] += 1
        return place if self.places[place] == 1 else f"{place} ({self.places[place]})"

    def add(self, document: Document, section: str, way: Way) -> None:
        faults = document.faults(f"{section}.json", way)
        for here, entry in () if faults else _entries(document, section, way):
            place = self.place(document, here)
            try:
                if section == WAIVERS:
                    self.waivers.append(_waiver(entry, place))
                else:
                    self.attestations.append(_attestation(entry, place))
            except _Fault as fault:
                key, said = fault.args
                faults[(*here, key)] = str(said)
        self.faults += document.messages(faults)


def read(inventory: Document) -> tuple[tuple[Entry[Waiver], ...], tuple[Entry[Attestation], ...], tuple[str, ...]]:
    """Return the waivers and attestations of *inventory* and of the files that it names, and all their faults."""
    found = _Read()
    content = inventory.data if isinstance(inventory.data, dict) else {}
    for section, inline in ((WAIVERS, dict), (ATTESTATIONS, list)):
        written = content.get(section)
        names = paths(written)
        for name in names:
            path = inventory.path.parent / name
            try:
                document = _renamed(load(path))
            except YamlError as error:
                found.faults.append(str(error))
                continue
            if document.data is not None:  # an empty file, or one of comments alone
                found.add(document, section, way_to_list(document.data, section))
        if not names and isinstance(written, inline):
            found.add(inventory, section, (section,))
    return tuple(found.waivers), tuple(found.attestations), tuple(found.faults)


def faults(document: Document, section: str) -> tuple[str, ...]:
    """Return the faults of a separate file."""
    found = _Read()
    found.add(_renamed(document), section, way_to_list(document.data, section))
    return tuple(found.faults)


def _renamed(document: Document) -> Document:
    """Return a separate file with our keys in place of those of InSpec and SAF."""

    def renamed(value: Any) -> Any:
        if isinstance(value, list):
            return [*map(renamed, value)]
        return {_ours(key): renamed(each) for key, each in value.items()} if isinstance(value, dict) else value

    lines = {tuple(map(_ours, way)): line for way, line in document.lines.items()}
    return replace(document, data=renamed(document.data), lines=lines)


def _ours(step: str | int) -> str | int:
    return _FOREIGN.get(step, step) if isinstance(step, str) else step


def paths(value: object) -> list[str]:
    """Return the files that a section names; none if it holds the entries itself, or is invalid."""
    names = value if isinstance(value, list) else [value]
    texts = [each for each in names if isinstance(each, str)]
    return [each for each in texts if each.strip()] if len(texts) == len(names) else []


def named(inventory: Mapping[str, Any]) -> list[str]:
    """Return all files that an inventory names, each once."""
    return list(dict.fromkeys(each for section in SECTIONS for each in paths(inventory.get(section))))


def way_to_list(data: object, section: str) -> Way:
    """Return where the entries are in a file: at the top, or below the key that SAF gives attestations."""
    return (ATTESTATIONS,) if section == ATTESTATIONS and isinstance(data, dict) and section in data else ()


def _entries(document: Document, section: str, way: Way) -> Iterator[tuple[Way, Mapping[str, Any]]]:
    """Yield each entry with its way; a waiver with the `control_id` or the `cause` under which it is written."""
    content = document.at(way)
    if section == ATTESTATIONS:
        yield from (((*way, number), entry) for number, entry in enumerate(content))
        return
    named = [((*way, name), "control_id", written) for name, written in content.items() if name != CAUSES]
    named += [((*way, CAUSES, name), "cause", written) for name, written in content.get(CAUSES, {}).items()]
    for here, key, written in named:
        if isinstance(written, list):
            for number, entry in enumerate(written):
                yield (*here, number), {**entry, key: here[-1]}
        else:
            yield here, {**written, key: here[-1]}


class _Fault(Exception):
    """A key, and what is wrong with its value that the schema does not find."""


def _value(entry: Mapping[str, Any], key: str, reader: Callable[[str], datetime]) -> datetime:
    try:
        return reader(entry[key])
    except ValueError as error:
        raise _Fault(key, error) from None


def _waiver(entry: Mapping[str, Any], place: str) -> Entry[Waiver]:
    ends = None
    if "until" in entry and "expiration_date" in entry:
        raise _Fault("expiration_date", "is there beside until; write one of them")
    if "until" in entry:
        ends = _value(entry, "until", days.end)
    elif "expiration_date" in entry:
        ends = _value(entry, "expiration_date", days.start)
    if "approved_on" in entry:
        _value(entry, "approved_on", days.start)
    waiver = Waiver(
        entry.get("control_id", ""),
        _words(entry["reason"]),
        tuple(entry.get("targets", ())),
        tuple(entry.get("subjects", ())),
        _day_before(ends) if ends else "",
        ticket=_words(entry.get("ticket", "")),
        approved_by=_words(entry.get("approved_by", "")),
        approved_on=entry.get("approved_on", ""),
        risk=_words(entry.get("risk", "")),
        place=place,
        cause=_words(entry.get("cause", "")),
    )
    return Entry(waiver, 0.0, ends.timestamp() if ends else NO_END)


def _attestation(entry: Mapping[str, Any], place: str) -> Entry[Attestation]:
    looked = _value(entry, "on", days.start)
    if "until" in entry and "valid_for" in entry:
        raise _Fault("until", "is there beside valid_for; write one of them")
    if "until" in entry:
        ends = _value(entry, "until", days.end)
    elif "valid_for" in entry:
        ends = _value(entry, "valid_for", lambda text: days.after(looked, text))
    else:
        raise _Fault("valid_for", "is missing; write how long it is valid: annually, ..., or as 6w")
    if ends <= looked:
        raise _Fault("until", f"{entry['until']!r} is before {entry['on']}, when the person looked")
    attestation = Attestation(
        entry["control_id"],
        _words(entry["checked"]),
        _words(entry["by"]),
        str(looked.date()),
        _day_before(ends),
        entry["status"],
        tuple(entry.get("targets", ())),
        tuple(entry.get("subjects", ())),
        tuple(map(hide_passwords, entry.get("evidence", ()))),
        place,
    )
    return Entry(attestation, looked.timestamp(), ends.timestamp())


def _day_before(ends: datetime) -> str:
    return str((ends - timedelta(days=1)).date())


def _words(text: str) -> str:
    return hide_passwords(" ".join(text.split()))
