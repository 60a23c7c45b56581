"""Products for runtime security: how their units and their images are called."""

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Product:
    """A product that watches what containers do.

    Attributes:
        units: patterns of the names of its units, as systemctl takes them.
        repository: the end of the repositories of its images, without the tag.
    """

    title: str
    units: tuple[str, ...]
    repository: str = ""

    def has_image(self, name: str) -> bool:
        """Whether an image is called like one of its vendor."""
        return bool(self.repository and re.search(rf"(?:^|/)(?:{self.repository})(?:[:@]|$)", name))


PRODUCTS = {
    "falco": Product("Falco", ("falco*.service",), r"falcosecurity/falco(?:-[\w-]+)?"),
    "sysdig": Product(
        "Sysdig", ("dragent.service", "sysdig-*.service"), r"sysdig/(?:agent|host-shield)[\w-]*"
    ),
    "aqua": Product("Aqua Security", ("aquasec*.service", "slk.service"), r"aquasec/enforcer|enforcer"),
    "crowdstrike": Product("CrowdStrike Falcon", ("falcon-sensor.service",), r"falcon-sensor"),
    "cortex": Product("Cortex XDR", ("traps_pmd.service",)),
    "datadog": Product("Datadog", ("datadog-agent-s*.service",)),
    "elastic-defend": Product("Elastic Defend", ("ElasticEndpoint.service",)),
    "kubearmor": Product("KubeArmor", ("kubearmor.service",), r"kubearmor/kubearmor"),
    "defender": Product("Microsoft Defender", ("mdatp.service",)),
    "osquery": Product("osquery", ("osqueryd.service",), r"osquery/osquery"),
    "sentinelone": Product("SentinelOne", ("sentinelone.service",)),
    "tetragon": Product("Tetragon", ("tetragon.service",), r"cilium/tetragon"),
    "tracee": Product("Tracee", ("tracee.service",), r"aquasec/tracee"),
    "trend-micro": Product("Trend Micro", ("ds_agent.service",)),
    "wazuh": Product("Wazuh", ("wazuh-agent.service",), r"wazuh/wazuh-agent"),
}
"""By the names that `runtime_security` of the policy has for them."""
