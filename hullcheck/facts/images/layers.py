"""The layers of an image, read from listings of their archives: of the headers (tar-split) or by tar(1)."""

import ast
import base64
import json
import posixpath
import struct
import tarfile
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from functools import cache
from typing import Self

from msgspec import Struct

from hullcheck.facts.images import content_names as names
from hullcheck.lazy import regex
from hullcheck.parsing import confinement

UNTOLD = "unknown"
SETUID, SETGID = 0o4000, 0o2000
FILE, SYMLINK, DIRECTORY, OTHER = "file", "symbolic link", "directory", "other"
_WHITEOUT = ".wh."
_OPAQUE = ".wh..wh..opq"
_RAW, _BODY = 2, 1  # the types of a piece of an archive: the body of a file, which is left out, and the rest
_KINDS = {
    **dict.fromkeys((*tarfile.REGULAR_TYPES, tarfile.LNKTYPE), FILE),
    tarfile.SYMTYPE: SYMLINK,
    tarfile.DIRTYPE: DIRECTORY,
}
_CAPABILITY = "SCHILY.xattr.security.capability"
_LISTED_KINDS = {"-": FILE, "h": FILE, "l": SYMLINK, "d": DIRECTORY}
_LISTED = regex(
    rb"(\S)((?:[r-][w-][xsS-]){2}[r-][w-][xtT-])(\S*) +\S+ +[0-9,]+ "
    rb'\S+ [0-9:]+ "((?:[^"\\]|\\.)*)"(?: (?:->|link to) "((?:[^"\\]|\\.)*)")?'
)


class Entry(Struct, frozen=True):
    """A file as a layer holds it."""

    path: str
    mode: int
    kind: str
    target: str = ""  # what is in a symbolic link; of a hard link, the path of which it is another name
    capabilities: tuple[str, ...] = ()  # those of a program, in order; `unknown` where a listing does not tell

    @property
    def has_special_bits(self) -> bool:
        """Whether it is setuid or setgid."""
        return bool(self.mode & (SETUID | SETGID))

    @property
    def is_notable(self) -> bool:
        """Whether a control may ask for it."""
        return bool(self.has_special_bits or self.capabilities or names.says_something(self.path))


class Layer(Struct, frozen=True):
    """What one layer adds and hides."""

    files: Mapping[str, Entry | None]  # all but directories, by path; None stands for what is not notable
    directories: Set[str]
    removed: Set[str]  # what it deletes of the layers below
    opaque: Set[str]  # directories of which it hides what the layers below hold in them
    packages: tuple[str, ...]  # the names in its list of packages; empty where it has none that was read

    @classmethod
    def of(cls, found: Iterable[Entry], packages: Iterable[str] = ()) -> Self:
        """Return the layer whose archive holds these, in this order."""
        entries, directories, removed, opaque = dict[str, Entry](), set[str](), set[str](), set[str]()
        for entry in found:
            above, _, name = entry.path.rpartition("/")
            if name == _OPAQUE:
                opaque.add(above or "/")
            elif name.startswith(_WHITEOUT):
                removed.add(f"{above}/{name.removeprefix(_WHITEOUT)}")
            elif entry.kind == DIRECTORY:
                directories.add(entry.path)
            else:
                entries[entry.path] = entry
        files = {path: entry if entry.is_notable else None for path, entry in entries.items()}
        return cls(files, directories, removed, opaque, tuple(packages))


def merged(layers: Sequence[Layer]) -> Mapping[str, Entry | None]:
    """Return the files of the image with these layers, the lowest first."""
    seen, replaced, hidden = dict[str, Entry | None](), set[str](), set[str]()
    for layer in reversed(layers):
        for path, entry in layer.files.items():
            if path not in replaced and hidden.isdisjoint(_above(path)):
                seen[path] = entry
        replaced |= layer.files.keys() | layer.removed | layer.directories
        hidden |= layer.files.keys() | layer.removed | layer.opaque
    return seen


def _above(path: str) -> Iterator[str]:
    """Yield the directories in which *path* lies, from the nearest to the root."""
    while path != "/":
        path = path.rpartition("/")[0] or "/"
        yield path


