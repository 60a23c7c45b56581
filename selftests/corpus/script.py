"""The shell script that turns a fresh host into the one that a description says."""

import json
from collections.abc import Iterator
from shlex import join, quote

from selftests.corpus.description import Container, Description, File

DAEMON_JSON = "/etc/docker/daemon.json"
DROP_IN = "/etc/systemd/system/docker.service.d/corpus.conf"
BUILD = "/root/build"
# For the scripts of descriptions.
FUNCTIONS = """
becomes() { # STATE CONTAINER...: wait until the health of each is so
  state=$1
  shift
  for name in "$@"; do
    timeout 60 sh -c "until docker inspect --format {{.State.Health.Status}} $name | grep -qx $state; do sleep 1; done"
  done
}
"""


def script(host: Description) -> str:
    """Return the script, for root's `sh -e` on the host."""
    return "\n".join(
        [
            "exec >/dev/null",
            FUNCTIONS,
            f"docker image rm bb:1\nrm -f {DAEMON_JSON}",  # what the laboratory needed to start the host
            *_accounts(host),
            *_files(host),
            *(f"sysctl -q -w {quote(f'{name}={value}')}" for name, value in host.sysctls.items()),
            host.before,
            "systemctl daemon-reload\nsystemctl restart docker.service",
            *_images(host),
            *(f"docker network create {options} {quote(name)}" for name, options in host.networks.items()),
            *(f"docker volume create {options} {quote(name)}" for name, options in host.volumes.items()),
            *(line for name, each in host.containers.items() for line in _container(host, name, each)),
            f"docker swarm init {host.swarm}" if host.swarm is not None else "",
            host.after,
            *_audit_rules(host),  # last: a watch on a folder covers what is in it once the folder is there
            "",
        ]
    )


def _accounts(host: Description) -> Iterator[str]:
    for name, groups in host.users.items():
        options = f"--groups {groups} " if groups else ""
        yield f"useradd --create-home --shell /bin/sh {options}{quote(name)}"


def _files(host: Description) -> Iterator[str]:
    for path, each in host.files.items():
        yield from _file(path, each)
    if isinstance(host.daemon, str):
        yield from _file(DAEMON_JSON, File(host.daemon))
    elif host.daemon is not None:
        yield from _file(DAEMON_JSON, File(json.dumps(host.daemon, indent=2) + "\n"))
    if host.dockerd is not None:
        start = f"/usr/sbin/dockerd {host.dockerd}".strip()
        yield from _file(DROP_IN, File(f"[Service]\nExecStart=\nExecStart={start}\n"))


def _file(path: str, each: File) -> Iterator[str]:
    yield f"mkdir -p {quote(path.rpartition('/')[0] or '/')}"
    if each.link:
        yield f"ln -sfn {quote(each.link)} {quote(path)}"
        return
    yield (f"printf %s {quote(each.text)} >{quote(path)}" if each.text is not None else f"mkdir -p {quote(path)}")
    if each.mode:
        yield f"chmod {each.mode} {quote(path)}"
    if each.owner:
        yield f"chown {each.owner} {quote(path)}"


def _images(host: Description) -> Iterator[str]:
    if host.images:
        yield f"mkdir -p {BUILD}\ncp /root/bb.tar {BUILD}\necho text >{BUILD}/text"
    for tag, text in host.images.items():
        yield f"printf %s {quote(text)} >{BUILD}/Dockerfile"
        # a label lets images of equal files be different ones
        yield f"DOCKER_BUILDKIT=0 docker build --quiet --tag {quote(tag)} --label tag={quote(tag)} {BUILD}"


def _container(host: Description, name: str, each: Container) -> Iterator[str]:
    image = each.image or next(iter(host.images), "bb:1")
    start = ["docker", "create"] if each.state == "created" else ["docker", "run", "--detach"]
    yield f"{join([*start, '--name', name, *each.options(host.confined), image])} {each.command}"
    for words in each.exec:
        options, _, command = words.rpartition("-- ")
        yield f"docker exec --detach {options} {name} {command}"
    if each.state == "paused":
        yield f"docker pause {name}"
    if each.state == "exited":
        yield f"docker kill {name}"


def _audit_rules(host: Description) -> Iterator[str]:
    if host.audit_rules:
        yield from _file("/etc/audit/rules.d/docker.rules", File(host.audit_rules))
        yield "augenrules --load"
