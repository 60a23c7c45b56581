"""Tools that watch what containers do, and where their makers put them."""

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Tool:
    """A tool that watches.

    Attributes:
        name: as `runtime_monitors` of the policy has it.
        programs: the paths that its program has where its own packages install it.
        repository: the repositories of its images, in whatever registry.
    """

    name: str
    title: str
    programs: re.Pattern[str]
    repository: re.Pattern[str]


FALCO = Tool(
    "falco",
    "Falco",
    re.compile(r"/usr/(local/)?bin/falco"),
    re.compile(r".*/falcosecurity/falco(-no-driver|-distroless|-debian)?"),
)
SYSDIG = Tool(
    "sysdig",
    "Sysdig",
    re.compile(r"/opt/draios/bin/dragent"),
    re.compile(r".*/sysdig/agent(-slim)?"),
)
AQUA = Tool(
    "aqua",
    "Aqua Security",
    re.compile(r"/opt/aquasec/.+"),
    re.compile(r"registry\.aquasec\.com/enforcer|.*/aquasec/enforcer"),
)
TOOLS = (FALCO, SYSDIG, AQUA)

OTHERS = {
    "CrowdStrike Falcon": re.compile(r"/opt/CrowdStrike/falcon-sensor[\w-]*"),
    "Cortex XDR": re.compile(r"/opt/traps/bin/pmd"),
    "Datadog": re.compile(r"/opt/datadog-agent/embedded/bin/(security-agent|system-probe)"),
    "Elastic Defend": re.compile(r"/opt/Elastic/Endpoint/elastic-endpoint"),
    "KubeArmor": re.compile(r"/(usr/(local/)?bin|opt/kubearmor|KubeArmor)/kubearmor"),
    "Microsoft Defender": re.compile(r"/opt/microsoft/mdatp/sbin/wdavdaemon"),
    "osquery": re.compile(r"/opt/osquery/bin/osqueryd"),
    "SentinelOne": re.compile(r"/opt/sentinelone/bin/sentinelone-agent"),
    "Tetragon": re.compile(r"/usr/(local/)?bin/tetragon"),
    "Tracee": re.compile(r"/(usr/(local/)?bin|tracee)/tracee"),
    "Trend Micro": re.compile(r"/opt/ds_agent/ds_agent"),
    "Wazuh": re.compile(r"/var/ossec/bin/wazuh-(agentd|modulesd|syscheckd)"),
}
"""Tools that may watch containers, and whose settings are not judged: where their own units and images start them."""
