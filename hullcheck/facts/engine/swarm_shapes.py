"""What the engine says of a swarm, by type: of its cluster, its nodes, its services, and what a node wrote down."""

from hullcheck.parsing.documents import COUNT

_PORT = range(1 << 16)
_CLUSTER = {
    **dict.fromkeys(("ID?", "CreatedAt?"), str),
    "Spec?": (
        None,
        {
            "CAConfig?": (None, {"NodeCertExpiry?": COUNT, "ExternalCAs?": (None, [{"Protocol?": str}])}),
            "EncryptionConfig?": (None, {"AutoLockManagers?": bool}),
        },
    ),
    "TLSInfo?": (None, {"TrustRoot?": str}),
    "RootRotationInProgress?": bool,
}
INFO = {
    "LocalNodeState": frozenset(("inactive", "pending", "active", "error", "locked")),
    "ControlAvailable?": bool,
    **dict.fromkeys(("NodeAddr?", "Error?"), str),
    "RemoteManagers?": (None, [{"Addr?": str}]),
    "Cluster?": (None, _CLUSTER),
}
NODE = {
    "Hostname": str,
    "Role": frozenset(("manager", "worker")),
    "ManagerStatus": (
        None,
        {"Leader?": bool, "Reachability": frozenset(("reachable", "unreachable", "unknown"))},
    ),
}
SERVICE = {
    "ID": str,
    "Name": str,
    "Variables": COUNT,
    "Found": [str],
    "Image?": (None, str),
    "Secrets?": (None, [{"SecretName": str}]),
    "Configs?": (None, [{"ConfigName": str, "ConfigID?": (None, str), "File?": (None, {"Name?": str})}]),
}
CONFIG = {"ID": str, "Found": (None, [str])}
_PUBLISHED = {
    "PublishedPort?": _PORT,
    "Protocol?": frozenset(("tcp", "udp", "sctp")),
    "PublishMode?": frozenset(("", "ingress", "host")),
}
PUBLISHED_SERVICE = {
    "ID": str,
    "Spec": {
        "Name": str,
        "Mode?": (None, {"*": (None, {})}),
        "TaskTemplate": {
            "RestartPolicy?": (
                None,
                {
                    "Condition?": frozenset(("", "none", "on-failure", "any")),
                    "MaxAttempts?": (None, range(1 << 64)),  # a uint64
                    **dict.fromkeys(("Delay?", "Window?"), (None, COUNT)),
                },
            )
        },
    },
    "Endpoint": {"Ports": (None, [_PUBLISHED])},
}
NODE_STATE = dict.fromkeys(("ListenAddr?", "DataPathAddr?"), str)
"""What swarm/docker-state.json holds."""
