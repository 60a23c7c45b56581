"""Targets from host specifications: which, under which names, and never with a password."""

from pathlib import Path

import pytest

from hullcheck.inventory.specs import from_specs, plain, plain_arguments
from hullcheck.messages import WrongUse


def _names(*specs: str, connection: str | None = None) -> list[tuple[str, str]]:
    targets = from_specs(specs, connection=connection, ansible_inventory=None)
    return [(target.name, target.connect) for target in targets]


@pytest.mark.parametrize(
    ("spec", "name", "connect"),
    [
        ("local", "local", "local://"),
        ("local://?sudo=true", "local", "local://?sudo=true"),
        ("ssh://audit@web1:2222?sudo=true", "web1", "ssh://audit@web1:2222?sudo=true"),
        ("ssh://[fe80::1]:22", "fe80__1", "ssh://[fe80::1]:22"),
        ("docker://app@web", "web", "docker://app@web"),
        ("web1", "web1", "ssh://web1"),
    ],
)
def test_name_is_the_host_part(spec: str, name: str, connect: str) -> None:
    """The name is what stands for the host, fit for a directory."""
    assert _names(spec) == [(name, connect)]


def test_names_that_collide() -> None:
    """Ports tell hosts apart, numbers what is left, and no two targets share a name."""
    specs = ("ssh://a:1", "ssh://a:2", "ssh://b", "docker://b", "ssh://b-2", "ssh://a:1")
    assert [name for name, _ in _names(*specs)] == ["a-1", "a-2", "b", "b-2", "b-2-2"]


def test_recordings_have_the_name_of_their_folder_or_file(tmp_path: Path) -> None:
    """A suffix that is a file's goes; what looks like one in a host's name stays."""
    (tmp_path / "web1.example.com").mkdir()
    (tmp_path / "web1.example.com/recording.json").touch()
    (tmp_path / "vault.txt").touch()
    specs = [f"recorded://{tmp_path}/{each}" for each in ("web1.example.com", "vault.txt")]
    assert [name for name, _ in _names(*specs)] == ["web1.example.com", "vault"]
    (same,) = _names(f"recorded://{tmp_path}/web1.example.com/recording.json")
    assert same[0] == "web1.example.com"


def test_many_recordings_need_no_line_each(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder or a pattern names all that is there; what is damaged or missing is a target too, of its own error."""
    monkeypatch.chdir(tmp_path)
    for number in range(3):
        Path(f"answers/web{number}").mkdir(parents=True)
        Path(f"answers/web{number}/recording.json").touch()
    for name in ("lost/", "said.txt", "results.json", ".hidden", "inventory/"):
        path = Path("answers", name)
        path.mkdir() if name.endswith("/") else path.write_text("ssh: no route to host")
    expected = [("lost", "recorded://answers/lost"), ("said", "recorded://answers/said.txt")]
    expected += [(f"web{each}", f"recorded://answers/web{each}") for each in range(3)]
    for spec in ("recorded://answers/*", "recorded://answers", "recorded://answers/"):
        assert _names(spec) == expected
    assert [name for name, _ in _names("recorded://answers/web[0-1]", "recorded://answers/web*")] == [
        "web0",
        "web1",
        "web2",
    ]


def test_name_stays_in_its_folder() -> None:
    """Nothing in a name leads out of the run's folder, or to a file of the run beside it."""
    for spec in ("ssh://..", "ssh://%2e%2e%2f", "docker://a/../b"):
        ((name, _),) = _names(spec)
        assert "/" not in name
        assert not name.startswith(".")
    assert [name for name, _ in _names("ssh://results.json")] == ["results.json-host"]


@pytest.mark.parametrize(
    ("specs", "said"),
    [
        ([""], "names no target"),
        (["shh://web1"], "unknown backend 'shh'; did you mean 'ssh'?"),
        (["ssh://"], "names no host; write ssh://NAME"),
        (["shh://a:geheim@web1"], r"--hosts shh://a:\*\*\*@web1: unknown"),
        (["ssh://web1?sdo=true"], "unknown key 'sdo' after the '\\?'; did you mean 'sudo'"),
        (["local://?sudo"], "sudo=: write sudo=true or sudo=false"),
        (["ssh://-oProxyCommand=x"], "a name that begins with '-' would be an option of ssh"),
        (["recorded:///dev/null"], "this is no recording"),
        (["recorded:///no/such"], "there is no such file or folder"),
        (["recorded:///proc/sys/*"], "nothing there is a recording"),
        (["recorded:///proc/sys"], "there is no recording.json in this folder"),
    ],
)
def test_faults_say_what_to_write(specs: list[str], said: str) -> None:
    """One line, without a password."""
    with pytest.raises(WrongUse, match=said) as caught:
        _names(*specs)
    assert "\n" not in str(caught.value)
    assert "geheim" not in str(caught.value)


@pytest.mark.parametrize(
    "spec",
    [
        "ssh://web1?sudo=True&sudo_user=app&timeout=9&ssh_config=~/.ssh/audit&ssh_identity_file=/k",
        "ssh://audit:ge?heim@web1",
    ],
)
def test_what_testinfra_knows_of_a_host(spec: str) -> None:
    """All that testinfra reads there may be written; of a password nothing is said."""
    assert len(_names(spec)) == 1


@pytest.mark.parametrize(
    ("spec", "shown"),
    [
        ("ssh://audit:geheim@web1?sudo=true", "ssh://audit:***@web1?sudo=true"),
        ("ssh://audit:ge/he:im@web1:22", "ssh://audit:***@web1:22"),
        ("audit:geheim@web1", "audit:***@web1"),
        ("ssh://web1:22?sudo_user=a@b", "ssh://web1:22?sudo_user=a@b"),
    ],
)
def test_password_is_hidden(spec: str, shown: str) -> None:
    """The password goes, and nothing else."""
    assert plain(spec) == shown


def test_arguments_without_passwords() -> None:
    """In every way to write --hosts, and in any other argument that holds a URL."""
    arguments = ["-m", "cis", "--hosts", "ssh://a:x@h,b:y@i", "--hosts=ssh://a:x@h", "-o", "k=http://u:x@p/"]
    assert plain_arguments(arguments) == (
        *("-m", "cis", "--hosts", "ssh://a:***@h,b:***@i", "--hosts=ssh://a:***@h"),
        *("-o", "k=http://u:***@p/"),
    )
