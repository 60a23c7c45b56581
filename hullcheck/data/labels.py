"""Labels whose values are kept, as programs set them."""

PROJECT, SERVICE = "com.docker.compose.project", "com.docker.compose.service"
GROUPING = frozenset(
    (
        *(PROJECT, SERVICE, "com.docker.stack.namespace"),
        *("com.docker.swarm.service.name", "io.kubernetes.container.name", "io.kubernetes.pod.name"),
        "io.kubernetes.pod.namespace",
    )
)
"""Set by Compose, `docker stack` and the kubelet. Values of other labels may be secrets and are not kept."""
PATHS = FILES, FOLDER = f"{PROJECT}.config_files", f"{PROJECT}.working_dir"
"""Paths of the files of a project, between commas, and of its folder. They group nothing."""
