"""What is remembered of the contents of images."""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from msgspec.structs import replace

from hullcheck.facts.images.contents import ImageContents
from hullcheck.gather import image_cache
from hullcheck.inventory import Target
from hullcheck.recording import Recording
from hullcheck.recording.probe import TIMED_OUT
from hullcheck.recording.script import render
from hullcheck.verdicts import EvidenceError
from selftests.kit.facts.images import answered
from selftests.kit.facts.layers import (
    CONTAINERD,
    OWN,
    SU,
    answer,
    archive,
    block,
    digest,
    each_store,
    facts,
    image,
    listed,
    taken_apart,
)
from selftests.kit.judging import judged

# ---- evidence


@each_store
def test_answer_that_is_cut_off(store: str) -> None:
    """Wherever an answer ends, no image passes whose layers were not all read."""
    said = answer({"a": [[("x", 0o644)], [("y", 0o644)]]}, store)
    whole = said.rstrip("\n")
    for length in range(0, len(whole), 7):
        target = facts(said[:length], "a", status=TIMED_OUT)
        assert judged("4.8", target)["a:1"] == (
            "error",
            "its layers were not read within the time of a probe; the next run goes on from here",
        )
    assert judged("4.8", facts(said, "a", status=TIMED_OUT))["a:1"][0] == "pass"


@each_store
def test_one_image_that_was_not_read(store: str) -> None:
    """The others are judged; it is an error that says why, if anything does."""
    said = answer({"a": [SU], "b": [[]]}, store)
    cut = said[: said.rindex("layer ")]
    found = judged("4.8", facts(cut, "a", "b"))
    assert found["a:1"][0] == "fail"
    assert found["b:1"] == ("error", "its layers could not be read, or not to their end")
    found = judged("4.8", facts(cut, "a", "b", status=1, stderr="it takes root"))
    assert found["b:1"] == ("error", "image_contents: it takes root")
    assert judged("4.8", facts("", "a"))["a:1"][0] == "error"


def renamed(old: bytes, new: bytes) -> Callable[[bytes], bytes]:
    """Damage to a listing."""
    return lambda text: text.replace(old, new, 1)


def without_second_header(listing: bytes) -> bytes:
    """Of an archive with two files, the listing with nonsense in the place of the second header."""
    lines = listing.splitlines()
    piece = json.loads(lines[2])
    piece["payload"] = base64.b64encode(b"x" * len(base64.b64decode(piece["payload"]))).decode()
    return b"\n".join((*lines[:2], json.dumps(piece).encode(), *lines[3:]))


@pytest.mark.parametrize(
    ("store", "damage"),
    [
        (CONTAINERD, renamed(b"status 0", b"status 2")),
        (CONTAINERD, renamed(b"status 0\n", b"")),
        (CONTAINERD, lambda text: text + b"more\n"),
        (CONTAINERD, renamed(b"-rw", b"?zz")),
        (CONTAINERD, renamed(b'"x"', b"x")),
        (OWN, renamed(b'"type": 1', b'"type": 3')),
        (OWN, lambda text: text.partition(b"\n")[2]),
        (OWN, renamed(b'"payload": "', b'"payload": "?')),
        (OWN, without_second_header),
    ],
)
def test_listing_that_makes_no_sense(store: str, damage: Callable[[bytes], bytes]) -> None:
    """A listing that did not end well, or is not understood, is no evidence."""
    said, _, _ = answer({"a": [[]]}, store).partition("layer ")
    good = (listed if store == CONTAINERD else taken_apart)(archive([("x", 0o644), ("y", 0o644)]))
    of = digest("blob", "a", "0") if store == CONTAINERD else digest("a", "0")
    for listing, expected in ((good, "pass"), (damage(good), "error")):
        assert judged("4.8", facts(said + block("layer", of, listing), "a"))["a:1"][0] == expected
    cut = base64.encodebytes(gzip.compress(good)[:-1]).decode()
    assert judged("4.8", facts(f"{said}layer {of}\n{cut}end\n", "a"))["a:1"][0] == "error"


