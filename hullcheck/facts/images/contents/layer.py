"""One layer of an image, read from a listing of its archive: of the headers (tar-split) or by tar(1)."""

import base64
import json
import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, Self

from hullcheck.facts.images.contents import names as names
from hullcheck.parsing import capabilities

UNTOLD = "unknown"
SETUID, SETGID = 0o4000, 0o2000
FILE, LINK, SYMLINK, DIRECTORY, OTHER = "file", "link", "symbolic link", "directory", "other"
_WHITEOUT = ".wh."
_OPAQUE = ".wh..wh..opq"
_MOST_STEPS = 10_000  # of a path that is followed through links
_BLOCK = 512
_BODY, _RAW = 1, 2  # the types of a piece of an archive: the body of a file, which is left out, and the rest
_KIND = 156  # where a header says what it is of
_KINDS = {**dict.fromkeys((b"0", b"\0", b"7", b"S"), FILE), b"1": LINK, b"2": SYMLINK, b"5": DIRECTORY}
_RECORD = re.compile(rb"([1-9][0-9]*) ")
_CAPABILITY = b"SCHILY.xattr.security.capability"
_LISTED_KINDS = {"-": FILE, "h": LINK, "l": SYMLINK, "d": DIRECTORY}
_LISTED = re.compile(
    rb"(\S)((?:[r-][w-][xsS-]){2}[r-][w-][xtT-])(\S*) +\S+ +[0-9,]+ "
    rb'\S+ [0-9:]+ "((?:[^"\\]|\\.)*)"(?: (?:->|link to) "((?:[^"\\]|\\.)*)")?'
)
_ESCAPE = re.compile(rb"\\([0-3][0-7]{2}|.)")
_ESCAPES = dict(zip((b"a", b"b", b"f", b"n", b"r", b"t", b"v"), b"\a\b\f\n\r\t\v", strict=True))


@dataclass(frozen=True)
class Entry:
    """A file as a layer holds it.

    Attributes:
        path: absolute, in the image.
        mode: its permission bits, setuid and setgid among them.
        target: the path of which a hard link is another name; what is in a symbolic link.
        capabilities: those that it gives to who starts it, in order; `unknown` where a listing does not tell.
    """

    path: str
    mode: int
    kind: str
    target: str = ""
    capabilities: tuple[str, ...] = ()

    @property
    def is_file(self) -> bool:
        """Whether it is a regular file, under whichever of its names."""
        return self.kind in (FILE, LINK)

    @property
    def has_special_bits(self) -> bool:
        """Whether it runs, if it is a regular file, as its owner or group."""
        return bool(self.mode & (SETUID | SETGID))


@dataclass(frozen=True)
class Layer:
    """What one layer adds and hides.

    Attributes:
        notable: of its files, those that are worth a look, by path; its hard links, too.
        paths: all that it holds and is no directory.
        directories: those that it holds, or in which its files lie.
        removed: what it deletes of the layers below.
        opaque: directories of which it hides what the layers below hold in them.
        packages: the names in its list of packages; empty where it has none that was read.
    """

    notable: Mapping[str, Entry]
    paths: frozenset[str]
    directories: frozenset[str]
    removed: frozenset[str]
    opaque: frozenset[str]
    packages: tuple[str, ...] = ()

    @classmethod
    def of(cls, found: Iterable[Entry], packages: Iterable[str] = ()) -> Self:
        """The layer whose archive holds these, in this order.

        Raises:
            ValueError: no layer is like that.
        """
        entries = dict[str, Entry]()
        directories, removed, opaque = set[str](), set[str](), set[str]()
        for entry in _placed(found):
            above, _, name = entry.path.rpartition("/")
            if name == _OPAQUE:
                opaque.add(above or "/")
            elif name.startswith(_WHITEOUT):
                removed.add(f"{above}/{name.removeprefix(_WHITEOUT)}")
            elif entry.kind == DIRECTORY:
                directories.add(entry.path)
            elif entry.path == "/":
                raise ValueError("the root of an image is no file")
            else:
                entries[entry.path] = entry
                directories.add(above or "/")
        for path in tuple(directories):
            directories.update(above_of(path))
        notable = {path: entry for path, entry in entries.items() if _is_notable(entry)}
        return cls(
            notable,
            frozenset(entries),
            frozenset(directories),
            frozenset(removed),
            frozenset(opaque),
            tuple(packages),
        )

    def hides(self, path: str) -> bool:
        """Whether what a layer below holds at *path* is not to be seen through this one."""
        if path in self.removed or path in self.paths or path in self.directories:
            return True
        return any(
            each in self.removed or each in self.opaque or each in self.paths for each in above_of(path)
        )


