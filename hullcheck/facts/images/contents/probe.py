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
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from hullcheck.facts.engine import DATA_ROOT
from hullcheck.facts.images.contents.layer import Layer, read_layer
from hullcheck.facts.images.contents.merge import merged, summary
from hullcheck.recording.probe import MOST, Probe
from hullcheck.secrets.redact import json_object

_MOST_SENT = 160 << 20  # bytes of listings that are sent at a time; the next run goes on from there

_SCRIPT = r"""
ids=$(docker image ls --quiet --no-trunc) || exit
unnamed=$(docker image ls --quiet --no-trunc --filter dangling=true) || exit
used=$(docker ps --all --no-trunc --format "{{.Image}}") || exit  # also those that lost their names
[ -z "$used" ] || used=$(docker image inspect --format "{{.Id}}" $used 2>/dev/null)
ids=$(printf "%s\n%s\n%s\n" "$ids" "$unnamed" "$used" | grep . | sort -u)
known="" new=""
for id in $ids; do
  hex=${id#sha256:}
  case " $known_images " in
    *" ${hex%"${hex#????????????????}"} "*) known="$known $id" ;;
    *) new="$new $id" ;;
  esac
done
status=0
[ -z "$known" ] || docker image inspect --format 'known {{.Id}} {{json .RootFS}}' $known || status=$?
[ -n "$new" ] || exit $status
images=$(docker image inspect --format 'image {{.Id}} {{json .RootFS}}' $new) || status=$?
printf "%s\n" "$images"
@ROOT@
docker_info=${docker_info:-$(docker info --format "{{json .}}")} || exit
enter() {
  cd "$1" 2>/dev/null && return
  echo "the layers lie below $1, which cannot be entered; it takes root" >&2
  return 1
}
each_once() { awk '!seen[$0]++'; }
databases="lib/apk/db/installed usr/lib/apk/db/installed"
packages_of() { echo "packages $1"; grep "^P:" && echo "end"; }
there() { while read -r name; do [ ! -f "$name" ] || printf "%s\n" "$name"; done; }

# ---- the engine's own store
own_store() {
  enter "$root/image" || return
  layers=$(printf "%s\n" "$images" | tr '",' "\n" | grep "^sha256:" | each_once)
  places=$(grep -H "" */layerdb/sha256/*/diff) || return
  { printf "%s\n" "$layers"; echo; printf "%s\n" "$places"; } | awk '
    $0 == "" { listed = 1; next }
    !listed { order[++count] = $0; next }
    { at = index($0, "/diff:"); place[substr($0, at + 6)] = substr($0, 1, at) }
    END { for (i = 1; i <= count; i++) if (order[i] in place) print order[i], place[order[i]] }' |
  while read -r layer place; do
    echo "layer $layer"
    base64 "${place}tar-split.json.gz" && echo "end"
    read -r cache < "${place}cache-id"
    for each in overlay2/$cache/diff fuse-overlayfs/$cache/diff vfs/dir/$cache btrfs/subvolumes/$cache; do
      for file in $databases; do
        [ ! -f "$root/$each/$file" ] || [ -L "$root/$each/$file" ] ||
          packages_of "$layer" < "$root/$each/$file"
      done
    done
  done
}

# ---- the store of containerd
named_by() { xargs grep -aoh '"digest"[ ]*:[ ]*"sha256:[0-9a-f]*"' | sed "s/.*sha256://; s/\"//"; }
documents() { there | xargs head -c 1 /dev/null | awk '/^==> / { name = $2 } /^[{]/ { print name }'; }
store_of_containerd() {
  case $(tar --version 2>&1) in
    *GNU*) ;;
    *) echo "the layers in the store of containerd can only be listed with GNU tar" >&2; return 1 ;;
  esac
  content=io.containerd.content.v1.content/blobs/sha256
  cd "$root/containerd/daemon/$content" 2>/dev/null || enter "/var/lib/containerd/$content" || return
  echo "containerd"
  tops=$(printf "%s\n" $new | sed "s/^sha256://" | there)
  below=$(printf "%s\n" "$tops" | named_by | each_once | there)
  middle=$(printf "%s\n" "$below" | documents)
  lowest=$(printf "%s\n" "$middle" | named_by | each_once | there)
  told=$(printf "%s\n" "$lowest" | documents)
  told=$(printf "%s\n" "$tops" "$middle" "$told" | grep . | each_once)
  printf "%s\n" "$told" | xargs grep -aH ""
  { printf "%s\n" "$told"; echo; printf "%s\n" "$below" "$lowest" | grep .; } | awk '
    $0 == "" { listed = 1; next }
    !seen[$0]++ && listed' |
  while read -r layer; do
    echo "layer sha256:$layer"
    listing=$(tar -tv --xattrs-include=security.capability --numeric-owner --quoting-style=c -f "$layer" 2>/dev/null)
    ended=$?
    printf "%s\nstatus %d\n" "$listing" $ended | gzip -c | base64 && echo "end"
    for file in $databases; do
      case $listing in
        *"\"$file\""*) ;;
        *"\"./$file\""*) file=./$file ;;
        *) continue ;;
      esac
      list=$(tar -xO -f "$layer" "$file") && printf "%s\n" "$list" | packages_of "sha256:$layer"
    done
  done
}

exec 4>&1
result=$({
  {
    case $docker_info in
      *'["driver-type","io.containerd.snapshotter.'*) store_of_containerd ;;
      *) own_store ;;
    esac
    echo $? >&5
  } 4>&- | head -c @MOST@ 5>&- >&4
} 5>&1)
[ "${result:-0}" -eq 0 ] || exit "$result"  # none where there was more: what is cut off is not read
exit $status
""".replace("@ROOT@", DATA_ROOT.strip()).replace("@MOST@", str(_MOST_SENT))

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
    manifests = [top, *(documents.get(str(each.get("digest")), {}) for each in top.get("manifests") or ())]
    for manifest in manifests:
        config = documents.get(str((manifest.get("config") or {}).get("digest")), {})
        blobs = tuple(str(each["digest"]) for each in manifest.get("layers") or ())
        named = tuple((config.get("rootfs") or {}).get("diff_ids") or ()) if config else None
        if named == tuple(layers) and len(blobs) == len(layers):
            return blobs
    return None


def _layer(packed: str, packages: Sequence[str]) -> Layer | None:
    """The layer whose listing this is; None where it was not read or makes no sense."""
    try:
        unpack = zlib.decompressobj(wbits=31)
        listing = unpack.decompress(base64.b64decode(packed, validate=True), _MOST)
        return read_layer(listing, packages) if unpack.eof else None
    except (binascii.Error, zlib.error, ValueError, KeyError, TypeError):
        return None


IMAGE_CONTENTS = Probe("image_contents", _SCRIPT, _keep, most=_MOST_SENT + MOST)
