"""What is in images, with what later layers delete and change; and what is remembered of them."""

from __future__ import annotations

import base64
import gzip
import io
import json
import subprocess
import tarfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from hullcheck.facts.images.contents import IMAGE_CONTENTS, ImageContents
from hullcheck.gather import image_cache
from hullcheck.inventory import Target
from hullcheck.recording import Recording
from hullcheck.recording.probe import TIMED_OUT, Answer
from hullcheck.recording.script import render
from hullcheck.verdicts import EvidenceError

OWN, CONTAINERD = "own", "containerd"
each_store = pytest.mark.parametrize("store", [OWN, CONTAINERD])
SYMLINK, HARD_LINK, DIRECTORY = tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.DIRTYPE
CAPABILITY = "SCHILY.xattr.security.capability"
File = tuple[str, int] | tuple[str, int, bytes] | tuple[str, int, bytes, str]
Layer = Sequence[File]
SU: Layer = [("usr/bin/su", 0o4755)]

# ---- what the probe prints


def archive(layer: Layer, kind: int = tarfile.PAX_FORMAT, capability: bytes = b"") -> bytes:
    """A layer as it comes from a registry; every file has a body that ends within a block."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=kind) as made:
        for name, mode, *rest in layer:
            member = tarfile.TarInfo(name)
            member.mode, member.mtime, member.size = mode, 1_700_000_000, 0 if rest else 700
            if rest:
                member.type, member.linkname = rest[0], str(rest[1]) if len(rest) > 1 else ""  # type: ignore[assignment]
            elif capability:
                member.pax_headers = {CAPABILITY: capability.decode("utf-8", "surrogateescape")}
            made.addfile(member, io.BytesIO(b"x" * member.size))
    return buffer.getvalue()


def headers(data: bytes) -> bytes:
    """The headers of an archive as the engine keeps them."""
    pieces, end = list[dict[str, Any]](), 0
    with tarfile.open(fileobj=io.BytesIO(data), encoding="utf-8", errors="surrogateescape") as made:
        for member in made:
            raw = base64.b64encode(data[end : member.offset_data]).decode()
            pieces += [{"type": 2, "payload": raw}, {"type": 1, "size": member.size}]
            end = member.offset_data + member.size
    pieces.append({"type": 2, "payload": base64.b64encode(data[end:]).decode()})
    return "".join(json.dumps(piece) + "\n" for piece in pieces).encode()


def listed(data: bytes) -> bytes:
    """What tar(1) lists of an archive in the store of containerd."""
    words = [
        "tar",
        "-tv",
        "--xattrs-include=security.capability",
        "--numeric-owner",
        "--quoting-style=c",
        "-f",
        "-",
    ]
    said = subprocess.run(words, input=data, capture_output=True, check=True, env={"LC_ALL": "C"}).stdout
    return said.rstrip(b"\n") + b"\nstatus 0\n"


def digest(*words: str) -> str:
    """An id that is made of these words."""
    return f"sha256:{'-'.join(words).encode().hex():0<64}"[:71]


def image(identifier: str, *layers: str, word: str = "new") -> str:
    """How the engine describes an image with these layers, behind a line that says whether it is known."""
    return f"{word}\n{json.dumps({'Id': identifier, 'RootFS': {'Type': 'layers', 'Layers': layers or None}})}\n"


def block(identifier: str, listing: bytes) -> str:
    """A layer in the answer."""
    return f"layer {identifier}\n{base64.encodebytes(gzip.compress(listing)).decode()}end\n"


def blob(identifier: str, document: object) -> str:
    """A document in the store of containerd."""
    return f"{identifier[7:]}:{json.dumps(document)}\n"


def answer(name: str, archives: Sequence[bytes], store: str = OWN) -> str:
    """The answer on one image with these layers, from the lowest on."""
    inside = [digest(name, str(number)) for number in range(len(archives))]
    if store == OWN:
        blocks = (block(each, headers(data)) for each, data in zip(inside, archives, strict=True))
        return image(digest(name), *inside) + "".join(blocks)
    outside = [digest("blob", each[7:30]) for each in inside]
    manifest = {"config": {"digest": digest("c", name)}, "layers": [{"digest": each} for each in outside]}
    config = {"rootfs": {"diff_ids": inside}, "config": {"Env": ["PASSWORD=hunter2"]}}
    documents = "containerd\n" + blob(digest(name), manifest) + blob(digest("c", name), config)
    blocks = (block(each, listed(data)) for each, data in zip(outside, archives, strict=True))
    return image(digest(name), *inside) + documents + "".join(blocks)


def kept(said: str) -> dict[str, Any] | None:
    """What is stored of the one image, if it was read."""
    text = IMAGE_CONTENTS.keep(said)
    assert "hunter2" not in text
    return json.loads(text) if text else None


def read(said: str) -> dict[str, Any]:
    """What is stored of an image that was read."""
    found = kept(said)
    assert found is not None
    return found


def contents(*layers: Layer, store: str = OWN) -> dict[str, Any]:
    """What is stored of an image with these layers."""
    return read(answer("a", [archive(each) for each in layers], store))


# ---- setuid files and capabilities


@each_store
@pytest.mark.parametrize(
    ("file", "expected"),
    [
        (("bin/su", 0o755), []),
        (("bin/su", 0o4755), [["/bin/su", "4755"]]),
        (("./bin/su", 0o2644), [["/bin/su", "2644"]]),
        (("bin/su", 0o4777, SYMLINK, "x"), []),
        (("dev/x", 0o4755, tarfile.CHRTYPE), []),
        ((f"{'d' * 90}/{'n' * 120}", 0o4755), [[f"/{'d' * 90}/{'n' * 120}", "4755"]]),
        (('a "b" -> \\c', 0o4755), [['/a "b" -> \\c', "4755"]]),
    ],
)
def test_file_with_special_bits(store: str, file: File, expected: list[Any]) -> None:
    """A regular file with either bit counts, whatever it is named; no directory and no link does."""
    assert contents([("etc/x", 0o644), file, ("etc/y", 0o644)], store=store)["Special"] == expected


def capability(version: int, *words: int) -> bytes:
    """The capabilities of a file: the version, then what is permitted and what is inheritable, in turns."""
    return b"".join(word.to_bytes(4, "little") for word in (version << 24 | 1, *words))


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (capability(2, 1 << 7, 0, 0, 0), [["/tool", ["SETUID"]]]),
        (capability(3, 1 << 7, 0, 0, 0, 100_000), [["/tool", ["SETUID"]]]),
        (capability(2, 1 << 13, 0, 1, 0), [["/tool", ["MAC_OVERRIDE", "NET_RAW"]]]),
        (capability(2, 0, 1 << 7, 0, 1 << 7), []),
    ],
)
def test_file_capabilities(value: bytes, expected: list[Any]) -> None:
    """Those that a file permits count; what is only inheritable gives nothing. tar(1) marks such a file alone."""
    data = archive([("tool", 0o755)], capability=value)
    assert read(answer("a", [data]))["Capable"] == expected
    assert read(answer("a", [data], CONTAINERD))["Capable"] == [["/tool", ["unknown"]]]
    assert kept(answer("a", [archive([("tool", 0o755)], capability=value[:-1])])) is None


@each_store
@pytest.mark.parametrize("kind", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_kinds_of_archives(kind: int, store: str) -> None:
    """The three kinds of headers that archives have are read alike, long names of links among them."""
    long = "/".join(("d" * 80, "n" * (10 if kind == tarfile.USTAR_FORMAT else 60)))
    data = archive([(long, 0o4755), ("short", 0o4755, HARD_LINK, long)], kind)
    assert read(answer("a", [data], store))["Special"] == [[f"/{long}", "4755"], ["/short", "4755"]]


# ---- layers over each other

BOTH: Layer = [("a", 0o4755), ("b", 0o4755, HARD_LINK, "a")]


@each_store
@pytest.mark.parametrize(
    ("below", "above", "expected"),
    [
        (SU, [("usr/bin/su", 0o755)], ""),
        (SU, [("usr/bin/su", 0o2711)], "/usr/bin/su"),
        (SU, [("usr/bin/.wh.su", 0)], ""),
        (SU, [("usr/.wh.bin", 0)], ""),
        (SU, [("usr/.wh..wh..opq", 0), ("usr/bin/x", 0o755)], ""),
        (SU, [("usr/bin", 0o755, DIRECTORY)], "/usr/bin/su"),
        (SU, [("usr/bin/su", 0o755, DIRECTORY)], ""),
        (SU, [("usr/bin", 0o777, SYMLINK, "/bin")], ""),
        (SU, [("usr/bin/.wh.su", 0), ("usr/bin/su", 0o4755)], "/usr/bin/su"),
        (SU, [("usr/bin/.wh..wh..opq", 0), ("usr/bin/su", 0o4755)], "/usr/bin/su"),
        (BOTH, [], "/a /b"),
        (BOTH, [(".wh.a", 0)], "/b"),
        (BOTH, [(".wh.a", 0), (".wh.b", 0)], ""),
    ],
)
def test_later_layer_decides(store: str, below: Layer, above: Layer, expected: str) -> None:
    """What a later layer deletes, replaces or changes counts as it says; what it leaves alone stays."""
    for layers in ((below, above), (below, [], above, [("tmp/x", 0o644)])):
        found = contents(*layers, store=store)["Special"]
        assert [path for path, _ in found] == expected.split()


@each_store
def test_image_without_layers(store: str) -> None:
    """An image of settings alone holds nothing; one whose layers the engine does not name is not read."""
    found = read(answer("a", [], store))
    assert (found["Special"], found["Packages"], found["Tools"], found["Keys"]) == ([], [], [], [])
    for rootfs in ({}, {"Type": "x"}):
        assert kept(f"new\n{json.dumps({'Id': digest('a'), 'RootFS': rootfs})}\n") is None


# ---- packages, tools and keys


@each_store
def test_packages(store: str) -> None:
    """Packages have files that are named after them; a later layer may remove some."""
    debian = [(f"var/lib/dpkg/info/{each}", 0o644) for each in ("libc6:amd64.list", "bash.list", "bash.md5sums")]
    assert contents(debian, store=store)["Packages"] == ["bash", "libc6"]
    assert contents(debian, [("var/lib/dpkg/info/.wh.bash.list", 0)], store=store)["Packages"] == ["libc6"]


NPM: File = ("usr/lib/npm/npm-cli.js", 0o644)
LINK: File = ("usr/bin/npm", 0o777, SYMLINK, "../lib/npm/npm-cli.js")


@pytest.mark.parametrize(
    ("layers", "expected"),
    [
        ([[("bin/busybox", 0o755)]], "/bin/busybox"),
        ([[("bin/busybox", 0o644)]], ""),
        ([[("etc/bash", 0o755)]], ""),
        ([[LINK, NPM]], "/usr/bin/npm"),
        ([[LINK]], ""),
        ([[LINK, NPM], [("usr/lib/npm/.wh.npm-cli.js", 0)]], ""),
        ([[("bin/sh", 0o777, SYMLINK, "busybox"), ("bin/busybox", 0o755)]], "/bin/busybox"),
    ],
)
def test_tools(layers: list[Layer], expected: str) -> None:
    """Programs in folders for them that may be started, and links to files that are not known by their own names."""
    assert contents(*layers)["Tools"] == expected.split()


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ("app", []),
        ("etc/os-release", ["its distribution"]),
        ("srv/chroot/etc/os-release", []),
        ("etc/debian_version lib/apk/db/installed", ["apk"]),
        ("etc/os-release var/lib/dpkg/info/sed.list", []),
        ("var/lib/dpkg/status", ["dpkg"]),
        ("var/lib/dpkg/status var/lib/dpkg/info/sed.list", []),
        ("var/lib/rpm/rpmdb.sqlite", ["rpm"]),
    ],
)
def test_packages_that_no_list_names(files: str, expected: list[str]) -> None:
    """What belongs to a distribution has packages: where none is named, the control has to know."""
    assert contents([(each, 0o644) for each in files.split()])["Databases"] == expected


@pytest.mark.parametrize(
    ("lists", "expected"),
    [
        ({"0": "P:gcc", "1": "P:musl"}, (["musl"], [])),
        ({"0": "P:gcc"}, ([], ["apk"])),
        ({}, ([], ["apk"])),
    ],
)
def test_packages_of_apk(lists: dict[str, str], expected: tuple[list[str], list[str]]) -> None:
    """They are in one file, and that of the last layer counts."""
    blocks = "".join(f"packages {digest('a', number)}\n{text}\nend\n" for number, text in lists.items())
    found = read(answer("a", [archive([("lib/apk/db/installed", 0o644)])] * 2) + blocks)
    assert (found["Packages"], found["Databases"]) == expected


def test_keys() -> None:
    """A file that a later layer deletes is still in the image."""
    assert contents([("root/.ssh/id_rsa", 0o600)], [("root/.wh..ssh", 0)])["Keys"] == ["/root/.ssh/id_rsa"]


# ---- answers that are no evidence


def without_second_header(listing: bytes) -> bytes:
    """Of an archive with two files, the listing with nonsense in the place of the second header."""
    lines = listing.splitlines()
    raw = base64.b64decode(json.loads(lines[2])["payload"])
    piece = {"type": 2, "payload": base64.b64encode(b"x" * len(raw)).decode()}
    return b"\n".join((*lines[:2], json.dumps(piece).encode(), *lines[3:]))


@pytest.mark.parametrize(
    ("store", "damage"),
    [
        (CONTAINERD, lambda text: text.replace(b"status 0", b"status 2")),
        (CONTAINERD, lambda text: text.replace(b"status 0\n", b"")),
        (CONTAINERD, lambda text: text.replace(b"-rw", b"?zz")),
        (OWN, lambda text: text.replace(b'"type": 1', b'"type": 3')),
        (OWN, lambda text: text.partition(b"\n")[2]),
        (OWN, without_second_header),
    ],
)
def test_listing_that_makes_no_sense(store: str, damage: Callable[[bytes], bytes]) -> None:
    """A listing that did not end well, or is not understood, is no evidence; nor is one that is cut off."""
    said, _, _ = answer("a", [archive([])], store).partition("layer ")
    good = (listed if store == CONTAINERD else headers)(archive([("x", 0o644), ("y", 0o644)]))
    of = digest("blob", digest("a", "0")[7:30]) if store == CONTAINERD else digest("a", "0")
    assert kept(said + block(of, good))
    assert kept(said + block(of, damage(good))) is None
    cut = base64.encodebytes(gzip.compress(good)[:-1]).decode()
    assert kept(f"{said}layer {of}\n{cut}end\n") is None


def test_image_for_several_machines() -> None:
    """Of several manifests that one counts whose configuration names the layers of the image."""
    said = "".join(
        answer(name, [archive(layer)], CONTAINERD).partition("containerd\n")[2]
        for name, layer in (("a", [("x", 0o644)]), ("b", SU))
    )
    top, gone = digest("top"), digest("gone")
    said = (
        "containerd\n"
        + blob(top, {"manifests": [{"digest": each} for each in (gone, digest("b"), digest("a"))]})
        + said
    )
    for name, expected in (("a", []), ("b", [["/usr/bin/su", "4755"]])):
        assert read(image(top, digest(name, "0")) + said)["Special"] == expected
    assert kept(image(top, digest("c", "0")) + said) is None


# ---- what is remembered


def recorded(said: str, gathered: float = 1000.0, status: int = 0) -> Recording:
    """A recording of a target whose probe said this."""
    answers = {"image_contents": Answer("image_contents", status, IMAGE_CONTENTS.keep(said), "")}
    return Recording("host", "local", answers, gathered=gathered)


def known(name: str, layer: str = "0") -> str:
    """What is said of an image that the target leaves out."""
    return image(digest(name), digest(name, layer), word="known")


A, B = (answer(name, [archive(SU)]) for name in "ab")


def test_image_is_remembered(tmp_path: Path) -> None:
    """What was read once is there again, with the time at which it was read; what is gone is forgotten."""
    file = image_cache.file_for(tmp_path / "new", Target("host", "local://"), None)
    assert image_cache.load(file) == {}
    image_cache.save(file, recorded(A))
    before = image_cache.load(file)
    assert set(before) == {digest("a")}
    second = image_cache.complete(recorded(known("a") + B, 2000.0), before)
    found = ImageContents(second)
    assert [path for path, _ in found.of(digest("a")).special] == ["/usr/bin/su"]
    assert (found.of(digest("a")).read, found.of(digest("b")).read) == (1000.0, 0.0)
    image_cache.save(file, image_cache.complete(recorded(B, 3000.0), before))
    assert set(image_cache.load(file)) == {digest("b")}
    file.write_text(file.read_text().replace("hullcheck/images/", "other/"))
    assert image_cache.load(file) == {}


def test_image_that_nobody_knows(tmp_path: Path) -> None:
    """What a target leaves out and is not known, or has other layers by now, was not read."""
    file = tmp_path / "x.json"
    image_cache.save(file, recorded(A))
    layers = image_cache.complete(recorded(known("a", "1")), image_cache.load(file))
    for recording in (image_cache.complete(recorded(known("a")), {}), layers):
        with pytest.raises(EvidenceError, match="its layers could not be read"):
            ImageContents(recording).of(digest("a"))
    with pytest.raises(EvidenceError, match="the next run goes on from here"):
        ImageContents(recorded("", status=TIMED_OUT)).of(digest("a"))


def test_engine_that_does_not_answer(tmp_path: Path) -> None:
    """What is known stays known; a run that was cut off adds what it read."""
    file = tmp_path / "x.json"
    image_cache.save(file, recorded(A))
    image_cache.save(file, recorded("", status=1))
    assert set(image_cache.load(file)) == {digest("a")}
    cut = recorded(known("a") + B, status=TIMED_OUT)
    image_cache.save(file, image_cache.complete(cut, image_cache.load(file)))
    assert set(image_cache.load(file)) == {digest("a"), digest("b")}


def test_script_names_what_is_known() -> None:
    """By the beginning of its id; whatever the target's environment says is replaced, also by nothing."""
    ids = (f"sha256:0123456789abcdef{'0' * 48}", f"sha256:{'1' * 64}")
    assert "\nexport known_images='0123456789abcdef 1111111111111111'\n" in render((), known_images=ids)
    assert "\nexport known_images=''\n" in render(())