def test_manifest_of_another_machine() -> None:
    """Of several manifests that one counts whose configuration names the layers of the image."""
    said = answer({"a": [[("x", 0o644)]], "b": [SU]}, CONTAINERD)
    bare = digest("bare")  # a manifest whose configuration is not there, as one that is not there at all
    named = [{"digest": each} for each in (digest("gone"), bare, digest("b"), digest("a"))]
    said += f"{bare[7:]}:{json.dumps({'config': {'digest': digest('gone')}})}\n"
    index = json.dumps({"manifests": named})
    top = digest("top")
    said += f"{top[7:]}:{index}\n"
    assert judged("4.8", facts(f"{image(top, digest('a', '0'))}\n{said}", "top"))["top:1"][0] == "pass"
    assert judged("4.8", facts(f"{image(top, digest('b', '0'))}\n{said}", "top"))["top:1"][0] == "fail"
    assert judged("4.8", facts(f"{image(top, digest('c', '0'))}\n{said}", "top"))["top:1"][0] == "error"
    assert judged("4.8", facts(f"{image(top)}\n{said}", "top"))["top:1"][0] == "error"


def test_settings_are_dropped() -> None:
    """Of an image's configuration, which may hold secrets, nothing is kept."""
    said = answer({"a": [SU]}, CONTAINERD)
    assert "hunter2" in said
    assert "hunter2" not in answered("image_contents", said).stdout


# ---- what is remembered


def recorded(said: str, gathered: float = 1000.0, status: int = 0) -> Recording:
    """A recording of a target whose probe said this."""
    kept = answered("image_contents", said, status=status)
    return Recording("host", "local", {kept.name: kept}, gathered=gathered)


def known(name: str, layer: str = "0") -> str:
    """What is said of an image that the target leaves out."""
    return f"{image(digest(name), digest(name, layer), word='known')}\n"


def test_image_is_remembered(tmp_path: Path) -> None:
    """What was read once is told again, with the time at which it was read; what is gone is forgotten."""
    file = image_cache.file_for(tmp_path / "new", Target("host", "local://"), None)
    assert image_cache.load(file) == {}
    first = recorded(answer({"a": [SU], "b": [[]]}))
    image_cache.save(file, first)
    before = image_cache.load(file)
    assert set(before) == {digest("a"), digest("b")}
    second = image_cache.complete(recorded(known("a") + answer({"c": [[]]}), 2000.0), before)
    contents = ImageContents(second)
    assert contents.of(digest("a")).special == ImageContents(first).of(digest("a")).special
    assert (contents.of(digest("a")).read, contents.of(digest("c")).read) == (1000.0, 0.0)
    image_cache.save(file, second)
    after = image_cache.load(file)
    assert (set(after), after[digest("a")]["Read"]) == ({digest("a"), digest("c")}, 1000.0)


def test_image_that_nobody_knows() -> None:
    """A target that leaves out an image which is not known gets no pass for it."""
    target = facts(known("a"), "a")
    assert judged("4.8", target)["a:1"][0] == "error"
    with pytest.raises(EvidenceError):
        ImageContents(image_cache.complete(target.recording, {})).of(digest("a"))


@pytest.mark.parametrize(("layer", "there"), [("0", True), ("1", False)])
def test_image_for_several_machines(tmp_path: Path, layer: str, there: bool) -> None:
    """Of one id there may be other layers than those that were read: they are read by the next run."""
    file = tmp_path / "x.json"
    image_cache.save(file, recorded(answer({"a": [[]]})))
    found = image_cache.complete(recorded(known("a", layer)), image_cache.load(file))
    assert found.answers["image_contents"].stdout.startswith("{") is there
    image_cache.save(file, found)
    assert (digest("a") in image_cache.load(file)) is there


def test_engine_that_does_not_answer(tmp_path: Path) -> None:
    """What is known stays known; a run that was cut off adds what it read."""
    file = tmp_path / "x.json"
    image_cache.save(file, recorded(answer({"a": [[]]})))
    image_cache.save(file, recorded("", status=1))
    assert set(image_cache.load(file)) == {digest("a")}
    cut = recorded(known("a") + answer({"b": [[]]}), status=TIMED_OUT)
    image_cache.save(file, image_cache.complete(cut, image_cache.load(file)))
    assert set(image_cache.load(file)) == {digest("a"), digest("b")}


def test_script_names_what_is_known() -> None:
    """By the beginning of its id; whatever the target's environment says is replaced, also by nothing."""
    ids = (f"sha256:0123456789abcdef{'0' * 48}", f"sha256:{'1' * 64}")
    assert "\nexport known_images='0123456789abcdef 1111111111111111'\n" in render((), known_images=ids)
    assert "\nexport known_images=''\n" in render(())


def test_recording_without_the_probe() -> None:
    """A recording without the answer, or of a target that failed, is left as it is."""
    empty = replace(recorded(""), answers={})
    assert image_cache.complete(empty, {}) is empty
    image_cache.save(Path("/nonexistent/x"), empty)
    with pytest.raises(EvidenceError):
        ImageContents(empty).of(digest("a"))
