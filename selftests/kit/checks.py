"""Bundles and the check of them."""

import json
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from unittest import mock

from hullcheck.bundle import manifest
from hullcheck.recording import Recording
from hullcheck.results import Audit
from hullcheck.verify import replay
from hullcheck.verify.check import check
from hullcheck.writers.run_folder import WRITERS
from selftests import REPOSITORY
from selftests.kit import inside
from selftests.kit.running import hullcheck, start_hullcheck

REPLAY = replay.replay
REPORTS = dict(WRITERS)


JUDGED: dict[str, dict[str, bytes]] = {}


def judged_once(files: dict[str, bytes], known: Any) -> dict[str, bytes]:
    """As `replay`; what it depends on are these files and these parts of the manifest, and the results if partial."""
    used = [files[name] for name in sorted(files) if name.endswith(".gz") or name.startswith("inventory/")]
    said = [known.manifest[key] for key in ("selection", "inventory")] + [list(known.results["targets"])]
    said += [known.results.get("gates"), *[known.results["results"]] * bool(known.selection.partial)]
    key = manifest.digest(b"\0".join([*used, json.dumps(said).encode()]))
    if key not in JUDGED:
        with mock.patch.object(subprocess, "run", inside.instead_of(subprocess.run)):
            JUDGED[key] = REPLAY(files, known)
    return JUDGED[key]


RENDERED: list[tuple[Audit, list[Recording], dict[str, bytes]]] = []


def rendered_once(name: str, audit: Audit, recordings: Sequence[Recording]) -> list[bytes]:
    """As the writer of the report *name*, whose content is that of before where audit and recordings are."""
    known = next((texts for one, all_, texts in RENDERED if one == audit and all_ == list(recordings)), None)
    if known is None:
        known = {}
        RENDERED.insert(0, (audit, list(recordings), known))
        del RENDERED[3:]
    if name not in known:
        known[name] = b"".join(REPORTS[name](audit, recordings))
    return [known[name]]


def faults(path: Path, allowed: Path | None = None) -> list[str]:
    """Everything that is found wrong."""
    return [fault for step in check(path, allowed) for fault in step.faults]


def verify(
    path: Path, *arguments: str, cwd: Path = REPOSITORY, new: bool = False, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run `hullcheck verify`, with commands of *cwd* before all others.

    Args:
        new: whether Python and the pytest that judges again are started, and not run inside, so that they do what
            variables and files beside them say.
    """
    run = start_hullcheck if new else hullcheck
    return run("verify", str(path), *arguments, cwd=cwd, **environment)


OWN = """
from hullcheck.facts.registry import fact
from hullcheck.recording.probe import Probe

MOTD = Probe("motd", "cat /etc/motd")


@fact(MOTD)
def motd(recording):
    return recording.text(MOTD)
"""


OWN_TESTS = """
from pathlib import Path


def test_somebody_is_greeted(motd):
    \"\"\"Somebody is greeted.\"\"\"
    assert "hello" in motd


def test_is_no_control():
    Path("ran").write_text("")
    assert False
"""
