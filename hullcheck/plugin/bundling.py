"""Makes the bundle of a run: checks its inputs before gathering, and writes it at the end."""

import os
from pathlib import Path
from typing import Any

import pytest

from hullcheck import bundle, frameworks, private_files
from hullcheck.bundle import archive, inventory, manifest, sshsig
from hullcheck.controls import shipped
from hullcheck.plugin import options
from hullcheck.plugin.session import AuditSession
from hullcheck.recording import FILE_NAME, PACKED, packed
from hullcheck.results import Audit, run_files
from hullcheck.writers.formats import BUNDLED
from hullcheck.writers.run_folder import WRITERS


class Bundling:
    """What the bundle of one run is made with."""

    def __init__(self, config: pytest.Config, audit_session: AuditSession) -> None:
        """See that a bundle can be made and signed."""
        self.config = config
        self.audit_session = audit_session
        self.key = options.path(config, "sign")
        self.tests: set[str] = set()  # the files of the controls that were judged, seen from the project
        _refuse_other_runs(config)
        with options.wrong_use(bundle.BundleError, before="--bundle: "):
            self.inventory = inventory.files(audit_session.inventory)
        if self.key:
            with options.wrong_use(sshsig.SignatureError, before=f"--sign={self.key}: "):
                sshsig.sign(self.key, b"hullcheck asks whether this key can sign\n")

    def write(self, session: pytest.Session, audit: Audit, *, interrupted: bool, others: bool) -> Path:
        """Write the bundle next to the folder of the run, link `latest.zip` to it, and return its path.

        With *others* junit.xml has tests that are no controls, which cannot be judged again, and is left out.
        """
        folder = self.audit_session.folder
        path = folder.with_name(f"{folder.name}.zip")
        try:
            files = self._files(session, audit, interrupted, others)
            if self.key:
                files[run_files.SIGNATURE] = sshsig.sign(self.key, files[run_files.DIGESTS])
            private_files.write(path, archive.pack(files))
            private_files.point(path.with_name(f"{run_files.LATEST}.zip"), path.name)
        except sshsig.SignatureError as error:
            raise bundle.BundleError(f"{self.key} did not sign: {error}") from None
        except OSError as error:
            raise bundle.BundleError(f"{error.filename or path}: {error.strerror}") from None
        return path

    def _files(self, session: pytest.Session, audit: Audit, interrupted: bool, others: bool) -> dict[str, bytes]:
        """All but what is about the other files."""
        known = self.audit_session
        files = self._reports(others)
        for target in known.targets:
            files[f"{target.name}/{PACKED}"] = packed((known.folder / target.name / FILE_NAME).read_bytes())
        policies = {each.name: known.inventory.policy_as_written(each) for each in known.targets}
        if known.releases_file:
            files[run_files.RELEASES] = known.releases_file
        files |= self.inventory | {run_files.POLICY: manifest.canonical(policies)}
        files[run_files.MANIFEST] = manifest.canonical(self._manifest(session, audit, files, interrupted))
        files[run_files.DIGESTS] = manifest.digests(files)
        return files

    def _reports(self, others: bool) -> dict[str, bytes]:
        """The reports of which every byte can be derived again; not so report.html, which pytest-html writes."""
        folder = self.audit_session.folder
        asked = (name for name in BUNDLED if (folder / name).is_file())
        whole = () if others else (run_files.JUNIT,)
        return {name: (folder / name).read_bytes() for name in (*WRITERS, *whole, *asked)}

    def _manifest(
        self, session: pytest.Session, audit: Audit, files: dict[str, bytes], interrupted: bool
    ) -> dict[str, Any]:
        markers = frameworks.find(self.config.rootpath)
        project = shipped.folder() if options.is_of_shipped(self.config) else self.config.rootpath
        content = manifest.content_digest(project, self.tests, markers)
        known = self.audit_session
        return {
            "schema": manifest.SCHEMA,
            "run": manifest.run_document(audit.run),
            "made_by": manifest.made_by(audit.run, content),
            "selection": selection(session, interrupted=interrupted),
            "inventory": next(iter(self.inventory), ""),
            "targets": {
                each.name: manifest.target_document(each.connect, known.recordings[each.name]) for each in audit.targets
            },
            "left_out": {} if run_files.JUNIT in files else {run_files.JUNIT: "it has tests that are no controls"},
            "files": manifest.listed(files),
            **({"shard": known.shard} if known.shard else {}),
        }


def _refuse_other_runs(config: pytest.Config) -> None:
    """Stop if what is selected is not with the one who verifies the bundle."""
    others = [each for each in options.places(config) if each != str(shipped.folder())]
    if shipped.PACKAGE in config.args and not options.is_of_shipped(config):
        raise pytest.UsageError(
            "--bundle: the installed controls are bundled where `hullcheck audit --bundle` runs them, with the same"
            " options"
        )
    if options.is_of_shipped(config) and others:
        raise pytest.UsageError(
            f"--bundle: {others[0]}: a run of the installed controls is bundled without other tests; leave it out, or"
            " run pytest in the directory of your own"
        )
    named = {"lf": "--lf", "stepwise": "--stepwise"} | ({} if options.is_of_shipped(config) else {"pyargs": "--pyargs"})
    for name, option in named.items():
        if config.getoption(name, None):
            raise pytest.UsageError(
                f"--bundle: a selection by {option} cannot be repeated elsewhere; leave one of both out"
            )


# ---- the selection, so that another run can select the same controls


def selection(session: pytest.Session, *, interrupted: bool) -> dict[str, Any]:
    """Return what *session* selected; paths are those of the project, and `partial` is why it cannot be repeated."""
    config = session.config
    named, here = options.places(config), config.invocation_params.dir
    stopped = session.shouldfail or session.shouldstop
    of_shipped = options.is_of_shipped(config)
    if of_shipped and named == [str(shipped.folder())]:
        named = []
    return {
        "markers": config.option.markexpr or "",
        "keywords": config.option.keyword or "",
        "paths": [_in_project(each, here, config.rootpath) for each in named],
        "deselected": list(config.getoption("deselect", None) or ()),
        "ignored": [_in_project(str(each), here, config.rootpath) for each in config.getoption("ignore", None) or ()],
        "ignored_patterns": [str(each) for each in config.getoption("ignore_glob", None) or ()],
        "partial": str(stopped or ("the run was interrupted" if interrupted else "")),
        "runxfail": bool(config.getoption("runxfail", False)),  # selects nothing, and waives nothing
        **({"shipped": True} if of_shipped else {}),
        **{kind: list(each) for kind, each in options.limits(config).items()},
        **({"max_age": age} if (age := options.option(config, "max_age")) else {}),
    }


def _in_project(argument: str, here: Path, project: Path) -> str:
    path, colons, rest = argument.partition("::")
    return os.path.relpath(here / path, project) + colons + rest