def read_layer(listing: bytes, packages: Iterable[str] = ()) -> Layer:
    """Return the layer that *listing* is of; ValueError says that it is not whole, or not understood."""
    return Layer.of(_archived(listing) if listing.startswith(b"{") else _listed(listing), packages)


def _path(name: str) -> str:
    """Return the absolute path of a name, with bytes that are no text as in `\\xff`."""
    text = name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    return "/" + posixpath.normpath(f"/{text}").lstrip("/")


class _Headers:
    """An archive as the engine keeps it, as a file for tarfile: raw bytes, and of each file only how large it is."""

    def __init__(self, listing: bytes) -> None:
        self.files, self._place, end = 0, 0, 0
        self._starts, self._raw = list[int](), list[bytes]()
        for piece in map(json.loads, listing.splitlines()):
            if piece["type"] == _RAW:
                self._starts.append(end)
                self._raw.append(base64.b64decode(piece["payload"], validate=True))
                end += len(self._raw[-1])
            elif piece["type"] == _BODY:
                self.files += 1
                end += int(piece.get("size") or 0)
            else:
                raise ValueError("a piece of an archive is of no known type")

    def tell(self) -> int:
        return self._place

    def seek(self, place: int) -> None:
        self._place = place

    def write(self, content: bytes) -> None:
        raise NotImplementedError

    def close(self) -> None:
        pass

    def read(self, size: int) -> bytes:
        """Return raw bytes from the position on, and zeros for the end of a body."""
        at = bisect_right(self._starts, self._place) - 1
        begin = self._place - self._starts[at] if at >= 0 else 0
        self._place += size
        return (self._raw[at][begin : begin + size] if at >= 0 else b"") or bytes(min(size, 1))


def _archived(listing: bytes) -> Iterator[Entry]:
    headers = _Headers(listing)
    with tarfile.open(fileobj=headers, mode="r:", encoding="utf-8", errors="surrogateescape") as archive:
        members = archive.getmembers()
        if len(members) != headers.files:
            raise ValueError("a header is not understood")
    for each in members:
        target = _path(each.linkname) if each.islnk() else each.linkname
        given = _given(each.pax_headers.get(_CAPABILITY, "").encode("utf-8", "surrogateescape"))
        yield Entry(_path(each.name), each.mode & 0o7777, _KINDS.get(each.type, OTHER), target, given)


def _given(value: bytes) -> tuple[str, ...]:
    """Return the capabilities that a file permits (vfs_cap_data of linux/capability.h)."""
    if not value:
        return ()
    if len(value) not in (20, 24):  # versions 2 and 3: what is permitted, and what is inheritable, in turns
        raise ValueError("capabilities of a file are not understood")
    _, low, _, high, _ = struct.unpack_from("<5I", value)
    return tuple(sorted(confinement.capability_names(low | high << 32)))


def _listed(listing: bytes) -> Iterator[Entry]:
    *lines, status, rest = listing.split(b"\n")
    if status != b"status 0" or rest:
        raise ValueError("the archive could not be listed to its end")
    for line in filter(None, lines):  # the archive may be empty
        match = _LISTED.fullmatch(line)
        if match is None:
            raise ValueError(f"{line!r} is not a line of a listing")
        letter, target = match[1].decode(), _plain(match[5] or b"")
        target = _path(target) if letter == "h" else target
        given = (UNTOLD,) if b"*" in match[3] else ()  # tar marks it, and does not print the value
        kind = _LISTED_KINDS.get(letter, OTHER)
        yield Entry(_path(_plain(match[4])), _mode(match[2].decode()), kind, target, given)


def _plain(quoted: bytes) -> str:
    """Return a name without the quoting of C, which is that of Python's strings, too."""
    text = ast.literal_eval(f'"{quoted.decode("latin-1")}"')
    return str(text).encode("latin-1").decode("utf-8", "surrogateescape")


@cache
def _mode(shown: str) -> int:
    bits = sum(1 << (8 - place) for place, letter in enumerate(shown) if letter not in "-ST")
    special = (shown[2] in "sS", shown[5] in "sS", shown[8] in "tT")
    return bits | sum(bit for bit, is_set in zip((SETUID, SETGID, 0o1000), special, strict=True) if is_set)
