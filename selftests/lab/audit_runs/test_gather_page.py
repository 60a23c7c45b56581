"""The ways of docs/gather.md to bring answers home, as far as they run on one machine."""

from __future__ import annotations

import os
import re
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator
from configparser import RawConfigParser
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml

from selftests import REPOSITORY
from selftests.kit.running import Project

if TYPE_CHECKING:
    from selftests.rig.engines.engine import Engine

pytestmark = pytest.mark.lab

PAGE = (REPOSITORY / "docs/gather.md").read_text(encoding="utf-8")
MANIFEST = REPOSITORY / "contrib/kubernetes/daemonset.yaml"


@pytest.fixture
def asked(engine: Callable[..., Engine]) -> Engine:
    """An engine with a container that waits as the pod of the manifest does."""
    _, daemon_set = yaml.safe_load_all(MANIFEST.read_text(encoding="utf-8"))
    pod = daemon_set["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    assert pod["hostPID"]
    assert container["securityContext"] == {
        "privileged": True,
        "readOnlyRootFilesystem": True,
    }
    one = engine()
    one.docker(
        *("run", "--detach", "--name=wait", "--privileged", "--pid=host", "--read-only", "bb:1"),
        *container["command"],
    )
    return one


@pytest.fixture
def script(asked: Engine) -> str:
    """The probe script for it."""
    command = ["hullcheck", "probe-script", f"--docker-host=unix://{asked.socket}"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def _verdicts(folder: Path, answers: Path) -> dict[str, str]:
    """What the controls of the engine and its containers say of the one answer in a folder.

    Not those of the host, whose audit rules another self-test may change meanwhile.
    """
    project = Project(folder)
    files = ("tests/test_2_daemon.py", "tests/test_5_container_runtime.py")
    run = project.pytest(*files, f"--hosts=recorded://{answers}")
    return {each["control"]: each["verdict"] for each in run.results["results"]}


@pytest.fixture
def expected(script: str, tmp_path: Path) -> dict[str, str]:
    """The verdicts where the script runs on the host itself."""
    answers = tmp_path / "expected"
    answers.mkdir()
    with (answers / "node").open("wb") as answer:
        subprocess.run(["/bin/sh", "-s"], input=script.encode(), stdout=answer, check=True, timeout=120)
    found = _verdicts(tmp_path / "direct", answers)
    assert {"pass", "fail"} <= set(found.values())
    return found


def test_pod_asks_its_node(asked: Engine, script: str, expected: dict[str, str], tmp_path: Path) -> None:
    """The command of the page runs the script on the host, and not in the container."""
    (command,) = re.findall(r"-- \\\n +(nsenter .*) <probe.sh", PAGE)
    command = command.replace(
        "--target 1", f"--target {os.getpid()}"
    )  # process 1 may have more rights than root here
    answers = tmp_path / "answers"
    answers.mkdir()
    environment = os.environ | asked.environment
    with (answers / "node").open("wb") as answer:
        subprocess.run(
            [
                "docker",
                "exec",
                "--interactive",
                "wait",
                "busybox",
                *command.split(),
            ],  # here without a link to it
            input=script.encode(),
            stdout=answer,
            env=environment,
            check=True,
            timeout=120,
        )
    assert _verdicts(tmp_path / "pod", answers) == expected


# ---- a timer


def _certificate(folder: Path, name: str, signer: str = "") -> None:
    """`name.pem` with its key, by `signer.pem` or by itself."""
    signed = ("-CA", f"{signer}.pem", "-CAkey", f"{signer}.key") if signer else ()
    command = ("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
    subject = ("-subj", f"/CN={name}", "-addext", "subjectAltName=IP:127.0.0.1")
    files = ("-keyout", f"{name}.key", "-out", f"{name}.pem")
    subprocess.run([*command, *subject, *files, *signed], cwd=folder, check=True, capture_output=True)


@contextmanager
def _server(folder: Path) -> Iterator[int]:
    """Takes files over TLS from those whose certificate is ours, and gives the port."""

    class Taking(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_PUT(self) -> None:
            """Keep the file."""
            content = b""
            while size := int(self.rfile.readline(), 16):
                content += self.rfile.read(size)
                self.rfile.readline()
            (folder / self.path.lstrip("/")).write_bytes(content)
            self.rfile.readline()
            self.send_response(201)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=str(folder / "ca.pem"))
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_cert_chain(folder / "server.pem", folder / "server.key")
    with ThreadingHTTPServer(("127.0.0.1", 0), Taking) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_port
        server.shutdown()


@pytest.mark.needs("curl", "openssl")
def test_host_hands_its_answer_in(script: str, expected: dict[str, str], tmp_path: Path) -> None:
    """The command of the unit, but for paths and the address; a stranger to the server hands in nothing."""
    unit = RawConfigParser(strict=False, interpolation=None)
    unit.read_string(re.findall(r"```ini\n(.*?)```", PAGE, re.DOTALL)[0])
    command = (
        unit["Service"]["ExecStart"].removeprefix("/bin/sh -c '").removesuffix("'").replace("%H", "node")
    )
    _certificate(tmp_path, "ca")
    for name in ("server", "host"):
        _certificate(tmp_path, name, "ca")
    (tmp_path / "host.pem").write_text(
        (tmp_path / "host.key").read_text() + (tmp_path / "host.pem").read_text()
    )
    (tmp_path / "probe.sh").write_text(script)
    (tmp_path / "answers").mkdir()
    with _server(tmp_path) as port:
        command = command.replace("audit.example.com", f"127.0.0.1:{port}")
        for place in ("/usr/local/lib/hullcheck", "/etc/hullcheck"):
            command = command.replace(place, str(tmp_path))
        stranger = command.replace(f" --cert {tmp_path}/host.pem", "")
        assert stranger != command
        assert subprocess.run(["/bin/sh", "-c", stranger], capture_output=True, timeout=120).returncode != 0
        assert not list((tmp_path / "answers").iterdir())
        subprocess.run(["/bin/sh", "-c", command], check=True, timeout=120)
    assert _verdicts(tmp_path / "handed", tmp_path / "answers") == expected
