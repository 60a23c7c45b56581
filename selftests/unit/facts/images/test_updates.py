"""Steps of an image that update packages."""

from __future__ import annotations

import time

import pytest

from hullcheck.facts.images.probe import IMAGES
from hullcheck.facts.images.steps import Step
from hullcheck.facts.images.updates import unpaired_update
from selftests.kit.facts.images import (
    BASE,
    SECRET,
    facts,
    verdict,
)


@pytest.mark.parametrize(
    "script",
    [
        "apt-get update",
        "apt-get -qq -o Acquire::Retries=3 update && rm -rf /var/lib/apt/lists/*",
        "set -eux; if true; then apt update; fi",
        "apt-get install -y curl && apt-get update",
        "apt-get update && apk add curl",
        "(apt-get update)",
        "DEBIAN_FRONTEND=noninteractive sudo -E apt-get update -y",
        "echo install; apt-get update",
        "bash -ec 'apt-get update'",
        "/usr/bin/apt-get update",
        "timeout 60 apt-get update",
        "bash <<E\napt-get update\nE\n",
        "apt-get update # && apt-get install -y x",
        "apt-get update && apt-get upgrade -y",
        "apk update",
        "apk upgrade --no-cache",
        "yum -y update",
        "dnf makecache",
        "microdnf update",
        "zypper --non-interactive ref",
        "pacman -Sy",
        "pacman -Syu --noconfirm",
        "true \\\n && apt-get \\\n update",
        "eval 'apt-get update'",
        "eval apt-get update",
        "su -c 'apt-get update'",
        "su - root -c 'apt-get update'",
        "runuser -u root -- apt-get update",
        "sh -c 'apt-get update'",
        "bash -lc 'apt-get update'",
        "bash -o pipefail -o nounset -c 'apt-get update'",
        "timeout 60 sh -c 'apt-get update'",
        "echo $(apt-get update)",
        'echo "$(apt-get update)"',
        'echo "a `apt-get update`"',
        'X="$(echo "$(apt-get update)")"',
        "A=apt-get; $A update",
        "A='apt-get update'; eval \"$A\"",
        "apt-get update || apt-get install -y x",
        "apt-get update || (apt-get install -y x)",
        "apt-get update >/dev/null 2>&1",
        "apt-get update && apt-get install --dry-run x",
        "apt-get update && apt-get -ys install x",
        "apt-get update && apt-get install -t stable -s x",
        "apk update && apk add -s x",
        "dnf makecache && dnf --assumeno install x",
        "apt-get update && apt-get install -y && rm -rf /x",
        "apt-get update; : apt-get install x",
        "apt-get update; f() { apt-get install -y x; }",
        "f() { apt-get update; }; apt-get install -y x; f",
        "if true; then f() { apt-get update; }; fi; apt-get install -y x; f",
        "apt-get update || bash <<E\napt-get install -y x\nE\n",
        "apt-get update || for p in x; do apt-get install -y $p; done",
        'echo "$(case x in x) apt-get update ;; esac)"',
        "cat > /x <<E\n$(apt-get update)\nE\n",
        "apt-get $(cat /options) update",
        "if ! apt-get update; then exit 1; fi",
        "yum -y update && yum clean all",
        "dnf upgrade --refresh",
        "apk -U upgrade",
        "pacman -Sy > /dev/null",
        "emerge --sync",
        "xbps-install -Syu",
        "opkg update",
        "tdnf makecache",
    ],
)
def test_update_alone(script: str) -> None:
    """A refreshed index without an installation after it, or an upgrade without one, fails in every form."""
    for step in (
        f"/bin/sh -c {script}",
        f"RUN {script} # buildkit",
        f"|1 A=b c /bin/bash -o pipefail -c {script}",
    ):
        found, reason = verdict("4.7", facts(BASE, step))
        assert (found, reason.partition(",")[0] in ("refreshes the package index", "upgrades packages")) == (
            "fail",
            True,
        )


