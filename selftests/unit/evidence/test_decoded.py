"""The meaning of the raw numbers in an answer."""

import pytest

from hullcheck.evidence.decoded import meaning

ANY = "0" * 32


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("81a4:0:102:docker:'/etc/a'", "81a4 is mode 644 (-rw-r--r--), owner uid 0, group docker (gid 102)"),
        (f"9/net/tcp6:   0: {ANY}:0948 {ANY}:0000 0A 0", "0948 is port 2376, [::]:2376"),
        ("9/net/tcp:   0: 0100007F:0948 0100007F:1F90 01 0", ""),
        ("7/status:CapEff:\t0000000000000400", "capabilities: NET_BIND_SERVICE"),
        ("7/status:CapEff:\t0000000000000000", "no capability"),
        ("7/status:Uid:\t0\t0\t0\t0", "root"),
        ("7/status:Uid:\t101\t0\t0\t0", "uid 101"),
        ("/sys/fs/cgroup/a/memory.max:67108864", "64 MiB"),
        ("HostConfig.Memory: 0", "not set"),
        ("/sys/fs/cgroup/a/memory.limit_in_bytes:9223372036854771712", "no limit"),
        ("Swarm.Cluster.Spec.CAConfig.NodeCertExpiry: 7776000000000000", "90 days"),
        (f"/sys/fs/cgroup/a/memory.max:{'9' * 5000}", ""),
    ],
)
def test_meaning(line: str, expected: str) -> None:
    """Modes, ports, capabilities and limits are words; what is plain has none, nor has nonsense."""
    assert meaning(line) == expected
