"""The words of a step in the history of an image."""

from __future__ import annotations

import pytest

from hullcheck.facts.images.installs import downloads, installers, unverified
from hullcheck.facts.images.package_managers import Act, package_action
from hullcheck.facts.images.secrets import masked_step
from hullcheck.facts.images.steps import Step
from hullcheck.facts.images.updates import unpaired_update


@pytest.mark.parametrize(
    ("script", "commands"),
    [
        ("a && b || c; d | e & f", [["a"], ["b"], ["c"], ["d"], ["e"], ["f"]]),
        ("a 'b && c' \"d; e\" f\\ g", [["a", "b && c", "d; e", "f g"]]),
        ("X=1 Y='a b' /bin/a b", [["a", "b"]]),
        ("if a; then b; else c; fi", [["a"], ["b"], ["c"]]),
        ("case $a in b) c ;; d|e) f ;; esac", [["c"], ["f"]]),
        ("a $(b c) `d` e", [["b", "c"], ["d"], ["a", "$", "$", "e"]]),
        ('a "$(b "c d") `e`"', [["b", "c d"], ["e"], ["a", '$(b "c d") `e`']]),
        ("a '$(b)'", [["a", "$(b)"]]),
        ("f() { a; }; f", [["a"], ["f"], ["a"]]),
        ("a 2>&1 &>b && c", [["a", "2>&1", "&>b"], ["c"]]),
        ("A=b; $A c", [["b", "c"]]),
        ("eval 'a; b' c", [["a"], ["b", "c"]]),
        ("timeout 5 sh -c 'a b'", [["timeout", "5"], ["a", "b"]]),
        ("su - x -c 'a b'", [["a", "b"]]),
        ("bash -eo pipefail -c 'a' b", [["a", "b"]]),
        ("command -v a && b", [["command", "-v", "a"], ["b"]]),
        ("sudo -E env A=b a", [["a"]]),
        ("sh -c 'a; b'", [["a"], ["b"]]),
        ("bash x.sh", [["bash", "x.sh"]]),
        ("a 'b", [["a", "b"]]),
        ("a <<E > x; b\nc\nE\nd", [["a", ">", "x"], ["b"], ["d"]]),
        ("a <<E | sh <<-'F'\nb\nE\nc\n\tF\nd", [["a"], ["c"], ["d"]]),
        ("a $((1 <<b))\nc", [["1", "<<b"], ["a", "$"], ["c"]]),
        ("a http://x/#y z", [["a", "http://x/#y", "z"]]),
    ],
)
def test_commands_of_a_script(script: str, commands: list[list[str]]) -> None:
    """A script is split as a shell does, as far as commands are concerned."""
    assert [list(each) for each in Step(f"RUN {script}").commands] == commands


def test_package_managers() -> None:
    """Each does what its first known word says."""
    assert package_action(("apt-get", "-t", "x", "install", "update")) is Act.INSTALL
    assert package_action(("pacman", "-Q")) is None
    assert package_action(("apt-get", "install", "-y")) is None
    assert package_action(("apt-get", "install", "-f")) is Act.INSTALL
    assert package_action(("apt-get", "-y", "install", "--fix-broken")) is Act.INSTALL
    assert package_action(("apt-cache", "update")) is None
    assert package_action(("yum", "update")) is Act.UPGRADE
    assert unpaired_update(Step("COPY apt-get update")) is None
    assert list(installers(Step("RUN rpm -q x && rpm -e x && pip list"))) == []
    assert list(unverified(Step("LABEL x=trusted=yes"))) == []