def _placed(found: Iterable[Entry]) -> Iterator[Entry]:
    """Each where it is unpacked: what lies below a link of the same archive, as this is then, is where that leads."""
    links, known = dict[str, str](), dict[str, str]()
    for entry in found:
        above, _, name = entry.path.rpartition("/")
        if links and above not in known:
            known[above] = _through(above, links)
        path = f"{known.get(above, above)}/{name}"
        kind, target = entry.kind, entry.target
        if kind == LINK and links:
            folder, _, last = target.rpartition("/")
            target = f"{_through(folder, links)}/{last}"
            if target in links:  # link(2) does not follow it: this is one more name of the link itself
                kind, target = SYMLINK, links[target]
        if kind == SYMLINK or path in links:
            links.pop(path, None)
            known.clear()
        if kind == SYMLINK:
            links[path] = target
        as_found = (path, kind, target) == (entry.path, entry.kind, entry.target)
        yield entry if as_found else replace(entry, path=path, kind=kind, target=target)


def _through(path: str, links: Mapping[str, str]) -> str:
    """Where *path* leads through these links.

    Raises:
        ValueError: it leads nowhere.
    """
    place, left = "", path.split("/")
    for _ in range(_MOST_STEPS):
        if not left:
            return place
        step = f"{place}/{left[0]}" if left[0] else place
        if step in links:
            left = _path(posixpath.join(place, links[step])).split("/") + left[1:]
            place = ""
        else:
            place, left = step, left[1:]
    raise ValueError("links of a layer lead in a circle")


def _is_notable(entry: Entry) -> bool:
    powerful = entry.has_special_bits or entry.capabilities
    return bool(entry.kind == LINK or powerful or names.says_something(entry.path))


def above_of(path: str) -> Iterator[str]:
    """The directories in which *path* lies, from the nearest to the root."""
    while path != "/":
        path = path.rpartition("/")[0] or "/"
        yield path


def read_layer(listing: bytes, packages: Iterable[str] = ()) -> Layer:
    """The layer that *listing* is of, with what its list of *packages* names.

    Raises:
        ValueError: it is not whole, or not understood.
    """
    return Layer.of(_headers(listing) if listing.startswith(b"{") else _listed(listing), packages)


def _target(kind: str, text: str) -> str:
    """To what a link of this kind leads."""
    return _path(text) if kind == LINK else text * (kind == SYMLINK)


def _path(name: str) -> str:
    return "/" + posixpath.normpath(f"/{name}").lstrip("/")


# ---- the headers of an archive, as the engine keeps them


def _headers(listing: bytes) -> Iterator[Entry]:
    """An archive as the engine takes it apart: raw bytes, and for each file its name and size."""
    position, raw = 0, b""
    for line in listing.splitlines():
        piece = json.loads(line)
        if piece["type"] == _RAW:
            raw += base64.b64decode(piece["payload"])
            continue
        if piece["type"] != _BODY:
            raise ValueError("a piece of an archive is of no known type")
        headers = raw[-position % _BLOCK :]  # what comes before fills up the block of the file before
        if headers[_KIND : _KIND + 1] != b"g":  # what is said to hold for all that follows is passed over
            yield _entry(piece, headers)
        position += len(raw) + int(piece.get("size") or 0)
        raw = b""