@pytest.mark.parametrize(
    "step",
    [
        "RUN /bin/sh -c apt-get update && apt-get install -y curl # buildkit",
        "RUN |2 A=b c D=e /bin/sh -c apt-get update && apt-get install -y curl # buildkit",
        "/bin/sh -c apt-get update \t&& apt-get -y --no-install-recommends install curl",
        "/bin/sh -c apt-get update; \\\napt-get install x",
        "/bin/sh -c apt-get update && apt-get upgrade -y && apt-get install -y curl",
        "/bin/sh -c apt update 2>&1 && apt install -y x",
        "/bin/sh -c apt-get update && apt-get install -tstable x",
        "/bin/sh -c apt-get update && apt-get install -y -s x && apt-get install -y x",
        "/bin/sh -c apk add --no-cache curl",
        "/bin/sh -c apk --update add curl",
        "/bin/sh -c apk update && apk add curl",
        "/bin/sh -c dnf -y update && dnf -y install x && dnf clean all",
        "/bin/sh -c pacman -Syu --noconfirm curl",
        "/bin/sh -c apt-get install -y curl && apt-get upgrade -y",
        "/bin/sh -c apt-get update && xargs -a /list apt-get install -y",
        "/bin/sh -c apt-get update && xargs apt-get install -y < /list",
        "/bin/sh -c apt-get update; dpkg -i x.deb; apt-get install -fy -f",
        "/bin/sh -c cat > /x <<'E'\n$(apt-get update)\nE\n",
        "/bin/sh -c timeout 60 apt-get update && retry 5 /usr/bin/apt-get install -y x",
        "/bin/sh -c echo 'apt-get update'",
        "/bin/sh -c echo apt-get update",
        '/bin/sh -c echo "run apt-get update; apt-get update" > /etc/motd',
        "/bin/sh -c cat > /x.sh <<'E'\napt-get update\nE\n",
        "/bin/sh -c #(nop)  LABEL update.policy=apt-get update",
        "LABEL update.policy=apt-get update",
        "ENV EMAIL_ADDRESS=apt-get update",
        'CMD ["apt-get" "update"]',
        "/bin/sh -c git submodule update",
        "/bin/sh -c # apt-get update",
        "/bin/sh -c npm update && pip install --upgrade pip && update-ca-certificates",
        "/bin/sh -c bash -lc 'apt-get update && apt-get install -y x'",
        "/bin/sh -c timeout 60 sh -c 'apt-get update' && apt-get install -y x",
        "/bin/sh -c A=apt-get; $A update && $A install -y x",
        "/bin/sh -c $A update && $A install -y x",
        "/bin/sh -c apt-get update || (sleep 9; apt-get update) && apt-get install -y x",
        "/bin/sh -c apt-get update || exit 1; apt-get install -y x || exit 1",
        "/bin/sh -c apt-get update &&\n\n apt-get install -y x",
        "/bin/sh -c command -v x || (apt-get update && apt-get install -y x)",
        "/bin/sh -c if command -v apt-get; then apt-get update; apt-get install -y x; else apk add x; fi",
        "/bin/sh -c case $(arch) in a) apt-get update ;; *) apt-get update && apt-get install -y y ;; esac; "
        "apt-get install -y x",
        "/bin/sh -c for i in 1 2; do apt-get update && break || sleep 5; done; apt-get install -y x",
        "/bin/sh -c apt-get update && for p in a b; do apt-get install -y $p; done",
        "/bin/sh -c apt-get update && apt-get install -y `cat /list`",
        '/bin/sh -c retry() { "$@" || "$@"; }; retry apt-get update; retry apt-get install -y x',
        "/bin/sh -c emerge --sync && emerge x",
        "/bin/sh -c f() { apt-get install -y x; }; apt-get update && f",
        "/bin/sh -c f() { apt-get update; }; f; apt-get install -y x",
        "/bin/sh -c for p in x; do if true; then apt-get update; fi; done; apt-get install -y x",
        "/bin/sh -c bash <<E\napt-get update\napt-get install -y x\nE\n",
        "/bin/sh -c xbps-install -Sy x",
        "/bin/sh -c echo 'apt-get update' > /x.sh",
        "/bin/sh -c awk '{ if ($1) print \"a\" }' /x; apt-get update; apt-get install -y x",
        '/bin/sh -c X="$( a \'%n\' | awk \'system("[ " $1 " ]") == 0 { next } { print }\' )"; apk add $X',
    ],
)
def test_update_with_installation(step: str) -> None:
    """An installation in the same step passes, and words that are no command are passed over."""
    assert verdict("4.7", facts(BASE, step)) == ("pass", "")


def test_options_of_a_run() -> None:
    """Some builders keep the options of a RUN: they are no command."""
    step = "RUN --mount=type=cache,target=/x --network=none /bin/sh -c apt-get update"
    assert verdict("4.7", facts(BASE, step))[0] == "fail"
    assert verdict("4.7", facts(BASE, step.replace("apt-get", "echo apt-get")))[0] == "pass"


