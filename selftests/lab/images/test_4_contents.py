"""Section 4 on real engines: what is in images, whatever keeps their layers, and what is remembered of them."""

from __future__ import annotations

import io
import json
import os
import re
import shutil
import subprocess
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from hullcheck import facts as fact_modules
from hullcheck.facts import Facts
from hullcheck.facts.images.contents import ImageContents
from hullcheck.gather import gather
from hullcheck.gather.transport import Connection
from hullcheck.inventory import Target
from hullcheck.policy import Policy
from hullcheck.recording import Recording
from hullcheck.recording.script import render
from selftests.kit.judging import facts_of_engine, judged
from selftests.kit.running import Project
from selftests.rig import removal
from selftests.rig.engines import versions
from selftests.rig.waiting import until

if TYPE_CHECKING:
    from selftests.rig.engines.engine import Engine
    from selftests.rig.engines.rootless import RootlessEngine

EngineFactory = Callable[..., "Engine"]

CONTAINERD = {"features": {"containerd-snapshotter": True}}
STORES = {
    "overlay2": {"storage_driver": "overlay2"},
    "vfs": {"storage_driver": "vfs"},
    "containerd": CONTAINERD,
    "userns": {"userns_remap": "default"},
}
each_store = pytest.mark.parametrize("settings", STORES.values(), ids=list(STORES))

# Each image: what it is built from, and what is found there.
BUILDS = {
    "plain": ("bb:1", "touch /x && chmod 755 /x", ""),
    "setuid": ("bb:1", "mkdir -p /d/e && touch /d/e/s && chmod 4755 /d/e/s", "/d/e/s (4755)"),
    "setgid": ("bb:1", "touch /g && chmod 2711 /g", "/g (2711)"),
    "directory": ("bb:1", "mkdir /g && chmod 2775 /g", ""),
    "later": ("setuid", "touch /d/e/x", "/d/e/s (4755)"),
    "removed": ("setuid", "rm /d/e/s", ""),
    "changed": ("setuid", "chmod 755 /d/e/s", ""),
    "worse": ("setuid", "chmod 6755 /d/e/s", "/d/e/s (6755)"),
    "emptied": ("setuid", "rm -r /d && mkdir -p /d/e && touch /d/e/x", ""),
    "upper": ("setuid", "rm -r /d", ""),
    "linked": ("setuid", "rm -r /d && ln -s /tmp /d", ""),
    "file": ("setuid", "rm -r /d && touch /d", ""),
    "moved": ("setuid", "mv /d /f", "/f/e/s (4755)"),
    "hard": ("setuid", "ln /d/e/s /t && rm /d/e/s", "/t (4755)"),
    "pair": ("bb:1", "touch /p && chmod 4755 /p && ln /p /q && rm /p", "/q (4755)"),
    "third": ("pair", "ln /q /r && chmod 755 /r", ""),
    "again": ("removed", "touch /d/e/s && chmod 4755 /d/e/s", "/d/e/s (4755)"),
    "system": ("bb:1", "chmod u+s /bin/busybox", "/bin/busybox (4755)"),
    "repaired": ("system", "chmod u-s /bin/busybox", ""),
}


def build(engine: Engine, *names: str) -> None:
    """Build these images."""
    for name in names:
        base, command, _ = BUILDS[name]
        engine.docker("build", "--tag", name, "-", stdin=f"FROM {base}\nRUN {command}\n")


def verdicts(facts: Facts) -> dict[str, tuple[str, str]]:
    """What 4.8 says of each image that was built."""
    found = judged("4.8", facts)
    return {name.removesuffix(":latest"): each for name, each in found.items() if name != "bb:1"}


def expected(*names: str) -> dict[str, tuple[str, str]]:
    """What 4.8 has to say of these images."""
    files = {name: BUILDS[name][2] for name in names}
    return {
        name: ("fail", f"holds {found}") if found else ("pass", "no setuid or setgid file")
        for name, found in files.items()
    }


def truth(engine: Engine, image: str) -> set[str]:
    """The setuid and setgid files of an image, as a container of it would see them."""
    name = engine.create("truth", image=image)
    command = ("docker", "--host", f"unix://{engine.socket}", "export", name)
    exported = subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout
    engine.docker("rm", name)
    with tarfile.open(fileobj=io.BytesIO(exported)) as archive:
        special = (each for each in archive if (each.isreg() or each.islnk()) and each.mode & 0o6000)
        return {f"/{each.name.removeprefix('./')} ({each.mode:04o})" for each in special}


