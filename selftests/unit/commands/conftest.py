"""The controls are listed once for all tests of commands."""

from collections.abc import Sequence
from functools import cache

import pytest

from hullcheck.controls import catalog
from hullcheck.controls.catalog import Listed

COLLECT = cache(catalog.collect)


def collect(places: Sequence[str] = ()) -> tuple[Listed, ...]:
    """As `catalog.collect`, which starts a pytest each time."""
    return catalog_of(tuple(places)) if places else COLLECT()


catalog_of = catalog.collect


@pytest.fixture(autouse=True)
def listed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the list of the controls that come with hullcheck."""
    monkeypatch.setattr(catalog, "collect", collect)
