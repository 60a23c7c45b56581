"""A host of the corpus that is built again gets the verdicts that it had."""

import pytest

from selftests.corpus.description import descriptions
from selftests.corpus.judged import expected, findings_on
from selftests.corpus.record import Builder, record
from selftests.rig.hosts.host import Hub
from selftests.rig.laboratory import Laboratory


@pytest.mark.parametrize("name", ["careless-26.1"])
def test_host_that_is_built_again(name: str, lab: Laboratory, hub: Hub) -> None:
    """Description, laboratory and script of the day give what the table says."""
    description = descriptions()[name]
    with Builder(lab, hub).host(description) as guest:
        found = findings_on(description, record(guest, description))
    verdicts = {place: str(each.verdict) for place, each in found.items()}
    wanted = {place: verdict for place, verdict in expected(verdicts).items() if place[1] == name}
    assert verdicts == wanted
