"""The project that tests of the plugin share."""

from __future__ import annotations

import pytest

from selftests.kit.running import Project


@pytest.fixture(scope="module")
def suite(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The project's own controls."""
    return Project(tmp_path_factory.mktemp("suite"))
