"""The names of testinfra's backends, and what each of them reaches."""

BACKENDS = (
    *("local", "ssh", "safe-ssh", "paramiko", "docker", "podman", "ansible", "salt"),
    *("kubectl", "chroot", "lxc", "recorded"),
)


RECORDED = "recorded"

CONTAINER_BACKENDS = ("docker", "podman", "kubectl")

SSH_BACKENDS = ("ssh", "safe-ssh")


def backend_of(connect: str) -> str:
    """The backend that a host specification names: the part before `://`."""
    return connect.partition("://")[0]
