"""The probe that describes all images in one go, and what of its answer is kept.

Its answer has two parts. First the ids of all images and of those between them, a line each, and `image
JSON` as the engine describes them. After `--blobs` what the engine stores of them, in which alone their
history is: `HEX:LINE` for each line of the file of that digest. In the store of containerd that is an
index or a manifest first, and what those name: configurations, and the provenance of a build. `came SECONDS HEX`
says when the file of an image was made. Where the files cannot be read the engine is asked, image by image:
`history ID`, and a line for each step, the last one first.
"""

import json
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import takewhile
from typing import Any

from hullcheck import secrets
from hullcheck.data.health_checks import kind_of_check
from hullcheck.facts.images import provenance
from hullcheck.facts.images import secrets as image_secrets
from hullcheck.facts.images.steps import TOLD
from hullcheck.parsing.documents import NAMES, fits
from hullcheck.parsing.go import go_json
from hullcheck.recording.probe import Probe
from hullcheck.secrets import configuration
from hullcheck.secrets.redact import json_object

_BLOB = re.compile(r"([0-9a-f]{64}):(.*)")
_CAME = re.compile(r"came [0-9]+ [0-9a-f]{64}")
_HISTORY = re.compile(r"history sha256:([0-9a-f]{64})")
_DEFAULT = re.compile(r"(?:.*#\(nop\) +)?CMD (\[.*\])", re.DOTALL)
_INSTRUCTION = re.compile(r"[A-Z]+ |.*#\(nop\)", re.DOTALL)
_WORD = re.compile(r'"((?:[^"\\]|\\.)*)"')
_FIELD_NAMES = """
    architecture os variant config container_config rootfs diff_ids history created_by author comment empty_layer Cmd
    Hostname manifests layers annotations digest predicateType
"""
_FIELDS = frozenset(_FIELD_NAMES.split())
_PARTS = ("config", "history", "rootfs")
_CONTAINER = {
    **dict.fromkeys(("Env?", "Cmd?", "Entrypoint?", "OnBuild?"), NAMES),
    "Labels?": (None, {"*": str}),
    "Healthcheck?": (None, {"Test?": NAMES}),
}
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
    """An image's configuration, the secrets of a provenance, or what an index or a manifest names."""
    if "rootfs" in document:
        layers = (document["rootfs"] or {}).get("diff_ids") or []
        of_container = bool((document.get("config") or {}).get("Hostname"))
        steps = _steps(document.get("history") or (), _started(document), of_container=of_container)
        return {
            "Steps": steps,
            "Of": [layers, _platform(document, "os", "architecture", "variant")],
            "Attested": list(_in_other_parts(document)),
        }
    if provenance.is_provenance(document.get("predicateType")):
        return {"Attested": provenance.secrets_in(document)}
    layers = (
        each for each in document.get("layers") or () if provenance.is_provenance(_predicate_type(each))
    )
    named = [*(document.get("manifests") or ()), *layers, document.get("config") or {}]
    annotations = [each.get("annotations") or {} for each in (document, *named)]
    settings = ((str(name), str(value)) for each in annotations for name, value in each.items())
    return {
        "Names": [str(each["digest"]) for each in named if "digest" in each],
        "Attested": list(secrets.in_settings("annotation", settings)),
    }


def _in_other_parts(document: Mapping[str, Any]) -> Iterator[str]:
    """The secrets in what is stored beside the configuration and the steps.

    Builders write there what they know, and the makers of older images the configuration of a container, also what they
    changed of it for the image.
    """
    known = [each.get(name) for each in document.get("history") or () for name in ("author", "comment")]
    rest = {name: each for name, each in document.items() if name not in _PARTS and each not in known}
    if fits(container := rest.get("container_config", {}), _CONTAINER):
        rest.pop("container_config", None)
        own = configuration.in_configuration(document.get("config") or {})
        found = (each for each in configuration.in_configuration(container) if each not in own)
        yield from (f"{each} (its container_config)" for each in found)
    yield from (f"{each} (beside its configuration)" for each in secrets.kinds(_compact(rest)))


def _predicate_type(layer: Mapping[str, Any]) -> Any:
    return (layer.get("annotations") or {}).get("in-toto.io/predicate-type")


def _started(document: Mapping[str, Any]) -> frozenset[str]:
    """What is started where nobody says anything else: in containers of the image, and of those below it."""
    texts = (str(each.get("created_by") or "").strip() for each in document.get("history") or ())
    defaults = [_WORD.findall(match[1]) for text in texts if (match := _DEFAULT.match(text))]
    defaults.append([str(each) for each in (document.get("config") or {}).get("Cmd") or ()])
    return frozenset(" ".join(words) for words in defaults if words)


def _steps(
    history: Sequence[Mapping[str, Any]], started: Collection[str] = (), *, of_container: bool = False
) -> list[dict[str, Any]]:
    """The steps of the history. The first ones may be a base that one builder of another kind made.

    Args:
        started: what is started in containers of the image where nobody says anything else.
        of_container: whether its configuration has the host name of a container, as only that of a commit does: the
            last command in the history, or one before it, is what was started in that container.
    """
    filling = [each for each in history if not _is_empty(each)]
    base = [*takewhile(lambda each: _builder(each) == _builder(filling[0]), filling)]
    if len(base) == len(filling):  # nothing was built on it
        base = []
    commands = [text for each in filling if not _INSTRUCTION.match(text := _text(each))]
    unsure = {*started, *(commands[-1:] if of_container else ())}
    return [_step(each, unsure, is_base=any(each is one for one in base)) for each in history]


def _is_empty(document: Mapping[str, Any]) -> bool:
    return bool(document.get("empty_layer") or document.get("size") == "0B")


def _text(document: Mapping[str, Any]) -> str:
    return image_secrets.as_words(str(document.get("created_by") or "").strip())


def _builder(document: Mapping[str, Any]) -> str | None:
    """What a builder that has no build file calls itself, often nothing; None where the step tells more."""
    text = _text(document)
    return None if TOLD.match(text) else text.partition(" ")[0]


def _step(document: Mapping[str, Any], started: Collection[str], *, is_base: bool) -> dict[str, Any]:
    """A step of the history; of a comment, which may say anything, whether it tells of an import.

    Of a container that somebody made an image of, a step tells what was started in it, and not what was done there.
    Builders that have no build file (Jib, apko, ko, KIWI) tell no more than their name.

    Args:
        started: what is known to be no step of a build, or may be none: what was started in a container.
    """
    comment = str(document.get("comment") or "")
    imported = comment.lower().startswith(
        "imported from "
    )  # podman has small letters, and writes an ADD beside it
    text = "" if imported else _text(document)
    squashed = comment.startswith("merge sha256:")  # all layers in one; the steps that made them are told
    empty = _is_empty(document)
    known = {} if "size" in document else {"Empty": empty}  # a layer may have no bytes
    untold = text in started or not (is_base or TOLD.match(text))
    return {
        "Text": image_secrets.masked_step(text),
        "Secrets": [*secrets.kinds(text), *_beside(comment, str(document.get("author") or ""))],
        "Imported": imported,
        "Silent": not (imported or squashed or empty) and untold,
        **known,
    }


def _beside(comment: str, author: str) -> Iterator[str]:
    """The secrets in what anybody may have written beside a step: an import keeps its address there."""
    yield from (f"{kind} (its comment)" for kind in secrets.kinds(comment))
    yield from (f"{kind} (its author)" for kind in secrets.kinds(author))


def _compact(document: Mapping[str, Any]) -> str:
    return json.dumps(document, separators=(",", ":"))


IMAGES = Probe.from_file(__file__, "images", _keep)
