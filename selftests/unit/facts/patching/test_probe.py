"""What is kept of the answers about what installs updates."""

import json
import os
import subprocess
from pathlib import Path

import pytest

from hullcheck.facts.patching.probe import PATCHING
from selftests.needs import need

SHELLS = [("dash",), ("busybox", "sh")]
IGNORED = "t INFO --- logging initialized ---\nt DEBUG Started dnf-automatic.\nt WARNING Ignoring repositories: {}\n"
"""What dnf-automatic 4.23 writes of a repository that it could not reach, with status 0."""
BLACKLIST = "2026-06-30 06:00:00,123 INFO Initial blacklist: docker linux-"


def test_summary_of_puppet_is_cut_to_what_is_judged() -> None:
    """Its lines become one, without what else the file tells; what is no YAML stays none."""
    lines = [
        "yaml:time:",
        "yaml:  last_run: 100",
        "yaml:  config: geheim",
        "yaml:events:",
        "yaml:  failure: 0",
    ]
    kept = PATCHING.keep("\n".join([*lines, "job:x"])).split("\n")
    assert json.loads(kept[0].removeprefix("yaml:")) == {"time": {"last_run": 100}, "events": {"failure": 0}}
    assert kept[1] == "job:x"
    broken = PATCHING.keep("yaml:a: [\nyaml:PASSWORD: geheim")
    assert broken.startswith("yaml:{")
    assert "geheim" not in broken


def test_lines_of_a_log_are_cut_after_what_is_known() -> None:
    """A line of unattended-upgrades may name packages and more."""
    line = "unattended:2026-06-30 06:00:00,123 INFO All upgrades installed"
    assert PATCHING.keep(f"{line} from geheim") == line
    assert "geheim" not in PATCHING.keep("unattended:2026-06-30 06:00:00,123 INFO geheim")
    assert "geheim" not in PATCHING.keep("secret:geheim")


def test_what_is_kept_from_updates(tmp_path: Path) -> None:
    """Packages on hold, and what unattended-upgrades and dnf were told to leave out; lists of security updates."""
    files = {
        "lib/dpkg/status": "Package: a\nStatus: hold ok installed\n\nPackage: b\nStatus: install ok installed\n",
        "log/unattended-upgrades/unattended-upgrades.log": f"x INFO Initial blacklist: old\n{BLACKLIST}\n",
        "lib/apt/lists/deb.example_debian_dists_trixie-security_InRelease": "",
        "lib/apt/lists/deb.example_debian_dists_trixie_InRelease": "",
        "dnf/dnf.conf": "[main]\n#exclude=no\nexcludepkgs = kernel* docker-ce\n",
        "dnf/libdnf5.conf.d/site.conf": "[main]\nexclude=\n  podman\n# y\n  buildah\nbest = 1\n",
        "yum.repos.d/kubernetes.repo": "[kubernetes]\nexclude=kubelet\n[x]\n  includepkgs=a\n",
        "dnf/repos.override.d/x.repo": "[updates]\nincludepkgs = bash\n",
        "dnf/versionlock.toml": 'version = "1.0"\n[[packages]]\nname = "runc"\n',
        "log/dnf.log.1": f"{IGNORED.format('old')}{IGNORED.format('updates')}",
        "log/dnf.log": "t DEBUG logging initialized\n",
        "dnf/plugins/versionlock.list": "# locks\ndocker-ce-3:28.0.1-1.*\n!old-1.*\n",
    }
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    script = PATCHING.script.replace("/var/", f"{tmp_path}/").replace("/etc/", f"{tmp_path}/")
    done = subprocess.run(["/bin/sh", "-c", script], capture_output=True, text=True, check=True, cwd="/")
    lines = PATCHING.keep(done.stdout).split("\n")
    held = [line.removeprefix("held:") for line in lines if line.startswith("held:")]
    assert held[:2] == ["docker linux-", "a"]
    assert held[2:7] == ["kernel* docker-ce", "podman", "buildah", "kubelet", "all but bash"]
    assert held[7:] == ["docker-ce-3:28.0.1-1.*", "runc", "repository updates"]
    assert "lists:1" in lines


