"""The secrets in what BuildKit attests of a build."""

from base64 import b64encode
from typing import Any

import pytest

from hullcheck.facts.images.provenance import is_provenance, secrets_in

TOKEN = "ghp_" + "aB3" * 12


def test_type_of_the_statement() -> None:
    """Each version of SLSA counts; a list of packages is another statement."""
    assert is_provenance("https://slsa.dev/provenance/v0.2")
    assert not is_provenance("https://spdx.dev/Document")


@pytest.mark.parametrize(
    ("part", "said"),
    [
        ({"args": {"build-arg:PASSWORD": "geheim-12"}}, "build argument PASSWORD"),
        ({"env": ["PASSWORD=geheim-12"]}, "variable PASSWORD"),
        ({"args": ["sh", "-c", f"curl -H {TOKEN} x"]}, "command"),
        ({"data": b64encode(f"RUN fetch \\\n {TOKEN}".encode()).decode()}, "in the build file"),
        ({"args": {"build-arg:VERSION": "1"}, "env": ["PATH=/bin"], "data": "not base64"}, ""),
    ],
)
def test_secret_is_found_wherever_it_stands(part: dict[str, Any], said: str) -> None:
    """It is told with its place and without itself, however deep it lies."""
    found = secrets_in({"predicate": {"buildDefinition": [{"x": part}]}})
    assert bool(found) is bool(said)
    assert all(said in each and each.startswith("provenance: ") for each in found), found
    assert TOKEN not in str(found)