def test_update_before_a_script() -> None:
    """A script may install what the index was refreshed for: a person has to look."""
    for script in ("./setup.sh", "sh /tmp/x", ". /opt/lib"):
        assert verdict("4.7", facts(BASE, f"RUN /bin/sh -c apt-get update && {script}"))[0] == "manual"


@pytest.mark.parametrize(
    "script",
    [
        "$PM update",
        "$(which apt-get) update",
        "`which apt-get` update",
        "for p in apt-get; do $p update; done",
        "for a in update upgrade; do apt-get $a; done",
        "apt-get $TASK",
        "apt-get {update,upgrade}",
        "X='apt-get update'",
        "python3 -c \"run(['apt-get','update'])\"",
        "python3 <<E\nos.system('apt-get update')\nE\n",
        "echo 'apt-get update $X' | sed s/a/a/ | sh",
        "curl -fsS https://example.com | sh",
        "curl -fsS https://example.com | sudo -E bash -s -- -y",
        "echo YXB0LWdldCB1cGRhdGUK | base64 -d > /x && sh /x",
        'eval "$(curl -fsS https://example.com)"',
        "python3 <<E\nexec(bytes.fromhex('61'))\nE\n",
        "cat > /x <<E\napt-get update\nE\nsh /x",
        "echo 'apt-get update' > x && chmod +x x && ./x",
        "apt-get update && if true; then apt-get install -y x; fi",
        'apt-get update && [ -n "$X" ] && apt-get install -y $X || true',
        "apt-get update && true || apt-get install -y x",
        'apt-get update && ([ -n "$X" ]) && apt-get install -y $X || true',
        'apt-get update; { [ -n "$X" ]; } && apt-get install -y $X || true',
        "apt-get update && $INSTALL x",
        "apt-get update && curl -fsS https://example.com | sh",
        "apt-get update && make deps",
        "f() { ./setup; }; apt-get update && f",
    ],
)
def test_update_that_may_be_alone(script: str) -> None:
    """What a shell would make of it is not told: a person has to look, and is shown the step."""
    found, reason = verdict("4.7", facts(BASE, f"RUN /bin/sh -c {script} # buildkit"))
    assert (found, script.split("\n")[0][:20] in reason) == ("manual", True)


@pytest.mark.parametrize(
    "script",
    [
        "echo apt-get update | sh",
        "echo 'set -e\\napt-get update' | bash -x",
        "printf '%s\\n' 'apt-get update' | busybox sh",
        "bash <<< 'apt-get update'",
        "{ true; echo hi; } && echo 'apt-get update' | (sh)",
    ],
)
def test_update_that_a_shell_is_given(script: str) -> None:
    """What is printed into a shell is run by it."""
    assert verdict("4.7", facts(BASE, f"RUN /bin/sh -c {script} # buildkit"))[0] == "fail"
    assert verdict("4.7", facts(BASE, f"RUN /bin/sh -c {script.replace('update', 'clean')}"))[0] == "pass"


@pytest.mark.parametrize(
    "shell",
    ["/bin/bash -eo pipefail -c ", "/bin/bash -o errexit -o nounset -c ", "conda run -n x /bin/bash -c ", ""],
)
def test_shells_of_a_build_file(shell: str) -> None:
    """Whatever shell the build file names, and where it names none, the commands are read."""
    for before in ("", "|1 A=b ", "RUN ", "RUN |1 A=b "):
        assert verdict("4.7", facts(BASE, f"{before}{shell}apt-get update"))[0] == "fail"
        good = f"{before}{shell}apt-get update && apt-get install x"
        assert verdict("4.7", facts(BASE, good))[0] == "pass"


def test_command_as_a_list() -> None:
    """Some builders keep the list of a build file."""
    listed = '["sh", "-c", "apt-get update"]'
    assert verdict("4.7", facts(BASE, f"RUN {listed}"))[0] == "fail"
    assert verdict("4.7", facts(BASE, 'RUN ["apt-get", "update"]'))[0] == "fail"
    good = listed.replace("update", "update && apt-get install x")
    assert verdict("4.7", facts(BASE, f"RUN {good}"))[0] == "pass"


