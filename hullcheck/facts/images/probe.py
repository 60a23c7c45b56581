"""The probe that describes all images in one go, and what of its answer is kept.

Its answer has two parts. First the ids of all images and of those between them, a line each, and `image
JSON` as the engine describes them. After `--blobs` what the engine stores of them, in which alone their
history is: `HEX:LINE` for each line of the file of that digest. In the store of containerd that is an
index or a manifest first, and the configurations that those name. `came SECONDS HEX`
says when the file of an image was made. Where the files cannot be read the engine is asked, image by image:
`history ID`, and a line for each step, the last one first.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import takewhile
from typing import Any

from hullcheck import secrets
from hullcheck.data.health_checks import kind_of_check
from hullcheck.facts.images import secrets as image_secrets
from hullcheck.facts.images.steps import TOLD
from hullcheck.parsing.go import go_json
from hullcheck.recording.probe import Probe
from hullcheck.secrets import configuration
from hullcheck.secrets.redact import json_object

_BLOB = re.compile(r"([0-9a-f]{64}):(.*)")
_CAME = re.compile(r"came [0-9]+ [0-9a-f]{64}")
_HISTORY = re.compile(r"history sha256:([0-9a-f]{64})")
_FIELD_NAMES = """
    architecture os variant config rootfs diff_ids history created_by comment empty_layer manifests digest
"""
_FIELDS = frozenset(_FIELD_NAMES.split())
_BASE_LABELS = ("org.opencontainers.image.base.name", "org.opencontainers.image.base.digest")


def _keep(text: str) -> str:
    head, _, rest = text.partition("\n--blobs\n")
    described = (kept for line in head.split("\n") if (kept := _described(line)))
    return "\n".join((*described, "--blobs", *_blobs(rest), ""))


def _described(line: str) -> str:
    """A line of the first part; an id stays, what is not understood goes."""
    word, _, text = line.partition(" ")
    if not text:
        return line if re.fullmatch(r"sha256:[0-9a-f]{64}", word) else ""
    document = json_object(text)
    return f"image {_compact(_image(document))}" if word == "image" and document else ""


def _image(document: Mapping[str, Any]) -> dict[str, Any]:
    fields = ("Id", "Parent", "RepoTags", "RepoDigests", "Created")
    kept = {name: document[name] for name in fields if name in document}
    kept["Tagged"] = (document.get("Metadata") or {}).get("LastTagTime")
    layers = (document.get("RootFS") or {}).get("Layers") or []
    kept["Of"] = [layers, _platform(document, "Os", "Architecture", "Variant")]
    pulls = (document.get("Identity") or {}).get("Pull") or ()
    kept["Pulled"] = [str(each["Repository"]) for each in pulls if "Repository" in each]
    if "RootFS" in document:
        kept["Config"] = _configuration(document.get("Config") or {})
    return kept


def _platform(document: Mapping[str, Any], *names: str) -> str:
    """The machines that it is for, as `linux/arm64/v8`."""
    return "/".join(str(document[name]) for name in names if document.get(name))


def _configuration(config: Mapping[str, Any]) -> dict[str, Any]:
    """Names of variables and labels without their values, and where a secret was among the values."""
    labels = config.get("Labels") or {}
    return {
        "User": config.get("User") or "",
        "Variables": [secrets.masked(str(each).partition("=")[0]) for each in config.get("Env") or ()],
        "Labels": sorted(map(secrets.masked, labels)),
        "Base": [secrets.masked(str(labels[name])) for name in _BASE_LABELS if labels.get(name)],
        "Healthcheck": kind_of_check((config.get("Healthcheck") or {}).get("Test")),
        "Secrets": configuration.in_configuration(config),
        "Later": [image_secrets.masked_step(f"ONBUILD {each}") for each in config.get("OnBuild") or ()],
    }


def _blobs(text: str) -> Iterator[str]:
    """`blob HEX JSON` for each file, and for each history that the engine was asked; times stay."""
    files = dict[str, list[str]]()
    histories = dict[str, list[str]]()
    current = list[str]()
    for line in text.split("\n"):
        if blob := _BLOB.fullmatch(line):
            files.setdefault(blob[1], []).append(blob[2])
        elif asked := _HISTORY.fullmatch(line):
            current = histories.setdefault(asked[1], [])
        elif _CAME.fullmatch(line):
            yield line
        else:
            current.append(line)
    for digest, lines in files.items():
        if document := _stored("\n".join(lines)):
            yield f"blob {digest} {_compact(_blob(document))}"
    for digest, lines in histories.items():
        steps = [json_object(line) for line in reversed(lines) if line]
        if steps and all(steps):
            yield f"blob {digest} {_compact({'Steps': _steps(steps)})}"


def _stored(text: str) -> Mapping[str, Any]:
    """What the engine stores, as it reads that; nothing where it is no JSON object."""
    try:
        document = go_json(text, _FIELDS)
    except ValueError:
        return {}
    return document if isinstance(document, dict) else {}


def _blob(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is kept of an image's configuration, or what an index or a manifest names."""
    if "rootfs" not in document:
        named = [*(document.get("manifests") or ()), document.get("config") or {}]
        return {"Names": [str(each["digest"]) for each in named if "digest" in each]}
    return {
        "Steps": _steps(document.get("history") or ()),
        "Of": [
            (document["rootfs"] or {}).get("diff_ids") or [],
            _platform(document, "os", "architecture", "variant"),
        ],
    }


def _steps(history: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return the steps of the history. The first ones may be a base that one builder of another kind made."""
    filling = [each for each in history if not _is_empty(each)]
    base = [*takewhile(lambda each: _builder(each) == _builder(filling[0]), filling)]
    if len(base) == len(filling):  # nothing was built on it
        base = []
    return [_step(each, is_base=any(each is one for one in base)) for each in history]


def _is_empty(document: Mapping[str, Any]) -> bool:
    return bool(document.get("empty_layer") or document.get("size") == "0B")


def _text(document: Mapping[str, Any]) -> str:
    return image_secrets.as_words(str(document.get("created_by") or "").strip())


def _builder(document: Mapping[str, Any]) -> str | None:
    """What a builder that has no build file calls itself, often nothing; None where the step tells more."""
    text = _text(document)
    return None if TOLD.match(text) else text.partition(" ")[0]


def _step(document: Mapping[str, Any], *, is_base: bool) -> dict[str, Any]:
    """Return a step of the history, and whether its comment tells of an import.

    Of a container that somebody made an image of, a step tells what was started in it, and not what was done there.
    Builders that have no build file (Jib, apko, ko, KIWI) tell no more than their name.
    """
    comment = str(document.get("comment") or "")
    # podman has small letters, and writes an ADD beside it
    imported = comment.lower().startswith("imported from ")
    text = "" if imported else _text(document)
    squashed = comment.startswith("merge sha256:")  # all layers in one; the steps that made them are told
    return {
        "Text": image_secrets.masked_step(text),
        "Secrets": secrets.kinds(text),
        "Imported": imported,
        "Silent": not (imported or squashed or _is_empty(document) or is_base or TOLD.match(text)),
    }


def _compact(document: Mapping[str, Any]) -> str:
    return json.dumps(document, separators=(",", ":"))


IMAGES = Probe.from_file("images", _keep)
