"""The evidence of a run judged again under another policy, waivers or settings, and which verdicts that changes."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hullcheck import DEFAULT_INVENTORY
from hullcheck.bundle import BundleError
from hullcheck.bundle import inventory as bundled
from hullcheck.controls import shipped
from hullcheck.inventory import InventoryError, load, yamlfile
from hullcheck.messages import WrongUse
from hullcheck.recording import FILE_NAME, PACKED
from hullcheck.recording.packing import packed
from hullcheck.results import Audit, reader, run_files
from hullcheck.results.document import audit_of
from hullcheck.verify import replay
from hullcheck.verify.documents import Documents

POLICY, WAIVERS = "policy", "waivers"
_ALONE = f"{run_files.INVENTORY}/inventory.yml"
_NOTHING_SELECTED = {
    **dict.fromkeys(("markers", "keywords"), ""),
    **{name: [] for name in ("paths", "deselected", "ignored", "ignored_patterns")},
    "partial": "what-if",  # so that what the run judged is judged, and no more
}


def inventory_of(audit: Audit) -> Path | None:
    """The inventory that a run was given, where it is still there; else that which a run here would read."""
    given = (each.partition("=")[2] for each in audit.run.arguments if each.startswith("--inventory="))
    path = Path(next(given, str(DEFAULT_INVENTORY)))
    return path if path.is_file() else None


def changed(
    run: Path,
    inventory: Path | None,
    instead: Mapping[str, Path],
    recordings: Mapping[str, bytes] | None = None,
) -> tuple[Audit, Audit]:
    """The audit that lies in the folder *run*, and the same evidence with parts of its *inventory* replaced.

    Args:
        instead: by the name of a part, `policy` or `waivers`, the file that is read in its place.
        recordings: by target, the recording that is judged in the place of its own.

    Raises:
        WrongUse: something is not there, or cannot be read.
    """
    folder, document, audit = reader.load(run, "hullcheck what-if reports/latest")
    files = _recordings(folder, audit)
    files |= {f"{target}/{PACKED}": packed(content) for target, content in (recordings or {}).items()}
    named, told = _inventory(inventory or inventory_of(audit), instead, audit)
    selection = {**_NOTHING_SELECTED, **({"shipped": True} if _is_of_shipped(audit) else {})}
    known = Documents({"selection": selection, "inventory": named}, document, audit)
    try:
        made = replay.replay({**files, **told}, known)
    except replay.ReplayError as error:
        raise WrongUse(str(error)) from None
    return audit, audit_of(json.loads(made[run_files.RESULTS]))


def recordings_of(run: Path) -> dict[str, Path]:
    """The folders of the recordings of a run, by target.

    Raises:
        WrongUse: it cannot be read.
    """
    folder, _, audit = reader.load(run, "hullcheck what-if reports/latest")
    return {each.name: folder / each.name for each in audit.targets}


def _is_of_shipped(audit: Audit) -> bool:
    return f"--config-file={shipped.SETTINGS}" in audit.run.arguments


def _recordings(folder: Path, audit: Audit) -> dict[str, bytes]:
    found = {}
    for target in audit.targets:
        path = folder / target.name / FILE_NAME
        try:
            found[f"{target.name}/{PACKED}"] = packed(path.read_bytes())
        except OSError as error:
            raise WrongUse(
                f"{path}: {error.strerror}; name the folder of a run, with its recordings"
            ) from None
    return found


def _inventory(path: Path | None, instead: Mapping[str, Path], audit: Audit) -> tuple[str, dict[str, bytes]]:
    """The name of the inventory with its parts replaced, and all files that belong to it."""
    try:
        base = load(path) if path else None
        files = bundled.files(base) if base else {}
    except (InventoryError, BundleError) as error:
        raise WrongUse(str(error)) from None
    if base and base.document is None:
        raise WrongUse(f"{path}: write the inventory of hullcheck, by --inventory")
    content: dict[str, Any] = dict(base.document.data) if base and base.document else {}
    content.setdefault("targets", {each.name: {"connect": "local://"} for each in audit.targets})
    content |= {part: _part(file, part) for part, file in instead.items()}
    name = next(iter(files), _ALONE)
    return name, {**files, name: json.dumps(content, indent=1).encode()}


def _part(path: Path, part: str) -> Any:
    """What *path* has below the key *part*, or as a whole where it has no such key."""
    try:
        content = yamlfile.load(path).data
    except yamlfile.YamlError as error:
        raise WrongUse(str(error)) from None
    return content.get(part, content) if isinstance(content, dict) else content