@pytest.mark.parametrize("shell", SHELLS, ids=" ".join)
@pytest.mark.parametrize(
    ("origins", "told"),
    [
        ("origin=Debian,codename=trixie,label=Debian, origin=Debian,codename=trixie-security,label=X", True),
        ("origin=Debian,codename=bookworm,label=Debian, origin=Debian,codename=bookworm-security,label=X", False),
        ("o=Debian,a=stable-security", True),
        ("o=Debian,a=oldstable-security", False),
        ("origin=Debian,label=Debian-Security", True),
        ("o=Debian,a=*-security", True),
        ("['origin=Debian,label=Debian-Security']", True),
        ("o=Debian,a=stable", False),
        ("o=Debian,a=stable-security-x, o=UbuntuESMApps,a=trixie-apps-security", False),
    ],
)  # fmt: skip
def test_origins_of_security_updates(
    tmp_path: Path, origins: str, told: bool, shell: tuple[str, ...]
) -> None:
    """As unattended-upgrades writes them: one that names another release takes nothing of this one."""
    need(shell[0])
    files = {
        "log/unattended-upgrades/unattended-upgrades.log": f"x INFO Allowed origins are: {origins}\n",
        "lib/apt/lists/x_dists_trixie-security_InRelease": "Suite: stable-security\nCodename: trixie-security\n",
        "lib/apt/lists/esm.ubuntu.com_apps_dists_trixie-apps-security_InRelease": "Suite: trixie-apps-security\n",
    }
    found = lines_of(tmp_path, files, shell, ("origins:", "lists:"))
    assert found == ["lists:1", "origins:security" if told else "origins:other"]


def test_age_of_the_lists_of_security_updates(tmp_path: Path) -> None:
    """That of the lists themselves: an update that got no list, or others alone, touches the folder or nothing."""
    lists = {f"lib/apt/lists/x_dists_{name}_InRelease": "" for name in ("trixie-security", "trixie")}
    lines_of(tmp_path, lists, ("sh",))
    for number, path in enumerate(lists):
        os.utime(tmp_path / path, (1000 + number, 1000 + number))
    assert lines_of(tmp_path, {}, ("sh",), ("refreshed:",)) == ["refreshed:1000"]


START = "2026-06-29 06:00:00,1 INFO Starting unattended upgrades script\n"
DONE = "{} INFO All upgrades installed"
FIRST, SECOND = "2026-06-29 06:00:01,1", "2026-06-30 06:00:01,1"
TRIAL = "2026-06-30 06:00:00,5 INFO Option --dry-run given, *not* performing real actions\n"
KEPT = "2026-06-30 06:00:02,1 INFO Package libc6 is kept back because a related package is kept back.\n"
PROMPT = f"{FIRST} WARNING Package openssh-server has conffile prompt and needs to be upgraded manually\n"
UNMARKED = f"{FIRST} WARNING package vim upgradable but fails to be marked for upgrade (x)\n"


@pytest.mark.parametrize(
    ("log", "told"),
    [
        (
            START + DONE.format(FIRST) + "\n" + START + DONE.format(SECOND),
            [f"unattended:{DONE.format(SECOND)}"],
        ),
        (
            START + DONE.format(FIRST) + "\n" + START + TRIAL + DONE.format(SECOND),
            [f"unattended:{DONE.format(FIRST)}"],
        ),
        (START + TRIAL + DONE.format(FIRST), []),
        (START + DONE.format(FIRST) + "\n" + KEPT, [f"unattended:{DONE.format(FIRST)}", "held:libc6"]),
        (
            f"{START}{DONE.format(FIRST)}\n{START}{SECOND} ERROR Apt returned an error, exiting",
            [f"unattended:{SECOND} ERROR Apt returned an error"],
        ),
        (START + KEPT + START + DONE.format(SECOND), [f"unattended:{DONE.format(SECOND)}"]),
        (START + PROMPT + DONE.format(SECOND), [f"unattended:{DONE.format(SECOND)}", "held:openssh-server"]),
        (START + UNMARKED + DONE.format(SECOND), [f"unattended:{DONE.format(SECOND)}", "held:vim"]),
        *(
            (
                f"{START}{DONE.format(FIRST)}\n{START}{SECOND} ERROR {end}: x",
                [f"unattended:{SECOND} ERROR {end}"],
            )
            for end in ("Cache has broken packages", "GetArchives() failed", "An error occurred")
        ),
        ("x INFO Initial whitelist (strict): bash vim\n", ["held:all but bash vim"]),
        ("x INFO Initial whitelist (not strict): bash\n", []),
    ],
)
@pytest.mark.parametrize("shell", SHELLS, ids=" ".join)
def test_log_of_unattended_upgrades(
    tmp_path: Path, log: str, told: list[str], shell: tuple[str, ...]
) -> None:
    """The last run counts that was no trial, with what it kept back or was confined to."""
    need(shell[0])
    assert lines_of(tmp_path, {"log/unattended-upgrades/unattended-upgrades.log": log}, shell) == told


