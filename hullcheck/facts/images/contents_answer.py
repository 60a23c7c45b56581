"""The probe that lists the files of images, and what of its answer is kept.

Nothing is run, mounted or unpacked for it. Where the engine keeps its own store it has written down, for each
layer, the headers of the archive that the layer came in (`tar-split.json.gz`), whatever the storage driver is. In
the store of containerd the archives themselves are there. Either tells of deleted files and replaced directories
as layers do. Reading needs root: to have a layer packed by `docker save` would write to the target.

The answer has a line `image ID JSON` for each image, with its layers, or `known ID JSON` for one that needs no reading;
then, in the store of containerd, the line `containerd` and `HEX:LINE` for each line of what leads from an image to
its blobs; then for each layer the line `layer DIGEST`, a listing, packed by gzip and base64, and `end`; where it
holds the list of apk, `packages DIGEST`, a line for each, and `end`.

What is kept is one JSON object for each image whose layers were all read, and `known ID CHAIN` for those that are
known. The chain is a digest over the layers: of an image for several machines, the id does not tell which is there.
"""

import base64
import binascii
import hashlib
import json
import re
import tarfile
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from hullcheck.facts.images.layer import Layer, read_layer
from hullcheck.facts.images.layer_merge import merged, summary
from hullcheck.parsing.documents import fits
from hullcheck.recording.probe import MOST, Probe
from hullcheck.secrets.redact import json_object

_DESCRIPTOR = {"digest": str}
_MANIFEST = {
    "manifests?": (None, [_DESCRIPTOR]),
    "layers?": (None, [_DESCRIPTOR]),
    "config?": (None, _DESCRIPTOR),
}
_CONFIG = {"rootfs?": (None, {"diff_ids?": (None, [str])})}
_MOST_SENT = 160 << 20  # bytes of listings that are sent at a time; the next run goes on from there


_IMAGE = re.compile(r"(image|known) (sha256:[0-9a-f]{64}) (.*)")
_LINE = re.compile(r"([0-9a-f]{64}):(.*)")
_MOST = 1 << 29  # bytes of a listing: that of half a million files


@dataclass
class _Answer:
    """The parts of an answer, of which the last may be cut off."""

    images: dict[str, tuple[str, ...]] = field(default_factory=dict)
    known: dict[str, tuple[str, ...]] = field(default_factory=dict)
    in_containerd: bool = False
    documents: dict[str, list[str]] = field(default_factory=dict)
    layers: dict[str, str] = field(default_factory=dict)
    packages: dict[str, list[str]] = field(default_factory=dict)


def _keep(text: str) -> str:
    answer = _parse(text)
    documents = {f"sha256:{name}": json_object("\n".join(lines)) for name, lines in answer.documents.items()}
    read = dict[str, Layer | None]()
    lines = [f"known {identifier} {_chain(layers)}" for identifier, layers in answer.known.items()]
    for identifier, layers in answer.images.items():
        blobs = _blobs(identifier, layers, documents) if answer.in_containerd else layers
        if blobs is None:
            continue
        for blob in blobs:
            if blob not in read:
                read[blob] = _layer(answer.layers.get(blob, ""), answer.packages.get(blob, []))
        whole = [layer for blob in blobs if (layer := read[blob]) is not None]
        if len(whole) == len(blobs):
            found = summary(merged(whole), whole)
            lines.append(
                json.dumps({"Id": identifier, "Chain": _chain(layers), **found}, separators=(",", ":"))
            )
    return "\n".join((*lines, ""))


def _parse(text: str) -> _Answer:
    answer = _Answer()
    what, held = "", list[str]()
    for line in text.split("\n"):
        if line.startswith(("layer ", "packages ")):
            what, held = line, []
        elif what and line == "end":
            _take(answer, what, held)
            what = ""
        elif what:
            held.append(line)
        elif match := _IMAGE.fullmatch(line):
            layers = json_object(match[3])
            if layers.get("Type") == "layers":  # one that has none is not an image of which they are not told
                images = answer.images if match[1] == "image" else answer.known
                images[match[2]] = tuple(map(str, layers.get("Layers") or ()))
        elif line == "containerd":
            answer.in_containerd = True
        elif match := _LINE.fullmatch(line):
            answer.documents.setdefault(match[1], []).append(match[2])
    return answer


def _chain(layers: Sequence[str]) -> str:
    return hashlib.sha256(" ".join(layers).encode()).hexdigest()


def _take(answer: _Answer, what: str, lines: list[str]) -> None:
    word, _, layer = what.partition(" ")
    if word == "layer":
        answer.layers[layer] = "".join(lines)
    else:
        answer.packages[layer] = [line.removeprefix("P:") for line in lines]


def _blobs(
    identifier: str, layers: Sequence[str], documents: Mapping[str, Mapping[str, Any]]
) -> tuple[str, ...] | None:
    """The blobs of an image's layers, by the manifest whose configuration names these layers; None if not there."""
    top = documents.get(identifier, {})
    if not fits(top, _MANIFEST):
        return None
    manifests = [top, *(documents.get(each["digest"], {}) for each in top.get("manifests") or ())]
    for manifest in manifests:
        if not fits(manifest, _MANIFEST):
            continue
        config = documents.get(str((manifest.get("config") or {}).get("digest")), {})
        blobs = tuple(str(each["digest"]) for each in manifest.get("layers") or ())
        whole = bool(config) and fits(config, _CONFIG)
        named = tuple((config.get("rootfs") or {}).get("diff_ids") or ()) if whole else None
        if named == tuple(layers) and len(blobs) == len(layers):
            return blobs
    return None


def _layer(packed: str, packages: Sequence[str]) -> Layer | None:
    """The layer whose listing this is; None where it was not read or makes no sense."""
    try:
        unpack = zlib.decompressobj(wbits=31)
        listing = unpack.decompress(base64.b64decode(packed, validate=True), _MOST)
        return read_layer(listing, packages) if unpack.eof else None
    except (binascii.Error, tarfile.TarError, zlib.error, SyntaxError, ValueError, KeyError, TypeError):
        return None


IMAGE_CONTENTS = Probe.from_file("image_contents", _keep, most=_MOST_SENT + MOST, MOST=str(_MOST_SENT))
