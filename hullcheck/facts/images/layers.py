"""The layers of an image, from listings of their archives by tar-split or tar(1)."""

import ast
import base64
import io
import json
import posixpath
import struct
import tarfile
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from functools import cache
from typing import Self

from msgspec import Struct

from hullcheck.facts.images import content_names as names
from hullcheck.lazy import regex
from hullcheck.parsing import confinement

UNKNOWN = "unknown"
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
_TEXT = ("utf-8", "surrogateescape")  # of names
_CAPABILITY = "SCHILY.xattr.security.capability"
_LISTED_KINDS = {"-": FILE, "h": FILE, "l": SYMLINK, "d": DIRECTORY}
_LISTED = regex(
    rb"(\S)((?:[r-][w-][xsS-]){2}[r-][w-][xtT-])(\S*) +\S+ +[0-9,]+ "
    rb'\S+ [0-9:]+ "((?:[^"\\]|\\.)*)"(?: (?:->|link to) "((?:[^"\\]|\\.)*)")?'
)


class Entry(Struct, frozen=True):
    """A file in a layer."""

    path: str
    mode: int
    kind: str
    target: str = ""  # what is in a symbolic link
    capabilities: tuple[str, ...] = ()  # those of a program, in order; UNKNOWN if a listing has none

    @property
    def has_special_bits(self) -> bool:
        """Whether the file is setuid or setgid."""
        return bool(self.mode & (SETUID | SETGID))

    @property
    def is_notable(self) -> bool:
        """Whether a control may judge the file."""
        told = (sign(self.path) for sign in (names.tool, names.looks_like_key, names.DATABASES.get, names.package))
        return bool(self.has_special_bits or self.capabilities) or any(told)


class Layer(Struct, frozen=True):
    """The files that a layer adds and hides."""

    files: Mapping[str, Entry | None]  # all but directories, by path; None stands for what is not notable
    directories: Set[str]
    removed: Set[str]  # what it deletes of the layers below
    opaque: Set[str]  # directories of which it hides what the layers below hold in them
    packages: tuple[str, ...]  # the names in its list of packages; empty where it has none that was read

    @classmethod
    def of(cls, found: Iterable[Entry], packages: Iterable[str] = ()) -> Self:
        """Return the layer with these entries, in this order."""
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
    """Return the layer of *listing*, or raise ValueError if that is damaged."""
    return Layer.of(_archived(listing) if listing.startswith(b"{") else _listed(listing), packages)


def _path(name: str) -> str:
    """Return the absolute path of a name, with undecodable bytes as `\\xff`."""
    text = name.encode(*_TEXT).decode("utf-8", "backslashreplace")
    return "/" + posixpath.normpath(f"/{text}").lstrip("/")


def _archived(listing: bytes) -> Iterator[Entry]:
    """Yield the files of an archive as the engine stores it, without the bodies of files."""
    header = b""
    for piece in map(json.loads, listing.splitlines()):
        if piece["type"] == _RAW:
            header += base64.b64decode(piece["payload"], validate=True)
        elif piece["type"] == _BODY:
            each = _member(header[len(header) % tarfile.BLOCKSIZE :])  # after the padding of the body before
            given = _given(each.pax_headers.get(_CAPABILITY, "").encode(*_TEXT))
            yield Entry(_path(each.name), each.mode & 0o7777, _KINDS.get(each.type, OTHER), each.linkname, given)
            header = b""
        else:
            raise ValueError("a piece of an archive is of no known type")


def _member(header: bytes) -> tarfile.TarInfo:
    """Parse a header, with any blocks for a long name or attributes before it."""
    if len(header) == tarfile.BLOCKSIZE:
        return tarfile.TarInfo.frombuf(header, *_TEXT)
    with tarfile.open(fileobj=io.BytesIO(header), mode="r:", encoding=_TEXT[0], errors=_TEXT[1]) as archive:
        if found := archive.next():
            return found
    raise ValueError("a header is empty")


def _given(value: bytes) -> tuple[str, ...]:
    """Return the permitted capabilities of a file (vfs_cap_data in linux/capability.h)."""
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
        given = (UNKNOWN,) if b"*" in match[3] else ()  # tar marks it, and does not print the value
        kind, target = _LISTED_KINDS.get(match[1].decode(), OTHER), _plain(match[5] or b"")
        yield Entry(_path(_plain(match[4])), _mode(match[2].decode()), kind, target, given)


def _plain(quoted: bytes) -> str:
    """Return a name without C quoting, which is also Python's."""
    text = ast.literal_eval(f'"{quoted.decode("latin-1")}"')
    return str(text).encode("latin-1").decode(*_TEXT)


@cache
def _mode(shown: str) -> int:
    bits = sum(1 << (8 - place) for place, letter in enumerate(shown) if letter not in "-ST")
    special = (shown[2] in "sS", shown[5] in "sS", shown[8] in "tT")
    return bits | sum(bit for bit, is_set in zip((SETUID, SETGID, 0o1000), special, strict=True) if is_set)
