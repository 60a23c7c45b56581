"""What others wrote: only regular files of a bounded size are read, and nothing hangs or fills the memory."""

from __future__ import annotations

import gzip
import os
import resource
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from hullcheck import inputs
from hullcheck.bundle import archive
from hullcheck.compare import read_log
from hullcheck.frameworks import load as load_frameworks
from hullcheck.gather import image_cache
from hullcheck.inventory import yamlfile
from hullcheck.inventory.yamlfile import YamlError
from hullcheck.messages import WrongUse
from hullcheck.recording import Recording, RecordingError, why_not_a_recording
from hullcheck.results import document
from hullcheck.verify import layout
from selftests import REPOSITORY
from selftests.kit.running import PRESENT, Project, clean_environment, containers, info

READERS: dict[str, tuple[Callable[[Path], object], type[Exception]]] = {
    "inventory": (yamlfile.load, YamlError),
    "recording": (lambda path: Recording.load(path, ()), RecordingError),
    "results": (lambda path: document.load(path, "--results"), WrongUse),
    "docker-bench": (read_log, WrongUse),
    "markers": (load_frameworks, WrongUse),
    "bundle": (layout.read, WrongUse),
}


@pytest.mark.parametrize("name", READERS)
def test_pipe_is_refused(name: str, tmp_path: Path) -> None:
    """A pipe that nobody writes to would hang the run for ever; the message says what to do."""
    read, error = READERS[name]
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(error, match=r"(?s)pipe.*not a regular file; save what it holds to a file"):
        read(tmp_path / "pipe")


@pytest.mark.parametrize("name", READERS)
def test_device_is_refused(name: str, tmp_path: Path) -> None:
    """A link to a device without an end is no file, and is not opened."""
    read, error = READERS[name]
    (tmp_path / "link").symlink_to("/dev/zero")
    with pytest.raises(error, match=r"(?s)link.*not a regular file"):
        read(tmp_path / "link")


@pytest.mark.parametrize("name", [name for name in READERS if name != "bundle"])
def test_file_that_is_too_large(name: str, tmp_path: Path) -> None:
    """A file is refused by its size, and nothing of it is kept."""
    read, error = READERS[name]
    with (tmp_path / "large").open("wb") as file:
        file.truncate(1 << 40)
    with pytest.raises(error, match=r"(?s)large.*larger than \d+ MiB"):
        read(tmp_path / "large")


def test_bundle_that_is_too_large(tmp_path: Path) -> None:
    """A bundle is found to be wrong, as a zip and as a folder."""
    with (tmp_path / "manifest.json").open("wb") as file:
        file.truncate(1 << 40)
    assert any("larger than 512 MiB" in fault for fault in layout.read(tmp_path / "manifest.json")[1].faults)
    (tmp_path / "manifest-sha256.txt").write_text("")
    assert any("larger than 512 MiB" in fault for fault in layout.read(tmp_path)[1].faults)


def test_image_cache_that_is_a_pipe(tmp_path: Path) -> None:
    """What cannot be read of earlier runs is read on the target again."""
    os.mkfifo(tmp_path / "pipe")
    assert image_cache.load(tmp_path / "pipe") == {}


def test_file_that_grows_or_has_no_size(tmp_path: Path) -> None:
    """The bound holds for what is read, and not for what the file says of itself: those of /proc say nothing."""
    assert Path("/proc/self/environ").stat().st_size == 0
    whole = inputs.read(Path("/proc/self/status"), inputs.MIB)
    assert whole.startswith(b"Name:")
    with pytest.raises(OSError, match="larger than"):
        inputs.read(Path("/proc/self/status"), len(whole) // 2)


def test_missing_file_and_folder(tmp_path: Path) -> None:
    """They are named as ever."""
    with pytest.raises(FileNotFoundError):
        inputs.read(tmp_path / "missing", 1)
    with pytest.raises(IsADirectoryError):
        inputs.read(tmp_path, 1)


@pytest.mark.parametrize("kind", ["pipe", "zero"])
def test_pipe_is_no_recording(kind: str, tmp_path: Path) -> None:
    """`--hosts recorded://` of a pipe or a device is wrong use."""
    path = tmp_path / "pipe"
    os.mkfifo(path) if kind == "pipe" else path.symlink_to("/dev/zero")
    assert why_not_a_recording(path) == "this is no recording, but a pipe or a device"
    (tmp_path / "web1").mkdir()
    (tmp_path / "web1/recording.json").symlink_to(path)
    assert why_not_a_recording(tmp_path / "web1") == why_not_a_recording(path)


# ---- JSON


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[" + "[]," * 1000 + "0]", "more than 1,000 values"),
        ("[" + "0," * 1001 + "0]", "more than 1,000 values"),
        ('{"a": ' * 201 + "1" + "}" * 201, "nested deeper than 200 levels"),
        ("[" * 201, "nested deeper than 200 levels"),
    ],
)
def test_json_is_counted_before_it_is_parsed(text: str, said: str) -> None:
    """Lists of a hundred times the room of their text are refused by their brackets and commas."""
    with pytest.raises(ValueError, match=said):
        inputs.decode(text, 1000)


