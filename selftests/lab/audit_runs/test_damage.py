"""No damage inside an answer of further kinds of hosts makes a control pass, or break: a sample, another one each time.

The hosts of the demo are damaged without a laboratory, in `selftests/project/test_damage.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from bench.make_recordings import KINDS
from selftests.kit.damage import require_none

if TYPE_CHECKING:
    from selftests.rig.hosts.host import Host

SECONDS = 20


@pytest.mark.lab
@pytest.mark.parametrize("kind", KINDS)
def test_damage_is_never_a_pass(kind: str, lab_host: Callable[..., Host]) -> None:
    """A swarm, the store of containerd, two engines, a rootless one and a container from inside, as they answer now."""
    require_none(KINDS[kind](lab_host), SECONDS)
