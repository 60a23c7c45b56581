"""Layers of images, made by hand."""

from __future__ import annotations

import base64
import gzip
import io
import json
import subprocess
import tarfile
from collections.abc import Sequence

import pytest

from hullcheck.facts import Facts
from hullcheck.facts.images import Image
from hullcheck.facts.subjects import Subjects
from hullcheck.policy import Policy
from hullcheck.recording import Recording
from selftests.kit.facts.images import answered

OWN, CONTAINERD = "own", "containerd"


each_store = pytest.mark.parametrize("store", [OWN, CONTAINERD])
File = tuple[str, int] | tuple[str, int, bytes] | tuple[str, int, bytes, str]
Layer = Sequence[File]


def archive(layer: Layer, kind: int = tarfile.PAX_FORMAT) -> bytes:
    """A layer as it comes from a registry; every file has a body that ends within a block."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=kind) as made:
        for name, mode, *rest in layer:
            member = tarfile.TarInfo(name)
            member.mode, member.mtime = mode, 1_700_000_000
            if rest:
                member.type = rest[0]  # type: ignore[assignment]
                member.linkname = str(rest[1]) if len(rest) > 1 else ""
                made.addfile(member)
            else:
                member.size = 700
                made.addfile(member, io.BytesIO(b"x" * 700))
    return buffer.getvalue()


def taken_apart(data: bytes) -> bytes:
    """The headers of an archive as the engine keeps them."""
    pieces, end = list[dict[str, object]](), 0
    with tarfile.open(fileobj=io.BytesIO(data), encoding="utf-8", errors="surrogateescape") as made:
        for member in made:
            payload = base64.b64encode(data[end : member.offset_data]).decode()
            pieces.append({"type": 2, "payload": payload, "position": len(pieces)})
            name = member.name.encode("utf-8", "surrogateescape")
            named = {"name": member.name} if name.isascii() else {"name_raw": base64.b64encode(name).decode()}
            pieces.append({"type": 1, **named, "size": member.size, "position": len(pieces)})
            end = member.offset_data + member.size
    pieces.append({"type": 2, "payload": base64.b64encode(data[end:]).decode(), "position": len(pieces)})
    return "".join(json.dumps(piece) + "\n" for piece in pieces).encode()


def listed(data: bytes) -> bytes:
    """What the probe prints of an archive in the store of containerd."""
    command = (
        "tar",
        "-tv",
        "--xattrs-include=security.capability",
        "--numeric-owner",
        "--quoting-style=c",
        "-f",
        "-",
    )
    said = subprocess.run(command, input=data, capture_output=True, check=True, env={"LC_ALL": "C"}).stdout
    return said.rstrip(b"\n") + b"\nstatus 0\n"


def digest(*words: str) -> str:
    """An id that is made of these words."""
    return f"sha256:{'-'.join(words).encode().hex():0<64}"[:71]


def image(identifier: str, *layers: str, word: str = "new") -> str:
    """How the engine describes an image with these layers, behind a line that says whether it is known."""
    return f"{word}\n{json.dumps({'Id': identifier, 'RootFS': {'Type': 'layers', 'Layers': layers or None}})}"


def block(word: str, identifier: str, listing: bytes) -> str:
    """A layer in the answer of the probe."""
    return f"{word} {identifier}\n{base64.encodebytes(gzip.compress(listing)).decode()}end\n"


def answer(images: dict[str, Sequence[Layer]], store: str = OWN, packages: str = "") -> str:
    """What the probe prints of these images, each a list of layers from the lowest on."""
    lines, documents, blocks = list[str](), list[str](), list[str]()
    for name, layers in images.items():
        numbers = [str(number) for number in range(len(layers))]
        inside = [digest(name, number) for number in numbers]
        outside = inside if store == OWN else [digest("blob", name, number) for number in numbers]
        lines.append(image(digest(name), *inside))
        manifest = {"config": {"digest": digest("c", name)}, "layers": [{"digest": each} for each in outside]}
        config = {"rootfs": {"diff_ids": inside}, "config": {"Env": ["PASSWORD=hunter2"]}}
        documents += [
            f"{digest(name)[7:]}:{json.dumps(manifest)}",
            f"{digest('c', name)[7:]}:{json.dumps(config)}",
        ]
        read = taken_apart if store == OWN else listed
        blocks += [
            block("layer", each, read(archive(layer))) for each, layer in zip(outside, layers, strict=True)
        ]
    head = [*lines, "containerd", *documents] if store == CONTAINERD else lines
    return "\n".join(head) + "\n" + "".join(blocks) + packages


def facts(said: str, *names: str, status: int = 0, stderr: str = "", policy: Policy | None = None) -> Facts:
    """A target whose probe said this, with images of these names."""
    kept = answered("image_contents", said, status=status, stderr=stderr)
    recording = Recording("host", "local", {kept.name: kept}, gathered=1000.0)
    found = tuple((f"{name}:1", Image(id=digest(name), tags=(f"{name}:1",))) for name in names)
    return Facts(recording, policy or Policy(), image=Subjects("image", found))


SU: Layer = [("usr/bin/su", 0o4755)]
