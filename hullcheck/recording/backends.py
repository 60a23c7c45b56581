"""The names of testinfra's backends and of our own."""

RECORDED, COMPOSE, HOST = "recorded", "compose", "host"  # answers, files, and the host of this container
BACKENDS = (
    *("local", "ssh", "safe-ssh", "paramiko", "docker", "podman", "ansible", "salt"),
    *("kubectl", "chroot", "lxc", RECORDED, HOST, COMPOSE),
)
WITHOUT_HOST = (RECORDED, COMPOSE)  # those that name files of the auditor's machine
WITHOUT_NAME = ("local", HOST)  # those of which there is one, and whose specification names none
CONTAINER_BACKENDS = ("docker", "podman", "kubectl")
SSH_BACKENDS = ("ssh", "safe-ssh")


def backend_of(connect: str) -> str:
    """Return the backend that a host specification names: the part before `://`."""
    return connect.partition("://")[0]