@pytest.mark.parametrize(
    ("release", "told"),
    [
        ("", []),
        ("trixie", ["held:all but trixie (APT::Default-Release)"]),
        ("stable", ["held:all but stable (APT::Default-Release)"]),
        ("trixie-security", []),
        ("stable-security", []),
        ("a=stable-security", []),
        ("n=trixie", ["held:all but n=trixie (APT::Default-Release)"]),
        ("13", []),
        ("v=13*", []),
        ("o=Debian", []),
        ("o=Debian,a=stable", ["held:all but o=Debian,a=stable (APT::Default-Release)"]),
        ("l=Debian", ["held:all but l=Debian (APT::Default-Release)"]),
        ("trixie*", []),
        ("/^trixie(|-security|-updates)$/", []),
        ("/^trixie(|-updates)$/", ["held:all but /^trixie(|-updates)$/ (APT::Default-Release)"]),
    ],
)
def test_release_that_apt_prefers(tmp_path: Path, release: str, told: list[str]) -> None:
    """Where the security updates are not of it, what is installed is not replaced by them."""
    lists = {
        "lib/apt/lists/x_dists_trixie-security_InRelease": "Suite: stable-security\nCodename: trixie-security\n",
        "apt-config": f"#!/bin/sh\necho 'APT::Default-Release \"{release}\";'\n",
    }
    lines_of(tmp_path, lists, ("sh",))
    (tmp_path / "apt-config").chmod(0o755)
    assert lines_of(tmp_path, {}, ("env", f"PATH={tmp_path}:{os.environ['PATH']}", "sh"), ("held:",)) == told


@pytest.mark.parametrize(
    ("name", "kind", "told"),
    [
        ("centos", "security", ["held:everything (upgrade_type = security)"]),
        ("centos", "default", []),
        ("rocky", "security", []),
    ],
)
def test_security_updates_alone(tmp_path: Path, name: str, kind: str, told: list[str]) -> None:
    """CentOS does not say which updates these are."""
    files = {
        "os-release": f'NAME=x\nID="{name}"\n',
        "dnf/automatic.conf": f"[commands]\nupgrade_type = {kind}\n",
    }
    assert lines_of(tmp_path, files, ("sh",)) == told


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("Package: *\nPin: release a=x-security\nPin-Priority: -1\n", ["held:*"]),
        ("Package: *\nPin: release a=x\nPin-Priority: 100\n", []),
        ("Package: *\nPin: release a=unstable\nPin-Priority: -10\n", []),  # beside a suite that is in use
        ("Package: *\nPin: release n=trixie\nPin-Priority: -10\n", ["held:*"]),
        ("Package: *\nPin: release a=testing\nPin-Priority: -10\n", ["held:*"]),
        ("Package: docker-ce\nPin: version 5:24.*\nPin-Priority: 999\n", ["held:docker-ce"]),
        ("Explanation: no\nPackage: snapd\nPin: release *\nPin-Priority: -10\n", ["held:snapd"]),
        ("Package: *\nPin: release l=Debian-Security\nPin-Priority: 50\n", ["held:*"]),
        ("Package: *\nPin: release l=Debian-Security\nPin-Priority: 990\n", []),
        ("Package: *\nPin: release o=UbuntuESMApps, a=jammy-apps-security\nPin-Priority: never\n", []),
        ("Package: a\nPin: version 1\nPackage: b\nPin: release a=x\nPin-Priority: 1\n", ["held:a"]),
    ],
)
def test_priorities_of_apt(tmp_path: Path, text: str, told: list[str]) -> None:
    """What has a negative one is never installed, and what is kept at a version is not replaced."""
    lists = {
        "lib/apt/lists/x_dists_testing-security_Release": "Suite: testing-security\nCodename: forky-security\n"
    }
    assert lines_of(tmp_path, {"apt/preferences.d/x": text, **lists}, ("sh",)) == told