@each_store
def test_what_layers_make_of_each_other(engine: EngineFactory, settings: dict[str, object]) -> None:
    """Whatever keeps the layers, an image is judged by what a container of it would see."""
    one = engine(**settings)
    build(one, *BUILDS)
    facts = facts_of_engine(one.socket, of="4.8")
    assert verdicts(facts) == expected(*BUILDS)
    for name, (_, _, found) in BUILDS.items():
        assert truth(one, name) == ({found} if found else set())
    allowed = Policy(allowed_setuid_files=("/d/e/s",))
    found_8 = judged("4.8", Facts(facts.recording, allowed))
    assert found_8["setuid:latest"] == ("pass", "approved: /d/e/s")
    assert found_8["hard:latest"][0] == "fail"


def context_with_capability(bits: int) -> bytes:
    """What to build an image from in which /busybox has these file capabilities."""
    program = Path(str(shutil.which("busybox"))).read_bytes()
    value = b"".join(word.to_bytes(4, "little") for word in (2 << 24 | 1, bits, 0, 0, 0))
    tool = tarfile.TarInfo("busybox")
    tool.mode, tool.size = 0o755, len(program)
    tool.pax_headers = {"SCHILY.xattr.security.capability": value.decode("utf-8", "surrogateescape")}
    layer, context = io.BytesIO(), io.BytesIO()
    with tarfile.open(fileobj=layer, mode="w", format=tarfile.PAX_FORMAT) as made:
        made.addfile(tool, io.BytesIO(program))
    with tarfile.open(fileobj=context, mode="w") as made:
        for name, body in {"Dockerfile": b"FROM bb:1\nADD l.tar /\n", "l.tar": layer.getvalue()}.items():
            member = tarfile.TarInfo(name)
            member.size = len(body)
            made.addfile(member, io.BytesIO(body))
    return context.getvalue()


def permitted(engine: Engine, image: str) -> int:
    """The capabilities that a user's process of /busybox has, as a mask.

    It leaves them in a file: on a busy machine what it prints may be lost, for which the engine waits two seconds.
    """
    command = ("/busybox", "cp", "/proc/self/status", "/tmp/status")
    name = engine.create(f"runs-{image}", "--user", "1000", image=image, command=command)
    engine.docker("start", name)
    assert engine.docker("wait", name).strip() == "0"
    (mask,) = re.findall(r"(?m)^CapPrm:\s*(\w+)", engine.docker("cp", f"{name}:/tmp/status", "-"))
    engine.docker("rm", name)
    return int(mask, 16)


@each_store
def test_file_capabilities(engine: EngineFactory, settings: dict[str, object]) -> None:
    """A program that gives a user of the container a capability of root fails; its value takes the engine's store."""
    one = engine(**settings)
    for name, bits in {"setuid": 1 << 7, "bind": 1 << 10}.items():
        one.docker("build", "--tag", name, "-", stdin=context_with_capability(bits))
        assert permitted(one, name) == bits
    found = verdicts(facts_of_engine(one.socket, of="4.8"))
    if settings is CONTAINERD:
        assert found["setuid"][0] == found["bind"][0] == "manual"
        return
    assert found["setuid"] == ("fail", "holds /busybox (SETUID)")
    assert found["bind"] == (
        "pass",
        "no setuid or setgid file; with capabilities: /busybox (NET_BIND_SERVICE)",
    )


@each_store
def test_packages(engine: EngineFactory, settings: dict[str, object]) -> None:
    """Tools and packages are told, those of apk by name; a list decides."""
    one = engine(**settings)
    apk = "mkdir -p /lib/apk/db && printf 'C:x\\nP:musl\\n\\nC:y\\nP:zlib\\n' > /lib/apk/db/installed"
    dpkg = "mkdir -p /var/lib/dpkg/info && touch /var/lib/dpkg/info/libc6:amd64.list"
    one.docker("build", "--tag", "a", "-", stdin=f"FROM bb:1\nRUN {apk}\nRUN {dpkg}\n")
    one.docker("build", "--tag", "b", "-", stdin="FROM a\nRUN rm -r /lib/apk /var/lib/dpkg/info/libc6*\n")
    facts = facts_of_engine(one.socket, of="4.8")
    held = {name: (verdict, why.partition(":")[0]) for name, (verdict, why) in judged("4.3", facts).items()}
    assert held["a:latest"] == ("manual", "holds 3 packages; busybox")
    assert held["b:latest"] == ("manual", "holds 0 packages; busybox")
    listed = ("busybox", "libc6", "musl")
    some, whole = Policy(allowed_packages=listed), Policy(allowed_packages=(*listed, "zlib"))
    found = judged("4.3", Facts(facts.recording, some))
    assert found["a:latest"] == ("fail", "holds what is not on the list: zlib")
    assert found["b:latest"][0] == "pass"
    assert judged("4.3", Facts(facts.recording, whole))["a:latest"][0] == "pass"