def _entry(piece: Mapping[str, Any], raw: bytes) -> Entry:
    """The file whose headers *raw* begins with: extensions, each with a body, and then its own."""
    long_target, records = b"", dict[bytes, bytes]()
    while raw[_KIND : _KIND + 1] in (b"x", b"L", b"K"):
        extension, size = raw[_KIND], _number(raw[124:136])
        body = raw[_BLOCK : _BLOCK + size]
        if extension == ord("K"):
            long_target = body.rstrip(b"\0")
        elif extension == ord("x"):
            records |= _records(body)
        raw = raw[_BLOCK + size + -size % _BLOCK :]
    if len(raw) < _BLOCK:
        raise ValueError("a header is cut off")
    name = str(piece["name"]) if "name" in piece else _text(base64.b64decode(piece["name_raw"]))
    kind = _KINDS.get(raw[_KIND : _KIND + 1], OTHER)
    if raw[_KIND] == 0 and name.endswith("/"):  # archives of long ago
        kind = DIRECTORY
    long_target = records.get(b"linkpath") or long_target or raw[157:257].partition(b"\0")[0]
    target = _target(kind, _text(long_target))
    given = _given(records.get(_CAPABILITY, b""))
    return Entry(_path(name), _number(raw[100:108]) & 0o7777, kind, target, given)


def _records(body: bytes) -> dict[bytes, bytes]:
    """The records `LENGTH KEY=VALUE` of an extended header; values may hold any byte."""
    found = dict[bytes, bytes]()
    while body:
        length = _RECORD.match(body)
        if length is None or body[int(length[1]) - 1 : int(length[1])] != b"\n":
            raise ValueError("an extended header is not understood")
        key, _, value = body[length.end() : int(length[1]) - 1].partition(b"=")
        found[key] = value
        body = body[int(length[1]) :]
    return found


def _given(value: bytes) -> tuple[str, ...]:
    """The capabilities that a file permits (vfs_cap_data of linux/capability.h)."""
    if not value:
        return ()
    words = [int.from_bytes(value[at : at + 4], "little") for at in range(0, len(value), 4)]
    size = {1: 12, 2: 20, 3: 24}.get(words[0] >> 24)  # by its version; each word is permitted or inheritable
    if size != len(value):
        raise ValueError("capabilities of a file are not understood")
    bits = words[1] if size == 12 else words[1] | words[3] << 32
    return tuple(sorted(capabilities.names(bits)))


def _number(octal: bytes) -> int:
    digits = octal.replace(b"\0", b" ").strip()
    if not re.fullmatch(rb"[0-7]*", digits):
        raise ValueError(f"{octal!r} is not a number")
    return int(digits or b"0", 8)


def _text(name: bytes) -> str:
    return name.decode("utf-8", "surrogateescape")


# ---- a listing by GNU tar


def _listed(listing: bytes) -> Iterator[Entry]:
    *lines, status, rest = listing.split(b"\n")
    if status != b"status 0" or rest:
        raise ValueError("the archive could not be listed to its end")
    for line in filter(None, lines):  # the archive may be empty
        match = _LISTED.fullmatch(line)
        if match is None:
            raise ValueError(f"{line!r} is not a line of a listing")
        kind = _LISTED_KINDS.get(match[1].decode(), OTHER)
        target = _target(kind, _plain(match[5] or b""))
        given = (UNTOLD,) if b"*" in match[3] else ()  # tar marks it, and does not print the value
        yield Entry(_path(_plain(match[4])), _mode(match[2].decode()), kind, target, given)


def _plain(quoted: bytes) -> str:
    return _text(_ESCAPE.sub(_unescaped, quoted))


def _unescaped(match: re.Match[bytes]) -> bytes:
    if len(match[1]) == 3:
        return bytes([int(match[1], 8)])
    return bytes([_ESCAPES[match[1]]]) if match[1] in _ESCAPES else match[1]


@cache
def _mode(shown: str) -> int:
    bits = sum(1 << (8 - place) for place, letter in enumerate(shown) if letter not in "-ST")
    special = (shown[2] in "sS", shown[5] in "sS", shown[8] in "tT")
    return bits | sum(bit for bit, is_set in zip((SETUID, SETGID, 0o1000), special, strict=True) if is_set)
