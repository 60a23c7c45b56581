"""Self-tests of the sockets in whose place another file lies."""

from collections.abc import Set
from dataclasses import replace

import pytest

from hullcheck.facts.files.sockets import relayed_sockets, replaced_sockets
from hullcheck.verdicts import EvidenceError
from selftests.kit.facts.daemons import SOCKET
from selftests.kit.facts.engine_files import Target


@pytest.mark.parametrize(
    ("words", "expected"), [({}, frozenset()), ({"replaced": SOCKET}, frozenset({SOCKET}))]
)
def test_replaced_socket(words: dict[str, str], expected: Set[str]) -> None:
    """It has the path without links, as mounts of containers have it."""
    facts = replace(Target(), words=words).facts()
    assert facts.replaced_sockets == expected
    assert replaced_sockets(facts.engine_files) == expected


def test_files_that_could_not_be_read() -> None:
    """Whether a socket was replaced is not known then."""
    with pytest.raises(EvidenceError):
        _ = Target().facts_with("").replaced_sockets


def test_relayed_socket() -> None:
    """It is known by the path that its program gave it."""
    facts = replace(Target(), words={"relay": "socat /srv/app/x.sock"}).facts()
    assert relayed_sockets(facts.engine_files) == facts.relayed_sockets == {"/srv/app/x.sock"}
