"""Docker Hardening Guide, section 5: what frameworks require in addition to the other sections.

Measures of this section that other controls judge have their markers there.
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

    1.1.2, 2.8, 3.15 and 3.16 judge users and sockets. Whether the trusted users are still right needs a manual check.

    Remedy: review the named users, remove rights that nobody needs, and record the day.
    """
    found = controllers(api_socket, accounts)
    who = ", ".join(f"{name} ({way})" for name, way in found.items()) or "root only"
    raise Manual(f"can be used by {who}: check that access was reviewed within six months")


@pytest.mark.nist("SC-12", "SC-28", "SC-28(1)", sp="800-53")
@pytest.mark.nist("4.3.2", sp="800-190")
@pytest.mark.pci("3.5.1", "3.5.1.2", "3.6.1")
@pytest.mark.hipaa("164.312(a)(2)(iv)")
@pytest.mark.guide("5.pci_dss.encrypt_at_rest")
@pytest.mark.severity("medium", "Anyone with a stolen disk or backup reads its data.")
def test_data_at_rest_is_encrypted(data_at_rest: tuple[DataPlace, ...]) -> NoReturn:
    """Sensitive data at rest is encrypted, with keys elsewhere.

    The reason shows the devices below the engine's directories and volumes; `crypt` is dm-crypt. Encryption by the
    disk, the provider or an application cannot be seen on the host. dm-crypt protects nothing while the host runs.

    Remedy: keep the data root and volumes on dm-crypt with a key elsewhere, or encrypt in the application.
    """
    found = []
    for each in data_at_rest:
        devices = ", ".join(f"{device.kname} ({device.type})" for device in each.devices)
        source = devices or each.mount.source or each.mount.device
        found.append(f"{each.path} is on {each.mount.kind} on {source}")
    raise Manual(f"{'; '.join(found)}: check that sensitive data there is encrypted, with keys elsewhere")


@pytest.mark.nist("AU-2", "AU-6", "AU-12", sp="800-53")
@pytest.mark.nist("4.5.4", sp="800-190")
@pytest.mark.pci("10.2.1", "10.2.1.1")
@pytest.mark.hipaa("164.312(b)", "164.308(a)(1)(ii)(D)")
@pytest.mark.guide("5.hipaa.audit_data_access")
@pytest.mark.severity("low", "Who read health data is unknown, but nobody gains access.")
def test_access_to_data_is_audited(data_root: FileFact, audit: Audit) -> NoReturn:
    """Access to health data is audited and reviewed.

    The reason shows the audit rules in the data root, where volumes are. Which volumes hold health data, and who reads
    the records, needs a manual check.

    Remedy: add `-w DIRECTORY -p rwa -k data` for each such volume to /etc/audit/rules.d, and review the log.
    """
    flaw = loaded_flaw(audit)
    assert not flaw, flaw
    root = data_root.node.path
    rules = [rule for rule in audit.rules if rule.action == "always" and rule.path]
    near = [rule for rule in rules if rule.covers(root) or is_below(rule.path, root)]
    reads = [rule.text for rule in near if "r" in rule.permissions]
    writes = [rule.text for rule in near if "r" not in rule.permissions]
    raise Manual(
        f"rules on reads in {root}: {', '.join(reads) or 'none'}; on writes only: {', '.join(writes) or 'none'}; check"
        " that they cover all health data, and that somebody reviews the records"
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
    """The countermeasures of NIST SP 800-190 are reviewed.

    Each countermeasure is in place, or its gap is accepted. Half of them concern people, builds and networks; controls
    with SP 800-190 numbers judge the others.

    Remedy: keep a list with the state and the evidence of each section, and record its review.
    """
    raise Manual(f"{system.name}: check that each countermeasure, from 4.1 to 4.6, is in place or its gap accepted")
