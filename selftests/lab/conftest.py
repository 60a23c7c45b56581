"""Fixtures of the laboratory's self-tests, and their order."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from selftests.kit.running import Project

LONGEST = ("test_machines", "test_remedies", "test_images", "test_targets", "test_rig", "test_containers")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the files that take longest: one that began last would keep a single worker busy at the end."""
    items.sort(key=lambda item: LONGEST.index(item.path.stem) if item.path.stem in LONGEST else len(LONGEST))


@pytest.fixture
def suite(tmp_path: Path) -> Project:
    """The project's own controls, in a project of their own."""
    return Project(tmp_path / "suite")


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with ca.pem, cert.pem and key.pem."""
    folder = tmp_path_factory.mktemp("tls")
    new = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj", "/CN=lab"]
    signed = ["-CA", "ca.pem", "-CAkey", "ca-key.pem"]
    for files in (
        ["-out", "ca.pem", "-keyout", "ca-key.pem"],
        [*signed, "-out", "cert.pem", "-keyout", "key.pem"],
    ):
        subprocess.run(["openssl", "req", "-x509", *new, *files], cwd=folder, check=True, capture_output=True)
    return folder
