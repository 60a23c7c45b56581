"""1.1.1 on real file systems: what a verdict says is what is mounted."""

from __future__ import annotations

import contextlib
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from hullcheck.parsing.proc import mountinfo
from selftests.kit.judging import judge_engine
from selftests.lab.host.kernel import only

if TYPE_CHECKING:
    from selftests.rig.engines.engine import Engine
    from selftests.rig.laboratory import Laboratory

EngineFactory = Callable[..., "Engine"]

pytestmark = pytest.mark.lab


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Callable[[Path], None]]:
    """Mount a file system of its own at a path, which is made."""
    mounted: list[Path] = []

    def mount(path: Path) -> None:
        image = tmp_path / f"{len(mounted)}.img"
        with image.open("wb") as file:
            file.truncate(256 * 1024 * 1024)
        subprocess.run(["mkfs.ext4", "-q", image], check=True)
        path.mkdir(parents=True, exist_ok=True)
        subprocess.run(["mount", "-o", "loop", image, path], check=True)
        mounted.append(path)

    yield mount
    for path in reversed(mounted):
        subprocess.run(["umount", "--recursive", path], check=False, capture_output=True)


@contextlib.contextmanager
def stopped(lab: Laboratory, *flags: str, **settings: object) -> Iterator[Engine]:
    """An engine that was not started yet."""
    from selftests.rig.engines.engine import Engine

    one = Engine(lab, {key.replace("_", "-"): value for key, value in settings.items()}, flags)
    one.directory.mkdir(parents=True, exist_ok=True)
    try:
        yield one
    finally:
        one.down()


def storage(one: Engine) -> tuple[str, str]:
    """What 1.1.1 says of an engine, after it was started."""
    one.start()
    return only(judge_engine("1.1.1", one.socket))


def test_data_root_on_the_file_system_of_the_host(engine: EngineFactory) -> None:
    """dockerd mounts its data root over itself here, which makes no file system of its own."""
    one = engine()
    mounts = mountinfo.parse(Path("/proc/self/mountinfo").read_text().splitlines())
    assert str(one.data_root) in {mount.point for mount in mounts}
    found, reason = only(judge_engine("1.1.1", one.socket))
    assert (found, "is on the file system of / (mounted from there)" in reason) == ("fail", True)


def test_data_root_on_a_disk(lab: Laboratory, disk: Callable[[Path], None]) -> None:
    """A file system that is mounted at the data root passes."""
    with stopped(lab) as one:
        disk(one.data_root)
        found, reason = storage(one)
        assert (found, "is a mount point of its own: ext4" in reason) == ("pass", True)


def test_data_root_mounted_from_another_disk(lab: Laboratory, disk: Callable[[Path], None]) -> None:
    """A directory of a disk that holds more than the engine's data is none of its own, wherever it is mounted."""
    with stopped(lab) as one:
        disk(one.directory / "disk")
        (one.directory / "disk" / "docker").mkdir()
        one.data_root.mkdir()
        subprocess.run(["mount", "--bind", one.directory / "disk" / "docker", one.data_root], check=True)
        found, reason = storage(one)
        assert (found, "is the directory /docker of the file system on device" in reason) == ("fail", True)


def test_data_root_of_remapped_users(lab: Laboratory, disk: Callable[[Path], None]) -> None:
    """With user namespaces the numbered directory is looked for on the disk of its parent."""
    with stopped(lab, userns_remap="default") as one:
        disk(one.data_root)
        assert storage(one)[0] == "pass"
    with stopped(lab, userns_remap="default") as one:
        assert storage(one)[0] == "fail"


def test_images_in_containerd(lab: Laboratory, disk: Callable[[Path], None], tmp_path: Path) -> None:
    """Where containerd keeps the images, its root needs a file system of its own as well."""
    config, address, root = tmp_path / "c.toml", tmp_path / "c.sock", tmp_path / "root"
    config.write_text(
        f'version = 2\nroot = "{root}"\nstate = "{tmp_path}/state"\n'
        f'disabled_plugins = ["io.containerd.grpc.v1.cri"]\n[grpc]\n  address = "{address}"\n'
    )
    features = {"features": {"containerd-snapshotter": True}, "storage_driver": "native"}
    with _containerd(config, address), stopped(lab, "--containerd", str(address), **features) as one:
        disk(one.data_root)
        found, reason = storage(one)
        assert (found, reason.startswith(f"{root} is on the file system of /")) == ("fail", True)
        one.stop()
        one.configure({})
        one.settings = {}
        assert storage(one)[0] == "pass"


@contextlib.contextmanager
def _containerd(config: Path, address: Path) -> Iterator[None]:
    quiet = subprocess.DEVNULL
    process = subprocess.Popen(["containerd", "--config", config], stdout=quiet, stderr=quiet)
    try:
        for _ in range(100):
            if address.exists():
                break
            time.sleep(0.05)
        yield
    finally:
        process.terminate()
        process.wait(20)
