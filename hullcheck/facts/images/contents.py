"""The contents of images: files with special bits, packages, tools, and likely keys.

Nothing is run, mounted or unpacked, and reading needs root. The engine's own store has the headers of each layer's
archive (`tar-split.json.gz`), that of containerd the archives. The script prints `known` and the descriptions of images
that need no reading, then `new` and the others; `containerd` and `HEX:LINE` for the documents in that store; then for
each layer `layer DIGEST`, a listing, packed by gzip and base64, and `end`; and for a list of apk `packages DIGEST`, its
names, and `end`. The next run goes on from where it ends.

What is kept is one JSON object for each image whose layers were all read, and `known ID CHAIN` for those that are
known. The chain is a digest over the layers: an image for several platforms has one id for all.
"""

import base64
import binascii
import hashlib
import posixpath
import re
import tarfile
import zlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import cached_property
from itertools import chain

import msgspec
from msgspec import Struct

from hullcheck.facts.images import content_names as names
from hullcheck.facts.images.layers import FILE, SYMLINK, Entry, Layer, merged, read_layer
from hullcheck.facts.images.models import Layers, Stored, documents_in, stored_documents
from hullcheck.facts.registry import fact
from hullcheck.lazy import regex
from hullcheck.parsing.models import Model
from hullcheck.recording import Recording
from hullcheck.recording.probe import MOST, TIMED_OUT, Probe
from hullcheck.verdicts import EvidenceError

_MOST_SENT = 160 << 20  # bytes of listings that the script sends at a time
_MOST = 1 << 29  # bytes of a listing: that of half a million files
_RUNS = 0o111
_BLOCK = regex(r"^((?:layer|packages) \S+)\n((?:(?!end$|layer |packages ).*\n)*)end$", re.MULTILINE)


class Contents(Model, frozen=True, kw_only=True):
    """The contents of an image, after all layers."""

    id: str
    chain: str  # a digest over its layers
    read: float = 0.0  # when it was read; 0 for now
    special: tuple[tuple[str, str], ...]  # setuid and setgid files, with their modes as `4755`
    capable: tuple[tuple[str, tuple[str, ...]], ...]  # files with their capabilities without `CAP_`, or `UNKNOWN`
    packages: tuple[str, ...]
    databases: tuple[str, ...]  # package managers whose one file of packages was not read: `rpm`
    tools: tuple[str, ...]  # paths of package managers, shells and compilers
    keys: tuple[str, ...]  # files with the name of a key or a stored password, also those that a later layer deletes

    @property
    def tool_names(self) -> tuple[str, ...]:
        """The names of the tools, each once."""
        return tuple(sorted({posixpath.basename(path) for path in self.tools}))

    def tools_of(self, kind: str) -> tuple[str, ...]:
        """Return the paths of the tools of one kind of `content_names`."""
        return tuple(path for path in self.tools if names.tool(path) == kind)


class ImageContents(Struct, frozen=True, dict=True):
    """The contents of the images of a target."""

    recording: Recording

    def of(self, identifier: str) -> Contents:
        """Return the contents of an image by id, or raise EvidenceError if a layer was not read."""
        if identifier in self._found:
            return self._found[identifier]
        answer = self.recording.answers.get(IMAGE_CONTENTS.name)
        if answer is not None and answer.status == TIMED_OUT:
            raise EvidenceError("its layers were not read within the time of a probe; the next run goes on from here")
        self.recording.text(IMAGE_CONTENTS)  # raises if the probe says why
        raise EvidenceError("its layers could not be read, or not to their end")

    @cached_property
    def _found(self) -> Mapping[str, Contents]:
        """The contents by image, each read to the end, even of an answer that failed or is cut off."""
        answer = self.recording.answers.get(IMAGE_CONTENTS.name)
        return {each.id: each for each in documents_in(answer.stdout if answer else "", Contents)}


# ---- the answer, and what is kept of it


class _Image(Model, frozen=True):
    id: str
    layers: Layers = msgspec.field(name="RootFS")


