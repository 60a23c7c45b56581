"""The layers of an image, read from listings of their archives: of the headers (tar-split) or by tar(1)."""

import ast
import base64
import json
import posixpath
import tarfile
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from functools import cache
from typing import Self

from msgspec import Struct
from msgspec.structs import replace

from hullcheck.facts.images import content_names as names
from hullcheck.lazy import regex
from hullcheck.parsing import confinement

UNTOLD = "unknown"
SETUID, SETGID = 0o4000, 0o2000
FILE, LINK, SYMLINK, DIRECTORY, OTHER = "file", "link", "symbolic link", "directory", "other"
_WHITEOUT = ".wh."
_OPAQUE = ".wh..wh..opq"
_RAW, _BODY = 2, 1  # the types of a piece of an archive: the body of a file, which is left out, and the rest
_KINDS = {
    **dict.fromkeys(tarfile.REGULAR_TYPES, FILE),
    tarfile.LNKTYPE: LINK,
    tarfile.SYMTYPE: SYMLINK,
    tarfile.DIRTYPE: DIRECTORY,
}
_CAPABILITY = "SCHILY.xattr.security.capability"
_LISTED_KINDS = {"-": FILE, "h": LINK, "l": SYMLINK, "d": DIRECTORY}
_LISTED = regex(
    rb"(\S)((?:[r-][w-][xsS-]){2}[r-][w-][xtT-])(\S*) +\S+ +[0-9,]+ "
    rb'\S+ [0-9:]+ "((?:[^"\\]|\\.)*)"(?: (?:->|link to) "((?:[^"\\]|\\.)*)")?'
)


class Entry(Struct, frozen=True):
    """A file as a layer holds it.

    Attributes:
        target: the path of which a hard link is another name; what is in a symbolic link.
        capabilities: those of a program, in order; `unknown` where a listing does not tell.
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
        """Whether it is setuid or setgid."""
        return bool(self.mode & (SETUID | SETGID))


class Layer(Struct, frozen=True):
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
    paths: Set[str]
    directories: Set[str]
    removed: Set[str]
    opaque: Set[str]
    packages: tuple[str, ...] = ()

    @classmethod
    def of(cls, found: Iterable[Entry], packages: Iterable[str] = ()) -> Self:
        """Return the layer whose archive holds these, in this order."""
        entries = dict[str, Entry]()
        directories, removed, opaque = set[str](), set[str](), set[str]()
        for entry in found:
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
        return cls(notable, entries.keys(), directories, removed, opaque, tuple(packages))

    def hides(self, path: str) -> bool:
        """Return whether what a layer below holds at *path* is not to be seen through this one."""
        hidden = path in self.removed or path in self.paths or path in self.directories
        return hidden or any(
            each in self.removed or each in self.opaque or each in self.paths for each in above_of(path)
        )


def _is_notable(entry: Entry) -> bool:
    powerful = entry.has_special_bits or entry.capabilities
    return bool(entry.kind == LINK or powerful or names.says_something(entry.path))


def above_of(path: str) -> Iterator[str]:
    """Yield the directories in which *path* lies, from the nearest to the root."""
    while path != "/":
        path = path.rpartition("/")[0] or "/"
        yield path


def read_layer(listing: bytes, packages: Iterable[str] = ()) -> Layer:
    """Return the layer that *listing* is of, with what its list of *packages* names.

    Raises:
        ValueError: it is not whole, or not understood.
    """
    return Layer.of(_archived(listing) if listing.startswith(b"{") else _listed(listing), packages)


def _target(kind: str, text: str) -> str:
    """Return to what a link of this kind leads."""
    return _path(text) if kind == LINK else text * (kind == SYMLINK)


def _path(name: str) -> str:
    """Return the absolute path of a name, with bytes that are no text as in `\\xff`."""
    text = name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    return "/" + posixpath.normpath(f"/{text}").lstrip("/")


def merged(layers: Sequence[Layer]) -> Mapping[str, Entry]:
    """Return the notable files of the image with these layers, the lowest first."""
    seen = dict[str, Entry]()
    for layer in layers:
        below = seen
        seen = {path: entry for path, entry in below.items() if not layer.hides(path)}
        seen |= {path: _followed(entry, layer, below) for path, entry in layer.notable.items()}
    return seen


def _followed(entry: Entry, layer: Layer, below: Mapping[str, Entry]) -> Entry:
    """Return a hard link with the bits and capabilities of its file: an archive may say something else of it."""
    if entry.kind != LINK:
        return entry
    target = (layer.notable if entry.target in layer.paths else below).get(entry.target)
    if target is None:
        return entry
    given = tuple(sorted({*entry.capabilities, *target.capabilities}))
    return replace(entry, mode=entry.mode | target.mode, capabilities=given)


# ---- the headers of an archive, as the engine keeps them


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
        kind = _KINDS.get(each.type, OTHER)
        given = _given(each.pax_headers.get(_CAPABILITY, "").encode("utf-8", "surrogateescape"))
        yield Entry(_path(each.name), each.mode & 0o7777, kind, _target(kind, each.linkname), given)


def _given(value: bytes) -> tuple[str, ...]:
    """Return the capabilities that a file permits (vfs_cap_data of linux/capability.h)."""
    if not value:
        return ()
    words = [int.from_bytes(value[at : at + 4], "little") for at in range(0, len(value), 4)]
    size = {1: 12, 2: 20, 3: 24}.get(words[0] >> 24)  # by its version; each word is permitted or inheritable
    if size != len(value):
        raise ValueError("capabilities of a file are not understood")
    bits = words[1] if size == 12 else words[1] | words[3] << 32
    return tuple(sorted(confinement.capability_names(bits)))


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
    """Return a name without the quoting of C, which is that of Python's strings, too."""
    text = ast.literal_eval(f'"{quoted.decode("latin-1")}"')
    return str(text).encode("latin-1").decode("utf-8", "surrogateescape")


@cache
def _mode(shown: str) -> int:
    bits = sum(1 << (8 - place) for place, letter in enumerate(shown) if letter not in "-ST")
    special = (shown[2] in "sS", shown[5] in "sS", shown[8] in "tT")
    return bits | sum(bit for bit, is_set in zip((SETUID, SETGID, 0o1000), special, strict=True) if is_set)
