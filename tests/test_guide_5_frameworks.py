"""Docker Hardening Guide, section 5: what frameworks ask beside the other sections.

The sums of this section have no control of their own where other controls make them up: those carry the markers.
"""

from typing import NoReturn

import pytest

from hullcheck.criteria.auditd import loaded_flaw
from hullcheck.criteria.file_access import controllers
from hullcheck.facts.engine.release import System
from hullcheck.facts.engine.storage import DataPlace
from hullcheck.facts.host.accounts import Accounts
from hullcheck.facts.host.audit import Audit
from hullcheck.facts.host.file import FileFact
from hullcheck.parsing.proc.mountinfo import is_below
from hullcheck.verdicts import Manual


@pytest.mark.nist("AC-2", "AC-3", "AC-6", sp="800-53")
@pytest.mark.nist("4.3.1", "4.5.4", sp="800-190")
@pytest.mark.pci("7.2.1", "7.2.2", "7.2.4", "7.3.1")
@pytest.mark.hipaa("164.308(a)(4)(ii)(B)", "164.312(a)(1)")
@pytest.mark.guide("5.pci_dss.limit_access")
@pytest.mark.severity("medium", "Someone who changed jobs keeps root on the host.")
def test_access_to_the_engine_is_reviewed(api_socket: FileFact, accounts: Accounts) -> NoReturn:
    """Access to the engine was reviewed in the last six months.

    Whether the users are trusted and the sockets closed to others is judged by 1.1.2, 2.8, 3.15 and 3.16. Whether the
    list of trusted users is still right needs a manual check.

    Remedy: go through the users that are named, take away rights that nobody needs, and record the day.
    """
    found = controllers(api_socket, accounts)
    who = ", ".join(f"{name} ({way})" for name, way in found.items()) or "nobody but root"
    raise Manual(f"may control the engine: {who}; check that this was reviewed within six months")


@pytest.mark.nist("SC-12", "SC-28", "SC-28(1)", sp="800-53")
@pytest.mark.nist("4.3.2", sp="800-190")
@pytest.mark.pci("3.5.1", "3.5.1.2", "3.6.1")
@pytest.mark.hipaa("164.312(a)(2)(iv)")
@pytest.mark.guide("5.pci_dss.encrypt_at_rest")
@pytest.mark.severity("medium", "Whoever gets hold of a disk or a backup reads the data in it.")
def test_data_at_rest_is_encrypted(data_at_rest: tuple[DataPlace, ...]) -> NoReturn:
    """Sensitive data at rest is encrypted, with keys elsewhere.

    The reason shows the devices below the engine's directories and volumes: `crypt` is dm-crypt. Encryption by the
    disk, the provider or an application cannot be seen from here. On a running host dm-crypt hides nothing, so a
    standard may require more.

    Remedy: keep the data root and volumes on dm-crypt with a key that is not on this host, or encrypt in the
    application.
    """
    found = []
    for each in data_at_rest:
        devices = ", ".join(f"{device.kname} ({device.type})" for device in each.devices)
        source = devices or each.mount.source or each.mount.device
        found.append(f"{each.path} lies on {each.mount.kind} on {source}")
    raise Manual(f"{'; '.join(found)}: check that what is sensitive there is encrypted, with keys elsewhere")


@pytest.mark.nist("AU-2", "AU-6", "AU-12", sp="800-53")
@pytest.mark.nist("4.5.4", sp="800-190")
@pytest.mark.pci("10.2.1", "10.2.1.1")
@pytest.mark.hipaa("164.312(b)", "164.308(a)(1)(ii)(D)")
@pytest.mark.guide("5.hipaa.audit_data_access")
@pytest.mark.severity("low", "Who read health data is unknown, but nobody gains access by that.")
def test_access_to_data_is_audited(data_root: FileFact, audit: Audit) -> NoReturn:
    """Access to health data is audited and reviewed.

    Which volumes hold such data, and who reads the records, needs a manual check; shown are the rules that record
    accesses in the data root, where volumes lie.

    Remedy: put a rule `-w DIRECTORY -p rwa -k data` for each volume with such data into a file in
    /etc/audit/rules.d, and record each review of the log.
    """
    flaw = loaded_flaw(audit)
    assert not flaw, flaw
    root = data_root.node.path
    rules = [rule for rule in audit.rules if rule.action == "always" and rule.path]
    near = [rule for rule in rules if rule.covers(root) or is_below(rule.path, root)]
    reads = [rule.text for rule in near if "r" in rule.permissions]
    writes = [rule.text for rule in near if "r" not in rule.permissions]
    raise Manual(
        f"reads in {root}: {', '.join(reads) or 'no rule'}; writes alone: {', '.join(writes) or 'no rule'}; check that"
        " these are all health data, and that somebody goes through the records"
    )


@pytest.mark.nist("CA-2", "CA-7", "CM-6", sp="800-53")
@pytest.mark.nist("4.1.1", "4.1.2", "4.1.3", "4.1.4", "4.1.5", "4.2.1", "4.2.2", "4.2.3", sp="800-190")
@pytest.mark.nist("4.3.1", "4.3.2", "4.3.3", "4.3.4", "4.3.5", "4.4.1", "4.4.2", "4.4.3", sp="800-190")
@pytest.mark.nist("4.4.4", "4.4.5", "4.5.1", "4.5.2", "4.5.3", "4.5.4", "4.5.5", "4.6", sp="800-190")
@pytest.mark.pci("2.2.1")
@pytest.mark.hipaa("164.308(a)(8)")
@pytest.mark.guide("5.nist_800_190.deployment_checklist")
@pytest.mark.severity("low", "A gap may be overlooked; the technical ones are judged by other controls.")
def test_countermeasures_are_ticked_off(system: System) -> NoReturn:
    """The countermeasures of NIST SP 800-190 are ticked off.

    Somebody went through the list for this host, or accepted the gaps. Half of it is about people, builds and networks
    that no host shows; the other half is judged by the controls that carry its numbers.

    Remedy: keep a list with the state and the evidence of each section, and attest it.
    """
    raise Manual(
        f"{system.name}: check that each countermeasure, from 4.1 (images) to 4.6 (hardware), was ticked off or its gap"
        " accepted; what the controls with the numbers of SP 800-190 found is part of that"
    )
