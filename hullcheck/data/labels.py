"""Labels whose values are names that programs set to group containers."""

GROUPING = frozenset(
    (
        *("com.docker.compose.project", "com.docker.compose.service", "com.docker.stack.namespace"),
        *("com.docker.swarm.service.name", "io.kubernetes.container.name", "io.kubernetes.pod.name"),
        "io.kubernetes.pod.namespace",
    )
)
"""Set by Compose, `docker stack` and the kubelet. Values of other labels may be secrets and are not kept."""
