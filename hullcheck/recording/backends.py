"""The names of testinfra's backends and of our own, and what each of them reaches."""

BACKENDS = (
    *("local", "ssh", "safe-ssh", "paramiko", "docker", "podman", "ansible", "salt"),
    *("kubectl", "chroot", "lxc", "recorded", "host", "compose"),
)


RECORDED = "recorded"
COMPOSE = "compose"
"""Files that say what will be started: no host is asked."""
WITHOUT_HOST = (RECORDED, COMPOSE)
"""Those that name files of the auditor's machine."""
HOST = "host"
"""The host of the container in which hullcheck runs."""
WITHOUT_NAME = ("local", HOST)
"""Those of which there is one, and whose specification names none."""

CONTAINER_BACKENDS = ("docker", "podman", "kubectl")

SSH_BACKENDS = ("ssh", "safe-ssh")


def backend_of(connect: str) -> str:
    """The backend that a host specification names: the part before `://`."""
    return connect.partition("://")[0]