@pytest.mark.parametrize(
    "step",
    [
        "|1 NODE_TLS_REJECT_UNAUTHORIZED=0 /bin/sh -c npm ci",
        "RUN |2 A=b c GIT_SSL_NO_VERIFY=*** /bin/sh -c git clone https://x # buildkit",
        "NODE_TLS_REJECT_UNAUTHORIZED='0' npm ci",
        'export GIT_SSL_NO_VERIFY="true" && git clone https://x',
        "echo 'deb [arch=amd64 trusted=1] https://x ./' > /etc/apt/x.list",
        "echo 'deb [allow-insecure=true] https://x ./' > /etc/apt/x.list",
        "printf 'Types: deb\\nTrusted: true\\n' > /etc/apt/x.sources",
        "apt-get -o Acquire::AllowWeakRepositories=true update",
        "apt-get install --allow-unauthenticated=true x",
        "echo 'check-certificate=off' >> /etc/wgetrc && wget https://x/x.deb",
        "npm install --no-strict-ssl x",
        "yarn install --skip-integrity-check",
        "yarn config set checksumBehavior ignore",
        "echo 'checksumBehavior: update' >> .yarnrc.yml",
        "YARN_CHECKSUM_BEHAVIOR=ignore yarn",
        "COMPOSER_DISABLE_TLS=1 composer install",
        "bundle config set --global disable_checksum_validation true",
        "gcloud config set auth/disable_ssl_validation True",
        "echo sdkman_insecure_ssl=true >> ~/.sdkman/etc/config",
        "poetry config certificates.x.cert false",
        "conda install -k x",
        "sudo micromamba install --ssl-verify false x",
        "gradle --dependency-verification off build",
        "deno cache --unsafely-ignore-certificate-errors x.ts",
        "tlmgr --verify-repo=none install x",
        "lftp -e 'set ssl:verify-certificate no; get x' https://x",
        "axel -k https://x/x.tgz",
        "hg clone --insecure https://x && make install",
        "curl -o /usr/share/keyrings/x.gpg http://x/key",
        "curl -k https://x/ca > /usr/local/share/ca-certificates/x.crt && update-ca-certificates",
        "wget -O /etc/yum.repos.d/x.repo http://x/x",
        "printf '[global]\\nindex-url = http://x/simple\\n' > /etc/pip.conf && pip install y",
        "PIP_EXTRA_INDEX_URL=http://x/simple pip install y",
        "|1 UV_DEFAULT_INDEX=http://x/simple /bin/sh -c uv sync",
        "export GOPROXY=http://x && go mod download",
        "echo registry=http://x > .npmrc && npm ci",
    ],
)
def test_switch_in_every_spelling(step: str) -> None:
    """A switch counts as an argument of the build, in quotes, and in each word that its program takes for a yes."""
    assert list(unverified(Step(step)))


@pytest.mark.parametrize(
    "step",
    ["ENV PIP_INDEX_URL=http://x/simple", '|1 npm_config_registry="http://x" /bin/sh -c npm ci'],
)
def test_index_without_tls_in_a_variable(step: str) -> None:
    """The values of variables are not kept, but that an address is without TLS is."""
    assert list(unverified(Step(masked_step(step))))
    assert not list(unverified(Step(masked_step(step.replace("http:", "https:")))))


@pytest.mark.parametrize(
    "step",
    [
        "|1 NODE_TLS_REJECT_UNAUTHORIZED=1 /bin/sh -c npm ci",
        "echo 'deb [trusted=1] file:/x ./' > /etc/apt/x.list",
        "echo 'deb [trusted=0] https://x ./' > /etc/apt/x.list",
        "curl 'https://x/?trusted=1'",
        "yarn config set checksumBehavior throw",
        "gradle --dependency-verification strict build",
        "tar -k -xf conda.tgz && echo conda -k",
        "curl -o /usr/share/keyrings/x.gpg https://x/key",
        "cosign verify --insecure-ignore-tlog x",
        "printf '[global]\\nindex-url = https://x/simple\\n' > /etc/pip.conf && pip install y",
        "PIP_INDEX_URL=http://localhost:3141/simple pip install y",
        "./configure --registry=http://x && echo DOCKER_REGISTRY=http://x > y",
    ],
)
def test_words_that_switch_nothing_off(step: str) -> None:
    """What looks like one of these switches stays unnamed."""
    assert list(unverified(Step(step))) == []


def test_sum_that_the_builder_checks() -> None:
    """BuildKit ends a build at a file that has not got the sum which its ADD names."""
    assert list(downloads(Step("ADD https://x/y.tgz / # buildkit"))) == ["ADD"]
    assert (
        list(downloads(Step(f"ADD --chown=0 --checksum=sha256:{'1' * 64} https://x/y.tgz / # buildkit")))
        == []
    )