def test_json_that_is_large_in_texts() -> None:
    """What stands in texts does not count: an answer in a recording is one value."""
    text = '["' + r"[],\"{[" * 5000 + r"\\" + '", "", 1.5]'
    assert len(inputs.decode(text, 5)) == 3
    with pytest.raises(ValueError, match="values"):
        inputs.decode(text, 1)


def test_text_without_an_end_takes_no_time() -> None:
    """Looking for texts is linear: this would take hours otherwise."""
    with pytest.raises(ValueError, match="Unterminated string"):
        inputs.decode('"' + r"\"" * 1_000_000)


# ---- YAML


# ---- bundles


def test_zip_of_too_many_files(tmp_path: Path) -> None:
    """Its directory is counted before anything of it is kept."""
    path = tmp_path / "many.zip"
    with zipfile.ZipFile(path, "w") as made:
        for number in range(archive.MEMBERS + 1):
            made.writestr(str(number), "")
    _, step = layout.read(path)
    assert f"{path.name}: more than 25,000 files, which no bundle has" in step.faults


def test_folder_that_goes_too_deep(tmp_path: Path) -> None:
    """So is a folder in which there is always another."""
    (tmp_path / "manifest.json").write_text("{}")
    deep = tmp_path.joinpath(*["d"] * 900)
    deep.mkdir(parents=True)
    with pytest.raises(WrongUse, match="not a bundle"):
        layout.read(tmp_path)


def test_name_that_no_file_system_has() -> None:
    """A name that could not be unpacked is none of a bundle."""
    assert archive.unsafe(f"inventory/{'a' * 256}")
    assert not archive.unsafe(f"inventory/{'a' * 255}")


# ---- whole runs


TEST = {"test_a.py": 'def test_a(container):\n    """It is so."""\n    assert not container.host_config.privileged\n'}
_MEMORY = 1500 * inputs.MIB  # bytes of address space: half of it is pytest's and its plugins'


def _bomb(path: Path) -> None:
    """256 MiB of empty lists in a file of a quarter of a megabyte."""
    path.parent.mkdir()
    with gzip.open(path, "wb") as file:
        file.write(b"[")
        for _ in range(85):
            file.write(b"[]," * inputs.MIB)
        file.write(b"[]]")


def _limited(*command: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        cwd=cwd,
        env=clean_environment() | {"PYTHONPATH": str(REPOSITORY)},
        capture_output=True,
        text=True,
        timeout=120,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY)),
    )


def test_archive_that_is_a_bomb(tmp_path: Path) -> None:
    """A recording that unpacks to millions of lists is an error of its target, in little memory."""
    project = Project(tmp_path / "project", TEST)
    _bomb(tmp_path / "bomb/recording.json.gz")
    web1 = project.recorded("web1", PRESENT, info(), containers())
    hosts = f"--hosts=recorded://{tmp_path}/bomb,{web1}"
    done = _limited(sys.executable, "-m", "pytest", hosts, cwd=project.folder)
    assert done.returncode == 1
    assert "not audited: bomb: " in done.stdout
    assert "MemoryError" not in done.stdout + done.stderr


def test_pipes_in_an_inventory(tmp_path: Path) -> None:
    """A recording that is a device is an error of its target; waivers that are a pipe stop the run in one line."""
    project = Project(tmp_path / "project", TEST)
    (tmp_path / "endless").mkdir()
    (tmp_path / "endless/recording.json").symlink_to("/dev/zero")
    web1 = project.recorded("web1", PRESENT, info(), containers())
    inventory = f'targets:\n  endless: {{connect: "recorded://{tmp_path}/endless"}}\n  web1: {{connect: "{web1}"}}\n'
    project.write("inventories/local.yml", inventory)
    run = project.pytest(timeout=60)
    assert run.verdicts == {"a@endless": "error", "a@web1": "not applicable"}
    os.mkfifo(project.folder / "inventories/pipe")
    project.write("inventories/local.yml", f"{inventory}waivers: pipe\n")
    run = project.pytest(timeout=60)
    assert run.status == 4
    (said,) = run.lines("pipe")
    assert "pipe:1: cannot be read: not a regular file; save what it holds to a file, and name that" in said