def _images(text: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield ids and layers of images whose layers are known."""
    lines = (line for line in text.split("\n") if line.startswith("{"))
    for each in documents_in("\n".join(lines), _Image):
        if each.layers.type == "layers":
            yield each.id, each.layers.layers or ()


def _keep(text: str) -> str:
    known, _, new = f"\n{text}".partition("\nnew\n")
    blocks = dict(_BLOCK.findall(new))
    stored = stored_documents(new) if "\ncontainerd\n" in new else None
    kept = [f"known {identifier} {_chain(layers)}" for identifier, layers in _images(known)]
    read = dict[str, Layer | None]()
    for identifier, layers in _images(new):
        blobs = layers if stored is None else _blobs(identifier, layers, stored)
        for blob in blobs or ():
            if blob not in read:
                packages = [line[2:] for line in blocks.get(f"packages {blob}", "").splitlines()]
                read[blob] = _layer(blocks.get(f"layer {blob}", ""), packages)
        whole = [layer for blob in blobs or () if (layer := read[blob]) is not None]
        if blobs is not None and len(whole) == len(blobs):
            found = contents_of(identifier, _chain(layers), whole)
            kept.append(msgspec.json.encode(found).decode())
    return "\n".join((*kept, ""))


def _chain(layers: Sequence[str]) -> str:
    return hashlib.sha256(" ".join(layers).encode()).hexdigest()


def _blobs(identifier: str, layers: Sequence[str], stored: Mapping[str, Stored]) -> tuple[str, ...] | None:
    """Return the blobs of an image's layers, by the matching manifest, or None."""
    top = stored.get(identifier, Stored())
    for manifest in (top, *(stored.get(each, Stored()) for each in top.named)):
        blobs = tuple(each.digest for each in manifest.layers or ())
        rootfs = next((stored[each].rootfs for each in manifest.named if each in stored), None)
        if rootfs and (rootfs.diff_ids or ()) == layers and len(blobs) == len(layers):
            return blobs
    return None


def _layer(packed: str, packages: Sequence[str]) -> Layer | None:
    """Return the layer of a listing, or None if that is damaged."""
    try:
        unpack = zlib.decompressobj(wbits=31)
        listing = unpack.decompress(base64.b64decode(packed.replace("\n", ""), validate=True), _MOST)
        plain = [each.encode("ascii", "replace").decode() for each in packages]
        return read_layer(listing, plain) if unpack.eof else None
    except (binascii.Error, tarfile.TarError, zlib.error, SyntaxError, ValueError, KeyError, TypeError):
        return None


def contents_of(identifier: str, layers_digest: str, layers: Sequence[Layer]) -> Contents:
    """Return the contents of the image with these layers."""
    files = merged(layers)
    notable = {path: entry for path, entry in sorted(files.items()) if entry is not None}
    real = {path: entry for path, entry in notable.items() if entry.kind == FILE}
    found = notable.keys() & names.DATABASES.keys()
    listed = {path: next(each for each in reversed(layers) if path in each.files).packages for path in found}
    packages = {*filter(None, map(names.package, real)), *chain(*listed.values())}
    databases = {names.DATABASES[path] for path, found in listed.items() if not found}
    if any(path.startswith(names.DPKG) and names.package(path) for path in real):
        databases.discard("dpkg")
    if not (packages or databases or files.keys().isdisjoint(names.RELEASES)):
        databases.add(names.DISTRIBUTION)  # its release file is from a package, too
    held = {path for layer in layers for path, entry in layer.files.items() if entry and entry.kind == FILE}
    return Contents(
        id=identifier,
        chain=layers_digest,
        special=tuple((path, f"{each.mode:04o}") for path, each in real.items() if each.has_special_bits),
        capable=tuple((path, each.capabilities) for path, each in real.items() if each.capabilities),
        packages=tuple(sorted(packages)),
        databases=tuple(sorted(databases)),
        tools=tuple(path for path, entry in notable.items() if names.tool(path) and _runs(entry, files)),
        keys=tuple(sorted(filter(names.looks_like_key, held))),
    )


def _runs(entry: Entry, files: Collection[str]) -> bool:
    """Return whether the entry is a program: an executable file, or a link to one with another name."""
    if entry.kind == FILE:
        return bool(entry.mode & _RUNS)
    name = posixpath.basename(entry.target)
    is_there = any(path.endswith(f"/{name}") for path in files)
    return entry.kind == SYMLINK and not names.kind(name) and is_there


IMAGE_CONTENTS = Probe.from_file("image_contents", _keep, most=_MOST_SENT + MOST)


@fact(IMAGE_CONTENTS)
def image_contents(recording: Recording) -> ImageContents:
    """The contents of the images of the engine."""
    return ImageContents(recording)
