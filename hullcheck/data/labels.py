"""Labels of containers whose values are names, and not chosen by hand: what set them groups containers by them."""

GROUPING = frozenset(
    (
        *("com.docker.compose.project", "com.docker.compose.service", "com.docker.stack.namespace"),
        *("com.docker.swarm.service.name", "io.kubernetes.container.name", "io.kubernetes.pod.name"),
        "io.kubernetes.pod.namespace",
    )
)
"""Set by Compose, `docker stack` and the kubelet. Of other labels the names are kept alone: values may be secrets."""
