"""What is remembered of the contents of images."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from hullcheck.facts.images.contents import ImageContents
from hullcheck.facts.images.contents_answer import IMAGE_CONTENTS
from hullcheck.gather import image_cache
from hullcheck.inventory import Target
from hullcheck.recording import Recording
from hullcheck.recording.probe import TIMED_OUT, Answer
from hullcheck.recording.script import render
from hullcheck.verdicts import EvidenceError
from selftests.kit.facts.layers import (
    CONTAINERD,
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


@pytest.mark.parametrize(
    "damage",
    [
        lambda text: text.replace(b"status 0", b"status 2"),
        lambda text: text.replace(b"status 0\n", b""),
        lambda text: text + b"more\n",
        lambda text: text + b"more",
        lambda text: text.replace(b"-rw", b"?zz", 1),
        lambda text: text.replace(b'"x"', b"x", 1),
    ],
)
def test_listing_that_makes_no_sense(damage: object) -> None:
    """A listing by tar that did not end well, or is not understood, is no evidence."""
    assert callable(damage)
    said = answer({"a": [[]]}, CONTAINERD).partition("layer ")[0]
    good = listed(archive([("x", 0o644)]))
    for listing, expected in ((good, "pass"), (damage(good), "error")):
        block_of = block("layer", digest("blob", "a", "0"), listing)
        assert judged("4.8", facts(said + block_of, "a"))["a:1"][0] == expected


@pytest.mark.parametrize(
    "damage",
    [
        lambda pieces: [pieces[0], {**pieces[1], "type": 3}],
        lambda pieces: pieces[1:],
        lambda pieces: [{**pieces[0], "payload": "AAAA"}, *pieces[1:]],
        lambda pieces: [{**pieces[0], "payload": "?"}, *pieces[1:]],
    ],
)
def test_headers_that_make_no_sense(damage: object) -> None:
    """Nor are headers that are cut off or of a piece that nobody knows."""
    assert callable(damage)
    pieces = [json.loads(line) for line in taken_apart(archive([("x", 0o644)])).splitlines()]
    for each, expected in ((pieces, "pass"), (damage(pieces), "error")):
        listing = "\n".join(map(json.dumps, each)).encode()
        said = f"{image(digest('a'), digest('l'))}\n{block('layer', digest('l'), listing)}"
        assert judged("4.8", facts(said, "a"))["a:1"][0] == expected


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


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("Special", [["/x", 4755]]),
        ("Capable", [["/x", "ALL"]]),
        ("Tools", {}),
        ("Keys", None),
        ("Read", "now"),
    ],
)
def test_kept_image_of_another_type(field: str, value: object) -> None:
    """It is an error that names the field, and of that image alone; a line that is no JSON is so too."""
    target = facts(answer({"a": [[("x", 0o644)]], "b": [SU]}, CONTAINERD), "a", "b")
    lines = target.recording.answers["image_contents"].stdout.split("\n")
    documents = [json.loads(line) for line in lines if line]
    (number,) = [at for at, each in enumerate(documents) if not each["Special"]]
    damaged = json.dumps(documents[number] | {field: value})
    for line, reason in ((damaged, f"image_contents: {field}"), (damaged[:-9], "could not be read")):
        told = "\n".join(line if at == number else json.dumps(each) for at, each in enumerate(documents))
        contents = ImageContents(
            Recording("host", "local", {"image_contents": Answer("image_contents", 0, told, "")})
        )
        with pytest.raises(EvidenceError, match=reason):
            contents.of(documents[number]["Id"])
        assert contents.of(documents[1 - number]["Id"]).special


def test_settings_are_dropped() -> None:
    """Of an image's configuration, which may hold secrets, nothing is kept."""
    said = answer({"a": [SU]}, CONTAINERD)
    assert "hunter2" in said
    assert "hunter2" not in IMAGE_CONTENTS.keep(said)


# ---- what is remembered


def recorded(said: str, gathered: float = 1000.0, status: int = 0) -> Recording:
    """A recording of a target whose probe said this."""
    kept = Answer(IMAGE_CONTENTS.name, status, IMAGE_CONTENTS.keep(said), "")
    return Recording("host", "local", {kept.name: kept}, gathered=gathered)


def test_image_is_remembered(tmp_path: Path) -> None:
    """What was read once is told again, with the time at which it was read; what is gone is forgotten."""
    file = image_cache.file_for(tmp_path / "new", Target("host", "local://"), None)
    assert image_cache.load(file) == {}
    first = recorded(answer({"a": [SU], "b": [[]]}))
    image_cache.save(file, first)
    known = image_cache.load(file)
    assert set(known) == {digest("a"), digest("b")}
    again = image(digest("a"), digest("a", "0"), word="known")
    second = image_cache.complete(recorded(f"{again}\n{answer({'c': [[]]})}", 2000.0), known)
    contents = ImageContents(second)
    assert contents.of(digest("a")) == ImageContents(first).of(digest("a"))
    assert (contents.of(digest("a")).read, contents.of(digest("c")).read) == (1000.0, 2000.0)
    image_cache.save(file, second)
    assert set(image_cache.load(file)) == {digest("a"), digest("c")}
    assert image_cache.load(file)[digest("a")]["Read"] == 1000.0


def test_image_that_nobody_knows() -> None:
    """A target that leaves out an image which is not known gets no pass for it."""
    target = facts(f"{image(digest('a'), digest('a', '0'), word='known')}\n", "a")
    assert judged("4.8", target)["a:1"][0] == "error"
    whole = image_cache.complete(target.recording, {})
    with pytest.raises(EvidenceError):
        ImageContents(whole).of(digest("a"))


def test_image_for_several_machines(tmp_path: Path) -> None:
    """Of one id there may be other layers than those that were read: they are read by the next run."""
    file = tmp_path / "x.json"
    image_cache.save(file, recorded(answer({"a": [[]]})))
    known = image_cache.load(file)
    for layer, there in ((digest("a", "0"), True), (digest("a", "1"), False)):
        found = image_cache.complete(recorded(image(digest("a"), layer, word="known") + "\n"), known)
        assert found.answers["image_contents"].stdout.startswith("{") is there
        image_cache.save(file, found)
        assert (digest("a") in image_cache.load(file)) is there


def test_engine_that_does_not_answer(tmp_path: Path) -> None:
    """What is known stays known; a run that was cut off adds what it read."""
    file = tmp_path / "x.json"
    image_cache.save(file, recorded(answer({"a": [[]]})))
    image_cache.save(file, recorded("", status=1))
    assert set(image_cache.load(file)) == {digest("a")}
    cut = image_cache.complete(
        recorded(
            f"{image(digest('a'), digest('a', '0'), word='known')}\n{answer({'b': [[]]})}", status=TIMED_OUT
        ),
        image_cache.load(file),
    )
    image_cache.save(file, cut)
    assert set(image_cache.load(file)) == {digest("a"), digest("b")}


def test_script_names_what_is_known() -> None:
    """By the beginning of its id; whatever the target's environment says is replaced, also by nothing."""
    assert "\nexport known_images='0123456789abcdef 1111111111111111'\n" in render(
        (), known_images=(f"sha256:0123456789abcdef{'0' * 48}", f"sha256:{'1' * 64}")
    )
    assert "\nexport known_images=''\n" in render(())


def test_recording_without_the_probe() -> None:
    """A recording without the answer, or of a target that failed, is left as it is."""
    empty = replace(recorded(""), answers={})
    assert image_cache.complete(empty, {}) is empty
    image_cache.save(Path("/nonexistent/x"), empty)
    with pytest.raises(EvidenceError):
        ImageContents(empty).of(digest("a"))
