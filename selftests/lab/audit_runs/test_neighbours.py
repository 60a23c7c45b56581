"""On real engines: containers, networks, images and mounts with names like secrets hide nothing of others."""

from __future__ import annotations

import inspect
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from selftests.kit.judging import controls, facts_of_engine, judged

if TYPE_CHECKING:
    from hullcheck.facts import Facts
    from selftests.rig.engines.engine import Engine

EngineFactory = Callable[..., "Engine"]

HEAD, TAIL = "-----BEGIN PRIVATE KEY-----", "-----END PRIVATE KEY-----"

pytestmark = pytest.mark.lab


def verdicts(key: str, facts: Facts) -> dict[str, str]:
    """The verdict of a control by subject."""
    return {subject: verdict for subject, (verdict, _) in judged(key, facts).items()}


def test_process_hides_no_server_of_another(engine: EngineFactory, tmp_path: Path) -> None:
    """A program with such a name runs first; the SSH server of another container is seen all the same."""
    one = engine()
    shutil.copy(str(shutil.which("busybox")), tmp_path / "sshd")
    (tmp_path / "sleep").symlink_to("sshd")
    for number, name in enumerate(("PuTTY-User-Key-File-3", HEAD, "LS0tLS1CRUdJTiBQUklWQVRF")):
        shutil.copy(str(shutil.which("busybox")), tmp_path / name)
        run = f"cp '/p/{name}' '/{name}' && ln -s '/{name}' /sleep && exec /sleep 999"
        one.run(f"first{number}", "-v", f"{tmp_path}:/p", command=("sh", "-c", run))
    one.run("server", "-v", f"{tmp_path}:/p", command=("/p/sleep", "999"))
    found = verdicts("5.7", facts_of_engine(one.socket, of="5.7"))
    assert found == {"first0": "pass", "first1": "pass", "first2": "pass", "server": "fail"}


def test_networks_hide_no_default_bridge(engine: EngineFactory) -> None:
    """The engine lists the bridge between two networks of such names."""
    one = engine()
    one.docker("network", "create", f"a{HEAD}")
    one.run("web")
    one.docker("network", "create", f"c{TAIL}")
    facts = facts_of_engine(one.socket)
    assert verdicts("5.30", facts) == {"web": "fail"}
    assert set(verdicts("2.2", facts).values()) == {"fail"}


def test_mounts_with_names_like_secrets(engine: EngineFactory, tmp_path: Path) -> None:
    """No control says anything else than of a container with an ordinary mount."""
    one = engine()
    names = [f"a{HEAD}", "PuTTY-User-Key-File-3: ssh-rsa"]
    for name in ("data", *names):
        (tmp_path / name).mkdir()
    said = list[dict[str, str]]()
    asked = {each.__name__.removeprefix("test_"): inspect.signature(each).parameters for each in controls()}
    of_containers = [key for key, parameters in asked.items() if "container" in parameters]
    for number, name in enumerate(("data", *names)):
        one.run("web", "--mount", f"type=bind,source={tmp_path / name},target=/data")
        facts = facts_of_engine(one.socket)
        said.append({key: verdicts(key, facts).get("web", "") for key in of_containers})
        one.docker("rm", "--force", "web")
        assert said[number] == said[0], name
    assert "pass" in said[0].values()


def test_files_of_images_with_names_like_secrets(engine: EngineFactory, tmp_path: Path) -> None:
    """What other images hold is read all the same."""
    one = engine()
    for name in (f"x{HEAD}", "PuTTY-User-Key-File-3", f"{TAIL}.key"):
        (tmp_path / name).write_text("x")
    (tmp_path / "Dockerfile").write_text("FROM bb:1\nCOPY . /x/\nRUN chmod 4755 /x/*\n")
    before = verdicts("4.8", facts_of_engine(one.socket, of="4.8"))
    one.docker("build", "--tag", "odd:1", str(tmp_path))
    after = verdicts("4.8", facts_of_engine(one.socket, of="4.8"))
    assert before.items() < after.items()
    assert after["odd:1"] == "fail"
    assert "error" not in after.values()


@pytest.mark.timed
def test_megabyte_of_one_variable_takes_no_time_from_others(engine: EngineFactory) -> None:
    """A container and an image with it are described, and what else there is is judged as before."""
    one = engine()
    one.run("web")
    before = facts_of_engine(one.socket)
    expected = {key: verdicts(key, before) for key in ("5.5", "5.7", "5.30", "4.6", "4.10")}
    long = "password=" * (1_000_000 // 9)
    body = {
        "Image": "bb:1",
        "Env": [f"A={long}"],
        "Cmd": ["true"],
        "Entrypoint": ["sh", "-c", long],
        "Healthcheck": {"Test": ["CMD", long]},
    }
    name = "large"
    made = one.client.api._post_json(
        one.client.api._url("/containers/create"), data=body, params={"name": name}
    )
    made.raise_for_status()
    one.docker("commit", name, "large:1")
    began = time.monotonic()
    facts = facts_of_engine(one.socket)
    found = {key: verdicts(key, facts) for key in expected}
    taken = time.monotonic() - began
    for key, said in expected.items():
        assert said.items() <= found[key].items(), key
        assert "error" not in found[key].values(), key
    assert found["4.10"]["large:1"] == "fail"
    assert taken < 60
