"""What is kept of the files of the engine."""

import shlex
import subprocess
from pathlib import Path

import pytest

import hullcheck.recording
from hullcheck.facts.files import installation
from hullcheck.facts.files.probe import ENGINE_FILES
from hullcheck.recording import shell

NUMBER = "0123456789abcdef" * 2


@pytest.mark.parametrize(
    ("record", "kept"),
    [
        ("found /etc/docker", True),
        ("found /a\nfound /b", True),
        ("property Id=docker.service", True),
        ("property Environment=PASSWORD=geheim", False),
        ("secret /x", False),
    ],
)
def test_known_records_are_kept(record: str, kept: bool) -> None:
    """A record of a known kind stays, with all its lines; of a unit only what is judged."""
    text = "".join(f"{NUMBER} {each}\n" for each in ("asked x", record, "host 1"))
    assert (f"\n{NUMBER} {record}\n" in ENGINE_FILES.keep(text)) is kept
    assert ENGINE_FILES.keep(text).count(NUMBER) == 3 + kept
    assert ENGINE_FILES.keep(text).endswith(f"\n{NUMBER} records {2 + kept}\n")


def test_answer_without_a_number() -> None:
    """Nothing of it is kept."""
    assert ENGINE_FILES.keep("found /etc/docker\n") == ""


TABLE = """\
20 1 8:1 / / rw - ext4 /dev/a rw
21 20 8:1 /home/u/d.json /etc/docker/daemon.json rw - ext4 /dev/a rw
22 20 8:2 /data /srv/data rw - ext4 /dev/b rw
23 20 8:2 /data/x /etc/containerd rw - ext4 /dev/b rw
24 20 0:5 /@/a /opt/a rw - btrfs /dev/c rw
25 20 8:1 /odd\\040name /etc/odd rw - ext4 /dev/a rw
26 20 8:1 /usr /usr rw - ext4 /dev/a rw
27 20 8:1 /hidden/base /hidden rw - ext4 /dev/a rw
28 20 8:1 /usr/share/d /etc/shared rw - ext4 /dev/a rw
29 20 8:1 /home/u/p /etc/my\\040own rw - ext4 /dev/a rw
30 20 0:4 net:[4026531840] /run/netns/a rw - nsfs nsfs rw
32 20 0:50 / /etc/layers rw shared:1 - overlay overlay rw,lowerdir=/a,upperdir=/home/u/my\\040up,workdir=/w
33 20 0:51 / /etc/lower rw - overlay overlay rw,lowerdir=/a:/b
34 20 0:52 / / rw - overlay overlay rw,lowerdir=/a,upperdir=/u,workdir=/w
31 20 8:2 /data /mnt/back\\134slash rw - ext4 /dev/b rw
"""


@pytest.mark.parametrize(
    ("path", "sources"),
    [
        ("/etc/docker/daemon.json", ["/home/u/d.json"]),
        ("/etc/docker", []),
        ("/etc/docker/daemon.json.old", []),
        ("/etc/containerd/config.toml", ["/srv/data/x/config.toml", "/mnt/back\\slash/x/config.toml"]),
        ("/srv/data/f", ["/mnt/back\\slash/f"]),
        ("/opt/a/b", []),
        ("/etc/odd/f", ["/odd name/f"]),
        ("/usr/bin/dockerd", []),
        ("/hidden/f", []),  # it covers that other name
        ("/etc/shared/f", ["/usr/share/d/f"]),
        ("/etc/my own/f", ["/home/u/p/f"]),
        ("/run/netns/a", []),
        ("/etc/layers/d/daemon.json", ["upper:/home/u/my up\t/d/daemon.json"]),
        ("/etc/layers", ["upper:/home/u/my up\t"]),
        ("/etc/lower/f", []),
    ],
)
@pytest.mark.parametrize("separators", ["", "IFS='\n'\n"])  # the probe reads lists of paths by lines
def test_where_a_mounted_file_lies(tmp_path: Path, path: str, sources: list[str], separators: str) -> None:
    """Under the name that it has in another mount of the same file system; unknown where there is none."""
    (tmp_path / "7").mkdir()
    (tmp_path / "7" / "mountinfo").write_text(TABLE)
    helper = Path(hullcheck.recording.__file__).parent / "shell" / "bind_mounts.sh"
    shared = helper.read_text().replace("/proc/", f"{tmp_path}/")
    script = f"{shared}\nmounts_of 7\n{separators}sources_of {shlex.quote(path)}"
    done = subprocess.run(["/bin/sh", "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == sources


def test_imports_of_imports(tmp_path: Path) -> None:
    """What a file of containerd imports may import more; a file that imports itself ends nothing."""
    process = tmp_path / "8"
    process.mkdir()
    (process / "exe").symlink_to("/usr/bin/containerd")
    config = tmp_path / "config.toml"
    (process / "cmdline").write_text(f"containerd\0--config={config}\0")
    config.write_text(f'imports = ["{tmp_path}/first/*.toml", "config.toml"]\n')
    for name, text in (("first", "imports = [\n  '../second/b.toml']"), ("second", "")):
        (tmp_path / name).mkdir()
        (tmp_path / name / ("a.toml" if text else "b.toml")).write_text(text)
    (process / "fd").mkdir()
    (process / "fd/9").symlink_to("/srv/c/io.containerd.metadata.v1.bolt/meta.db")
    script = shell.read(Path(installation.__file__).with_name("engine_places.sh"))
    told = 'docker_info=\'"DockerRootDir":"/srv"\'\n' + script.replace("cd /proc ", f"cd {tmp_path} ")
    done = subprocess.run(["/bin/sh", "-c", told], capture_output=True, text=True, check=True)
    assert "held|8|/srv/c" in done.stdout.splitlines()
    lines = (f"{line}||".split("|") for line in done.stdout.splitlines())
    imported = {path: kind for word, kind, path, *_ in lines if word == "containerd-import"}
    assert {f"{tmp_path}/first": "directory", f"{tmp_path}/first/../second/b.toml": "file"} == {
        path: kind for path, kind in imported.items() if path != str(config)
    }