PULL = "Starting Ansible Pull at 2026-11-28 14:25:50\n/usr/bin/ansible-pull -U /srv/play local.yml\n"
RECAP = "PLAY RECAP ****\nlocalhost : ok=1 changed=0 unreachable={} failed=0 skipped=0\n"
GOOD = f"PLAY [localhost] ***\n{RECAP.format(0)}\n"
NO_HOST = "[ERROR]: Specified inventory, host pattern and/or --limit leaves us with no hosts to target.\n"
GIT = 'localhost | SUCCESS => {\n    "changed": false\n}\n'
WELL, OTHERWISE = ["did:unreachable=0 failed=0"], ["did:unreachable=1 failed=0"]


@pytest.mark.parametrize(
    ("log", "told"),
    [
        (GIT + GOOD + PULL, WELL),
        (PULL + GIT + GOOD, WELL),
        (GIT + GOOD + PULL + GIT + RECAP.format(1) + PULL, OTHERWISE),
        (PULL + GIT + GOOD + PULL + GIT + RECAP.format(1), OTHERWISE),
        (GIT + GOOD + PULL + NO_HOST + PULL, ["did:failed"]),
        (PULL + GIT + GOOD + PULL + NO_HOST, ["did:failed"]),
        (GIT + GOOD + PULL + GIT + PULL, []),  # no playbook was found
        (GIT + GOOD + PULL + "usage: ansible-pull [-h]\n", ["did:failed"]),
        (PULL + GIT + GOOD + "usage: ansible-pull [-h]\n", ["did:failed"]),
        (GOOD + "PLAY [localhost] ***\n", ["did:play"]),
        (GOOD + PULL + "Repository has not changed, quitting: b'x'\n" + PULL, ["did:nothing"]),
        ("nothing of it\n", []),
    ],
)
@pytest.mark.parametrize("shell", SHELLS, ids=" ".join)
def test_log_of_ansible_pull(tmp_path: Path, log: str, told: list[str], shell: tuple[str, ...]) -> None:
    """The last run counts; that it starts is written first, or last where the output is a file. Of 2.19."""
    need(shell[0])
    assert lines_of(tmp_path, {"log/ansible-pull.log": log}, shell, ("did:",)) == told


@pytest.mark.parametrize(("log", "told"), [(PULL + GOOD, WELL), (GOOD, [])])
@pytest.mark.parametrize("name", ["log/ansible.log", "log/ansible/web.log"])
def test_log_of_ansible(tmp_path: Path, name: str, log: str, told: list[str]) -> None:
    """Under another name it may be that of plays which this host runs on others."""
    assert lines_of(tmp_path, {name: log}, ("sh",), ("did:",)) == told
    assert bool(lines_of(tmp_path, {name: log}, ("sh",), ("log:",))) == bool(told)


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("0 3 * * * root ansible-pull -U x", ["cron:ansible-pull {}/cron.d/x"]),
        ("0 3 * * * root ansible-pull --check -U x", []),
        ("0 3 * * * root ansible-pull --checkout main -U x", ["cron:ansible-pull {}/cron.d/x"]),
        ("0 3 * * * root ansible-pull --list-hosts", []),
        ("0 3 * * * root puppet agent --onetime", ["cron:puppet {}/cron.d/x"]),
        ("0 3 * * * root puppet agent --test --noop", []),
        ("0 3 * * * root salt-call state.apply", ["cron:salt-call {}/cron.d/x"]),
        ("0 3 * * * root salt-call state.apply test=True", []),
        ("@daily root puppet agent --onetime", ["cron:puppet {}/cron.d/x"]),
        ("@reboot root puppet agent --onetime", []),
        (" @yearly root ansible-pull -U x", []),
    ],
)
def test_job_that_only_looks(tmp_path: Path, line: str, told: list[str]) -> None:
    """It installs nothing, and nor does one that is hardly ever started."""
    assert lines_of(tmp_path, {"cron.d/x": f"{line}\n"}, ("sh",)) == [each.format(tmp_path) for each in told]


def lines_of(
    folder: Path,
    files: dict[str, str],
    shell: tuple[str, ...],
    words: tuple[str, ...] = ("unattended:", "held:", "cron:"),
) -> list[str]:
    """What is said of a host that has these files alone."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    script = PATCHING.script.replace("/var/", f"{folder}/").replace("/etc/", f"{folder}/")
    script = script.replace("-user 0", f"-user {os.getuid()}")
    done = subprocess.run([*shell, "-c", script], capture_output=True, text=True, check=True, cwd="/")
    told = PATCHING.keep(done.stdout).split("\n")
    return [line for line in told if line.startswith(words)]
