"""The Compose project of a container, by labels that anybody can set."""

import json

import pytest

from hullcheck.data.labels import FILES, FOLDER, PROJECT, SERVICE
from hullcheck.facts.containers.composed import Composed, paths_kept
from hullcheck.facts.containers.inspect import labels_kept
from selftests.unit.facts.containers.test_runtime import container

NAMED = {PROJECT: "shop", SERVICE: "web"}
PATHS = {FILES: "/srv/shop/compose.yml,/srv/shop/more.yml", FOLDER: "/srv/shop"}
SHOP = Composed("shop", "web", ("/srv/shop/compose.yml", "/srv/shop/more.yml"), "/srv/shop")


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        (NAMED | PATHS, SHOP),
        (NAMED, Composed("shop", "web", (), "")),
        (PATHS | {PROJECT: "shop"}, None),
        (PATHS | {SERVICE: "web"}, None),
        (NAMED | PATHS | {PROJECT: "shop\n"}, None),
        (NAMED | PATHS | {SERVICE: "w" * 256}, None),
        (NAMED | PATHS | {SERVICE: None}, None),
        (NAMED | {FILES: "compose.yml,/srv/b", FOLDER: "shop"}, Composed("shop", "web", (), "")),
        (
            NAMED | {FILES: "/srv/a,,b,/srv/c", FOLDER: "/srv/a,b"},
            Composed("shop", "web", ("/srv/a", "/srv/c"), "/srv/a,b"),
        ),
    ],
)
def test_project_of_a_container(labels: dict[str, str | None], expected: Composed | None) -> None:
    """What is no name or no path is not believed, whether a recording has it or an engine."""
    assert Composed.read(labels) == Composed.read(labels_kept(labels)) == expected


@pytest.mark.parametrize(
    "path", ["/a\nb", "/a\x1b[2J", "/a\u202eb", "/a\udc80", "/" + "a" * 4096, "a", "https://a/b", ""]
)
def test_paths_that_are_not_kept(path: str) -> None:
    """The label is known to be there, and no more."""
    assert labels_kept({FILES: path, FOLDER: "/srv", "other": "/srv"}) == {FILES: None, FOLDER: "/srv", "other": None}
    assert paths_kept({FILES: path, FOLDER: path}) == {}


def test_container_of_a_project() -> None:
    """It is read from the answer of the engine; other containers have none."""
    written = json.dumps(NAMED | PATHS)
    web = container(change=lambda text, _: text.replace('"Labels":{"tag":null}', f'"Labels":{written}'))
    assert (web.composed, container().composed) == (SHOP, None)