@pytest.mark.parametrize("settings", [{"storage_driver": "overlay2"}, CONTAINERD], ids=["own", "containerd"])
def test_layer_that_is_damaged(engine: EngineFactory, settings: dict[str, object]) -> None:
    """An image of which a layer is cut off or missing is an error; the others are judged."""
    one = engine(fresh=True, **settings)
    build(one, "plain", "setuid", "removed")
    places = (
        "image/*/layerdb/sha256/*/tar-split.json.gz",
        "**/io.containerd.content.v1.content/blobs/sha256/*",
    )
    before = verdicts(facts_of_engine(one.socket, of="4.8"))
    assert {name: each[0] for name, each in before.items()} == {
        "plain": "pass",
        "setuid": "fail",
        "removed": "pass",
    }
    packed = [file for place in places for file in one.data_root.glob(place) if _is_packed(file)]
    newest = max(packed, key=lambda file: file.stat().st_mtime_ns)  # that of the image "removed"
    newest.write_bytes(newest.read_bytes()[:-12])
    after = verdicts(facts_of_engine(one.socket, of="4.8"))
    assert after == {
        **before,
        "removed": ("error", "its layers could not be read, or not to their end"),
    }
    newest.unlink()
    assert verdicts(facts_of_engine(one.socket, of="4.8")) == after


_ELSEWHERE = """
version = 2
imports = ["{0}/more.toml"]
state = "{0}/state"
disabled_plugins = ["io.containerd.grpc.v1.cri"]
[grpc]
  address = "{0}/c"
"""


@pytest.mark.needs_engine(">=24", "images in the store of containerd")
def test_containerd_with_a_root_of_its_own(engine: EngineFactory, tmp_path: Path) -> None:
    """1.1.1, 4.8: where it keeps its data is what it has open, whichever of its files says so."""
    (tmp_path / "c.toml").write_text(_ELSEWHERE.format(tmp_path))
    (tmp_path / "more.toml").write_text(f'version = 2\nROOT = "{tmp_path}/own"\n')
    path = versions.chosen().path
    command = (str(shutil.which("containerd", path=path)), "--config", str(tmp_path / "c.toml"))
    process = subprocess.Popen(command, env={**os.environ, "PATH": path}, stderr=subprocess.DEVNULL)
    try:
        until((tmp_path / "c").exists, "containerd does not listen")
        one = engine(fresh=True, containerd=f"{tmp_path}/c", **CONTAINERD)
        facts = facts_of_engine(one.socket, of="1.1.1 4.8")
        assert judged("4.8", facts)["bb:1"][0] == "pass"
        assert f"{tmp_path}/own" in judged("1.1.1", facts)["local"][1]
        one.down()
    finally:
        process.terminate()
        process.wait(10)
        removal.unmount(tmp_path)


def _is_packed(file: Path) -> bool:
    return file.read_bytes().startswith(b"\x1f\x8b")


@pytest.mark.parametrize("settings", [{"storage_driver": "overlay2"}, CONTAINERD], ids=["own", "containerd"])
def test_without_root(engine: EngineFactory, settings: dict[str, object]) -> None:
    """Who may use the engine but is not root gets an error that says what it takes."""
    one = engine(fresh=True, **settings)
    one.socket.chmod(0o666)
    user = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "env", "HOME=/")
    verdict, reason = judged("4.8", _asked_by(one, *user, "sh"))["bb:1"]
    assert verdict == "error"
    assert "cannot be read; it takes root" in reason
    assert judged("4.8", _asked_by(one, "sh"))["bb:1"][0] == "pass"


def test_busybox(engine: EngineFactory, tmp_path: Path) -> None:
    """A host with busybox alone tells of its own store; of containerd's it says what is missing."""
    for applet in subprocess.run(
        ["busybox", "--list"], capture_output=True, text=True, check=True
    ).stdout.split():
        (tmp_path / applet).symlink_to(shutil.which("busybox") or "")
    (tmp_path / "docker").symlink_to(shutil.which("docker") or "")
    for settings in ({"storage_driver": "overlay2"}, CONTAINERD):
        one = engine(**settings)
        build(one, "plain", "setuid", "removed", "emptied")
        script = render(fact_modules.PROBES, docker_host=f"unix://{one.socket}")
        script = script.replace("PATH=$PATH:", f"PATH={tmp_path}:", 1)
        shell = ("busybox", "sh")
        said = subprocess.run(
            shell, input=script, capture_output=True, text=True, errors="replace", check=True
        )
        facts = _facts(said.stdout)
        if settings is CONTAINERD:
            assert set(verdicts(facts).values()) == {
                (
                    "error",
                    "image_contents: the layers in the store of containerd can only be listed with GNU tar",
                )
            }
        else:
            assert verdicts(facts) == expected("plain", "setuid", "removed", "emptied")


