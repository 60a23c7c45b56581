"""The lines of an answer, and the fields of the documents in them."""

import json
from collections.abc import Iterator

from msgspec import Struct

from hullcheck.recording.probe import Answer
from hullcheck.secrets.redact import SECTION

DOCUMENTS = {
    "containers": "container",
    "networks": "network",
    "services": "service",
    "image_contents": "image",
    "images": "image",
}
"""The probes and sections with a document for each object; the other lines of these probes are of /proc."""


class Line(Struct, frozen=True):
    """A line of an answer, or a field of a document in it.

    Attributes:
        number: of the line in the answer, from 0.
        section: the part of the answer.
        about: the object of the document, such as `container web`; empty for other text.
        field: its path in the document, such as `HostConfig.Privileged`; empty for other text.
        text: the value of the field, or the line.
    """

    number: int
    section: str
    about: str
    field: str
    text: str

    def __str__(self) -> str:
        return f"{self.field}: {self.text}" if self.field else self.text


def lines(answer: Answer) -> Iterator[Line]:
    """Take an answer apart: documents into their fields, other text into lines."""
    own = kind = DOCUMENTS.get(answer.name, "")
    section = ""
    for number, line in enumerate(answer.stdout.split("\n")):
        if line.startswith(SECTION):
            section = line.removeprefix(SECTION)
            kind = DOCUMENTS.get(section, own)
            continue
        documents = _documents(line) if "{" in line else []
        for each in documents:
            about = f"{kind} {called}" if kind and (called := _name(each)) else ""
            yield from (Line(number, section, about, *field) for field in _fields(each, ""))
        if line and not documents:
            yield Line(number, section, "", "", line)


def _documents(line: str) -> list[dict[str, object]]:
    """Return the documents of a line, after a word, in a list, or by their ids."""
    try:
        found = json.loads(line[min(place for place in map(line.find, "[{") if place >= 0) :])
    except (ValueError, RecursionError):
        return []
    if isinstance(found, dict) and found and all(each.startswith("sha256:") for each in found):
        found = [{"Id": name, **each} for name, each in found.items() if isinstance(each, dict)]
    return [each for each in (found if isinstance(found, list) else [found]) if isinstance(each, dict)]


def _name(document: dict[str, object]) -> str:
    tags = document.get("RepoTags")
    parts = [each for each in (document.get("Spec"), document) if isinstance(each, dict)]
    named = (each.get(key) for each in parts for key in ("Name", "Destination", "Id"))
    return str(tags[0] if isinstance(tags, list) and tags else next(filter(None, named), "")).lstrip("/")


def _fields(value: object, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict) and value:
        for key, each in value.items():
            yield from _fields(each, f"{path}.{key}" if path else str(key))
    elif isinstance(value, list) and value:
        for each in value:
            yield from _fields(each, f"{path}[{_name(each)}]" if isinstance(each, dict) else path)
    else:
        yield path, value if value and isinstance(value, str) else json.dumps(value)
