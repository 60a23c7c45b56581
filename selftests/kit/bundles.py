"""Bundles for self-tests: one of the recorded demo hosts, and what somebody does who forges it well."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

from msgspec import Struct, field

from hullcheck.bundle import archive, manifest
from hullcheck.results import run_files
from hullcheck.results.document import audit_of
from hullcheck.verify import documents
from hullcheck.writers.run_folder import WRITERS
from selftests import REPOSITORY
from selftests.kit.running import Project, Run
from selftests.needs import need, obstacle

DEMO = ("-m", "cis", "--inventory=inventories/demo.yml")
WHO = "audit@example.com"


def make_key(folder: Path, name: str = "key") -> Path:
    """A new SSH key."""
    need("ssh-keygen")
    path = folder / name
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(path)], check=True)
    return path


def allow(key: Path) -> Path:
    """A file of allowed signers with the owner of *key*."""
    path = key.with_name("allowed_signers")
    path.write_text(f"{WHO} {key.with_suffix('.pub').read_text()}")
    return path


def signing(folder: Path) -> tuple[str, ...]:
    """The options for a bundle that the key in *folder* signs; it stays unsigned where the machine cannot sign."""
    if obstacle("ssh-keygen"):
        return ("--bundle",)
    if not (folder / "key").exists():
        allow(make_key(folder))
    return (f"--sign={folder / 'key'}",)


def run_demo(folder: Path, *arguments: str) -> Run:
    """Audit the demo hosts with the controls of this checkout; what the run leaves lies below *folder*."""
    return Project(folder).pytest(*DEMO, f"--reports={folder / 'reports'}", *arguments, cwd=REPOSITORY)


class Bundle(Struct):
    """The files of a bundle, to be changed and written."""

    files: dict[str, bytes] = field(default_factory=dict)

    @classmethod
    def read(cls, path: Path) -> "Bundle":
        """The bundle at *path*."""
        return cls(dict(archive.unpack(path.read_bytes())))

    def copy(self) -> "Bundle":
        """The same files, to be changed without the other."""
        return Bundle(dict(self.files))

    def document(self, name: str) -> Any:
        return json.loads(self.files[name])

    def unsigned(self) -> "Bundle":
        """Without signature: nothing but what fits together can be found then."""
        self.files.pop(run_files.SIGNATURE, None)
        return self

    def edit(self, name: str, change: Callable[[Any], None]) -> "Bundle":
        """Change a JSON file of it, and write it as hullcheck does."""
        document = self.document(name)
        change(document)
        if name == run_files.RESULTS:
            audit, recordings = audit_of(document), documents.load(self.files)[0]
            order = [recordings[target.name] for target in audit.targets]
            self.files |= {each: b"".join(write(audit, order)) for each, write in WRITERS.items()}
        else:
            self.files[name] = manifest.canonical(document)
        return self

    def fitting(self) -> "Bundle":
        """All digests made anew."""
        listed = {name: content for name, content in manifest.covered(self.files).items() if name != run_files.MANIFEST}
        self.edit(run_files.MANIFEST, lambda document: document.update(files=manifest.listed(listed)))
        self.files[run_files.DIGESTS] = manifest.digests(manifest.covered(self.files))
        return self

    def write(self, path: Path) -> Path:
        """As a zip."""
        path.write_bytes(archive.pack(self.files))
        return path
