"""The containers of a target, running or not: how the engine describes them, and how they really run.

`Container` is put together from its `configuration`, `runtime`, `mounts` and `ports`; `collection` finds them.
"""

from hullcheck.facts.containers.mounts import Mounted
from hullcheck.facts.containers.ports import Opened
from hullcheck.facts.containers.probe import DOCKER_CONTAINERS
from hullcheck.facts.host.processes import PROCESSES

PROBES = (DOCKER_CONTAINERS,)
EVIDENCE = (DOCKER_CONTAINERS, PROCESSES)


class Container(Mounted, Opened):
    """One container, as the controls see it."""
