"""Docker Hardening Guide, section 5: what frameworks ask beside the other sections.

The sums of this section have no control of their own where other controls make them up: those carry the markers.
"""

import pytest

from hullcheck.facts.checklist import Section
from hullcheck.verdicts import Manual


@pytest.mark.nist("CA-2", "CA-7", "CM-6", sp="800-53")
@pytest.mark.nist("4.1.1", "4.1.2", "4.1.3", "4.1.4", "4.1.5", "4.2.1", "4.2.2", "4.2.3", sp="800-190")
@pytest.mark.nist("4.3.1", "4.3.2", "4.3.3", "4.3.4", "4.3.5", "4.4.1", "4.4.2", "4.4.3", sp="800-190")
@pytest.mark.nist("4.4.4", "4.4.5", "4.5.1", "4.5.2", "4.5.3", "4.5.4", "4.5.5", "4.6", sp="800-190")
@pytest.mark.pci("2.2.1")
@pytest.mark.hipaa("164.308(a)(8)")
@pytest.mark.guide("5.nist_800_190.deployment_checklist")
@pytest.mark.severity("medium")
def test_countermeasures_are_ticked_off(checklist_section: Section) -> None:
    """Somebody has ticked off the countermeasures of NIST SP 800-190 for this host, or accepted the gaps.

    Half of them are about people, builds and networks that no host shows. The other half is judged by the controls
    that carry the numbers of the section; what they found is part of the list.

    Remedy: keep a list with the state and the evidence of each section, and attest it.
    """
    number = checklist_section.number
    raise Manual(f"{checklist_section.known()}; controls with the numbers {number}* of SP 800-190 say more")