def test_update_in_later_builds() -> None:
    """What an image leaves to builds from it counts, whether its history tells it or its settings alone."""
    update, whole = "RUN apt-get update", "RUN apt-get update && apt-get install x"
    for before in ("ONBUILD ", "/bin/sh -c #(nop)  ONBUILD "):
        found = verdict("4.7", facts(BASE, before + update, config={"OnBuild": [update]}))
        assert found == ("fail", f"refreshes the package index, installs nothing: ONBUILD {update}")
        assert verdict("4.7", facts(BASE, before + whole))[0] == "pass"
    imported = {"created_by": "", "comment": "Imported from -"}
    for steps in ((BASE,), (imported,)):
        assert verdict("4.7", facts(*steps, config={"OnBuild": [update]}))[0] == "fail"
        assert verdict("4.9", facts(*steps, config={"OnBuild": ["ADD a /b"]}))[0] == "fail"
    assert verdict("4.9", facts(BASE, config={"OnBuild": ["COPY a /b"]}))[0] == "pass"
    assert verdict("4.9", facts(imported, config={"OnBuild": ["COPY a /b"]}))[0] == "manual"
    target = facts(BASE, config={"OnBuild": [f"ENV X={SECRET}"]})
    assert SECRET not in target.recording.answers[IMAGES.name].stdout


@pytest.mark.parametrize(
    "text",
    [
        *('"$("' * 9000, "(" * 9000, "`" * 9001, "if " * 9000),
        *("A='eval $A; eval $A'; eval $A", 'eval "' * 5000, "sh -c " * 3000, "a\\ " * 2000),
        *("<<E " * 5000 + "\nE\n", "apt-get " * 9000),
    ],
)
def test_step_that_is_made_to_be_slow(text: str) -> None:
    """A step of any words is judged within the time that reading them takes."""
    start = time.monotonic()
    assert verdict("4.7", facts(BASE, f"RUN {text}"))[0] in ("pass", "manual", "error")
    assert time.monotonic() - start < 60


def test_one_bad_step_among_many_is_named() -> None:
    """The failing step is shown, cut, and the good ones are not."""
    long = f"RUN /bin/sh -c apt-get update && echo {'x ' * 100}"
    found, reason = verdict("4.7", facts(BASE, "RUN apt-get update && apt-get install x", long, "CMD sh"))
    assert (found, reason.count("RUN")) == ("fail", 1)
    assert reason.startswith("refreshes the package index, installs nothing: RUN apt-get update && echo x x")
    assert reason.endswith("...")


@pytest.mark.parametrize(
    ("script", "certain"),
    [
        ("eopkg update-repo", True),
        ("urpmi.update -a", True),
        ("urpmi.update -a && urpmi x", None),
        ("urpmi --auto-update", True),
        ("unattended-upgrade -v", True),
        ("unattended-upgrade --dry-run", None),
        ("systemctl disable unattended-upgrades", None),
        ("do-release-upgrade -f DistUpgradeViewNonInteractive", True),
        ("sudo dnf-automatic", True),
        ("add-apt-repository -y ppa:x/y", False),
        ("add-apt-repository -y --no-update ppa:x/y", None),
        ("add-apt-repository -y ppa:x/y && apt-get install -y z", None),
        ("foopkg update", False),
        ("foopkg upgrade -y", False),
        ("foopkg update && foopkg install x", None),
        ("foopkg update && barpkg install x", False),
        ("git submodule update && npm update && composer install", None),
        ("service cron update; make install", None),
        ("emaint sync -a", True),
        ("nix-channel --update", True),
        ("nix-channel --update && nix-env -iA nixpkgs.curl", None),
        ("brew update", True),
        ("brew update && brew install wget", None),
        ("rpm-ostree upgrade", True),
        ("guix pull", True),
        ("apt-get update && apt-get install -yd curl", True),
        ("apt-get update && apt-get install --download-only curl", True),
        ("apt-get update && apt-get install -y -h curl", True),
        ("apt-get install --help", None),
        ("apk fix -u", True),
        ("apk -u fix", True),
        ("apk fix --upgrade curl", True),
        ("apk fix curl", None),
        ("apk add -u curl", None),
        ("apt-get update && apt-get install -y -o Dpkg::Options::=--force-confold curl", None),
        ("dnf -y update && dnf -y install --downloadonly curl", True),
        ("yum -y update && yum -d 1 -y install curl", None),
        ("curl -fsSL https://deb.nodesource.com/setup_20.x | bash -", False),
        ("curl -s https://packagecloud.io/install/repositories/x/y/script.rpm.sh | bash", False),
        ("curl -fsSL https://deb.nodesource.com/setup_20.x | bash - && apt-get install -y nodejs", None),
        ("curl -fsSL https://deb.nodesource.com/setup_20.x | bash - && dnf install -y nodejs", False),
    ],
)
def test_other_ways_to_refresh(script: str, certain: bool | None) -> None:
    """Managers of other distributions, downloads that install nothing, and scripts that add a source of packages."""
    found = unpaired_update(Step(f"RUN {script}"))
    assert (found.certain if found else None) is certain