def test_rootless(rootless_engine: RootlessEngine) -> None:
    """The images of an engine in a user's home are read, by root and by the user."""
    build(rootless_engine, "plain", "setuid", "removed", "emptied", "hard")
    names = ("plain", "setuid", "removed", "emptied", "hard")
    assert verdicts(facts_of_engine(rootless_engine.socket, of="4.8")) == expected(*names)


def _asked_by(engine: Engine, *command: str) -> Facts:
    script = render(fact_modules.PROBES, docker_host=f"unix://{engine.socket}")
    said = subprocess.run(command, input=script, capture_output=True, text=True, errors="replace", check=True)
    return _facts(said.stdout)


def _facts(output: str) -> Facts:
    recording = Recording.from_output(output, fact_modules.PROBES, target="host", backend="script", asked=0.0)
    return Facts(recording, Policy())


# ---- what is remembered


def gathered(engine: Engine, cache: Path, name: str = "host") -> Recording:
    """What an audit with this cache records of the engine."""
    target = Target(name, "local://", docker_host=f"unix://{engine.socket}")
    (recording,) = gather([target], fact_modules.PROBES, Connection(), cache=cache).values()
    return recording


def remembered(recording: Recording) -> dict[str, bool]:
    """By image, whether what is told of it is from an earlier run."""
    names = {image.id: name for name, image in Facts(recording, Policy()).image}
    lines = recording.answers["image_contents"].stdout.splitlines()
    return {names[each["Id"]].removesuffix(":latest"): each["Read"] > 0 for each in map(json.loads, lines)}


@pytest.mark.parametrize("settings", [{"storage_driver": "overlay2"}, CONTAINERD], ids=["own", "containerd"])
def test_image_is_read_once(engine: EngineFactory, tmp_path: Path, settings: dict[str, object]) -> None:
    """The next run asks for what is new, and records all; another target is asked for all."""
    one = engine(fresh=True, **settings)
    build(one, "setuid")
    first = gathered(one, tmp_path)
    assert remembered(first) == {"bb:1": False, "setuid": False}
    build(one, "removed")
    second = gathered(one, tmp_path)
    assert remembered(second) == {"bb:1": True, "setuid": True, "removed": False}
    assert verdicts(Facts(second, Policy())) == expected("setuid", "removed")
    ids = [image.id for _, image in Facts(first, Policy()).image]
    contents = [[ImageContents(each).of(identifier).tools for identifier in ids] for each in (first, second)]
    assert contents[0] == contents[1]
    assert set(remembered(gathered(one, tmp_path, "other")).values()) == {False}
    one.docker("image", "rm", "removed")
    assert remembered(gathered(one, tmp_path)) == {"bb:1": True, "setuid": True}


def test_run_and_replay(engine: EngineFactory, tmp_path: Path) -> None:
    """A second run, in workers too, and a replay of its recording give the verdicts of the first."""
    one = engine()
    build(one, "setuid", "removed")
    project = Project(tmp_path / "project")
    project.environment["DOCKER_HOST"] = f"unix://{one.socket}"
    control = ("-p", "cacheprovider", "-k", "needless_setuid")
    first = project.pytest(*control).results["results"]
    assert [each["verdict"] for each in first] == ["fail"]
    (cache,) = (project.folder / ".pytest_cache/d/hullcheck-images").iterdir()
    assert "/d/e/s" in cache.read_text()
    assert project.pytest(*control, "-n2").results["results"] == first
    latest = (project.folder / "reports/latest/local").resolve()
    assert set(remembered(Recording.load(latest, ())).values()) == {True}
    assert project.pytest(*control, f"--hosts=recorded://{latest}").results["results"] == first
    assert project.pytest("-k", "needless_setuid").results["results"] == first  # without a cache
    removal.delete(project.folder / ".pytest_cache")
    project.write(".pytest_cache", "in the way of one")
    blocked = project.pytest(*control)
    assert (blocked.status, blocked.results["results"]) == (1, first)
