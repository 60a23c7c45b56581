"""Labels of containers whose values are names, and not chosen by hand: what set them groups containers by them."""

GROUPING = frozenset(
    (
        *("com.docker.compose.project", "com.docker.compose.service", "com.docker.stack.namespace"),
        *("com.docker.swarm.service.name", "io.kubernetes.container.name", "io.kubernetes.pod.name"),
        "io.kubernetes.pod.namespace",
    )
)
"""Set by Compose, `docker stack` and the kubelet. Of other labels the names are kept alone: values may be secrets."""

_COMPOSE = ("com.docker.compose.project.config_files", "com.docker.compose.oneoff")
KEPT = GROUPING | frozenset(_COMPOSE)
"""Those whose values are recorded: also where the files of a project lie, and whether `docker compose run` made it."""