@pytest.mark.parametrize(
    ("place", "found"),
    [("file://$tempDir", []), ("https://x", ["trusted=yes"]), ("http://x file:/y", ["trusted=yes"])],
)
def test_packages_that_the_step_built(place: str, found: list[str]) -> None:
    """They come from nowhere else, as some of the official image of nginx."""
    assert list(unverified(Step(f'RUN echo "deb [ trusted=yes ] {place} ./" > /etc/apt/x.list'))) == found


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("pacman -Sy", Act.REFRESH),
        ("pacman -S --refresh", Act.REFRESH),
        ("pacman --sync --refresh", Act.REFRESH),
        ("pacman -S -y", Act.REFRESH),
        ("pacman -S", None),
        ("pacman -y", None),
        ("pacman -Syu", Act.UPGRADE),
        ("pacman -S -u", Act.UPGRADE),
        ("pacman -Sy --sysupgrade", Act.UPGRADE),
        ("pacman --sync --sysupgrade", Act.UPGRADE),
        ("pacman --sync x", Act.INSTALL),
        ("pacman -Sy x", Act.INSTALL),
        ("pacman --query x", None),
        ("xbps-install -S", Act.REFRESH),
        ("xbps-install --sync", Act.REFRESH),
        ("xbps-install -u", Act.UPGRADE),
        ("xbps-install -Su", Act.UPGRADE),
        ("xbps-install -S -u", Act.UPGRADE),
        ("xbps-install --update", Act.UPGRADE),
        ("xbps-install -Sy x", Act.INSTALL),
        ("xbps-install -y", None),
        ("emerge --sync", Act.REFRESH),
        ("emerge --update @world", Act.UPGRADE),
        ("emerge world", Act.UPGRADE),
        ("emerge system", Act.UPGRADE),
        ("emerge -u @system", Act.UPGRADE),
        ("emerge @world x", Act.INSTALL),
        ("emerge x", Act.INSTALL),
        ("emerge --info", None),
        ("emerge-webrsync", Act.REFRESH),
        ("eix-sync", Act.REFRESH),
    ],
)
def test_package_managers_that_go_by_options(command: str, expected: Act | None) -> None:
    """Each option is known in its short and its long form, also where several are in one word."""
    assert package_action(tuple(command.split())) is expected


@pytest.mark.parametrize(
    "command",
    [
        *(
            f"{program} install"
            for program in ("bundle", "cargo", "composer", "gem", "go", "npm", "pip", "pip3")
        ),
        *("composer require", "go get", "npm i", "npm ci", "npm add", "pnpm install", "pnpm i", "pnpm add"),
        *("yarn install", "yarn add", "dpkg -i", "dpkg --install", "rpm -i", "rpm -Uvh", "rpm --upgrade"),
        *(
            "mvn package",
            "gradle build",
            "./gradlew build",
            "cpanm",
            "lein deps",
            "sbt compile",
            "go build",
            "go mod",
        ),
        *("cargo build", "dotnet restore", "conda create", "pip download", "composer update", "mix deps.get"),
        *("rustup default", "npm exec", "Rscript -e install.packages(1)", "julia -e Pkg.add(1)"),
    ],
)
def test_installers(command: str) -> None:
    """Each program is known by the words with which it installs."""
    assert list(installers(Step(f"RUN {command} x"))) == [command.split()[0].removeprefix("./")]


def test_programs_that_install_nothing() -> None:
    """The same ones that are asked for something else; yarn installs where it is asked for nothing."""
    for command in (
        "mvn --version",
        "gradle",
        "go version",
        "cargo --version",
        "Rscript x.R",
        "yarn build",
        "npm run x",
    ):
        assert list(installers(Step(f"RUN {command}"))) == []
    assert list(installers(Step("RUN yarn"))) == ["yarn"]


@pytest.mark.parametrize(
    "word",
    [
        *("apt-mark", "cat", "cp", "echo", "grep", "ln", "ls", "mkdir", "mv"),
        *("printf", "rm", "sed", "test", "type", "which"),
    ],
)
def test_commands_that_only_name_a_package_manager(word: str) -> None:
    """They start none."""
    assert package_action((word, "apt-get", "update")) is None


def test_copy_is_no_add() -> None:
    """Only an ADD unpacks what it is given."""
    assert Step("ADD rootfs.tar /").brings_file_system
    assert not Step("COPY rootfs.tar /").brings_file_system
