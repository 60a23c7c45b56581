"""manifest.json and manifest-sha256.txt: the files of a bundle, and who made it, where, when and with what."""

import hashlib
import json
import platform
from collections.abc import Iterable, Mapping
from importlib import metadata
from pathlib import Path
from typing import Any

from msgspec.structs import asdict

from hullcheck.facts.engine.identity import Identity
from hullcheck.recording import Recording
from hullcheck.results import Run, run_files

SCHEMA = "hullcheck/manifest/1"


def canonical(document: object) -> bytes:
    """Return the canonical JSON encoding of *document*."""
    return json.dumps(document, indent=1, sort_keys=True).encode("ascii") + b"\n"


def digest(content: bytes) -> str:
    """Return the SHA-256 of *content*, as sha256sum writes it."""
    return hashlib.sha256(content).hexdigest()


def digests(files: Mapping[str, bytes]) -> bytes:
    """Return manifest-sha256.txt of *files*, in the format of sha256sum."""
    return "".join(f"{digest(files[name])}  {name}\n" for name in sorted(files)).encode()


def listed(files: Mapping[str, bytes]) -> dict[str, dict[str, Any]]:
    """Return the files of the manifest."""
    return {name: {"sha256": digest(content), "bytes": len(content)} for name, content in files.items()}


def run_document(run: Run) -> dict[str, Any]:
    """Return who ran it, where, when and how."""
    names = ("id", "started", "finished", "exit_status", "machine")
    said = {name: getattr(run, name) for name in names}
    return {**said, "arguments": list(run.arguments), "user": asdict(run.user) if run.user else None}


def target_document(connect: str, recording: Recording) -> dict[str, Any]:
    """Return what identifies the machine of a target."""
    seen = {"connect": connect, "backend": recording.backend, "gathered": recording.gathered}
    return {**seen, **asdict(Identity.of(recording))}


def made_by(run: Run, content: str) -> dict[str, Any]:
    """Return the versions of all programs that decide verdicts or reports, and the source of the release table."""
    return {
        "hullcheck": run.version,
        "releases": dict(run.releases),
        "content": content,
        "python": platform.python_version(),
        "pytest": metadata.version("pytest"),
    }


def content_digest(project: Path, tests: Iterable[str], markers: Path) -> str:
    """Return one digest of all that decides verdicts: hullcheck, the *tests* with their conftest.py, the markers.

    It is the SHA-256 of the output of sha256sum for these files, sorted by name.
    """
    package = Path(__file__).parents[1]
    files = {
        f"hullcheck/{path.relative_to(package)}": path
        for path in package.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts and path != package / markers.name
    }
    for test in tests:
        files[f"project/{test}"] = project / test
        for folder in (project / test).relative_to(project).parents:
            if (project / folder / "conftest.py").is_file():
                files[f"project/{folder / 'conftest.py'}"] = project / folder / "conftest.py"
    files["markers.ini"] = markers
    return digest(digests({name: path.read_bytes() for name, path in files.items()}))


def covered(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """Return the *files* that manifest-sha256.txt lists: all except itself and its signature."""
    beside = (run_files.DIGESTS, run_files.SIGNATURE)
    return {name: content for name, content in files.items() if name not in beside}
