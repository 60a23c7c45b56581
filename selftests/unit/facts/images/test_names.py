"""What the path of a file in an image tells."""

import pytest

from hullcheck.facts.images import content_names as names


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/usr/bin/apt-get", names.MANAGER),
        ("/usr/bin/pip3.11", names.MANAGER),
        ("/bin/busybox", names.SHELL),
        ("/usr/bin/x86_64-linux-gnu-gcc-12", names.COMPILER),
        ("/usr/local/go/bin/go", names.COMPILER),
        ("/usr/share/doc/apt-get", ""),
        ("/usr/bin/gcc-wrapper", ""),
        ("/usr/bin/dnf-3", names.MANAGER),
        ("/sbin/apk.static", names.MANAGER),
        ("/usr/bin/gem3.1", names.MANAGER),
        ("/usr/bin/x86_64-linux-gnu-ld.bfd", names.COMPILER),
        ("/usr/bin/ghc-9.6.6", names.COMPILER),
        ("/usr/bin/ld.lld-17", names.COMPILER),
        ("/busybox/sh", names.SHELL),
        ("/bin/busybox.nosuid", names.SHELL),
        ("/usr/bin/zsh-5.9", names.SHELL),
        ("/bin/sh.distrib", names.SHELL),
        ("/bin/bash-language-server", ""),
        ("/etc/init.d/sh", ""),
        ("/usr/bin/bashbug", ""),
        ("/opt/x/go", ""),
        ("/usr/bin/x86_64-linux-gnu-gcc-ar-12", ""),
    ],
)
def test_tools(path: str, kind: str) -> None:
    """A program in a directory of programs, whatever version or machine stands in its name."""
    assert names.tool(path) == kind


@pytest.mark.parametrize(
    ("path", "package"),
    [
        ("/var/lib/dpkg/info/libc6:amd64.list", "libc6"),
        ("/var/lib/dpkg/info/libc6:amd64.md5sums", ""),
        ("/var/lib/dpkg/status.d/base-files", "base-files"),
        ("/var/lib/pacman/local/gcc-libs-12.1.0-3/desc", "gcc-libs"),
        ("/srv/dpkg/info/libc6.list", ""),
        ("/var/db/pkg/sys-apps/sed-4.9-r1/CONTENTS", "sed"),
        ("/var/db/pkg/net-libs/gnutls-3.8.0/CONTENTS", "gnutls"),
        ("/var/lib/pkgtools/packages/xz-utils-5.4.1-x86_64-1", "xz-utils"),
    ],
)
def test_packages(path: str, package: str) -> None:
    """Package managers that keep a file for each package name it there."""
    assert names.package(path) == package


KEYS = """
    /root/.ssh/id_ed25519 /root/.ssh/deploy /app/tls.key /app/.env /app/.env.production /app/prod.env /app/id_rsa.bak
    /app/db.keytab /app/client.ovpn /app/service-account.json /app/credentials.json /app/secrets.yml /app/passwords.txt
    /app/terraform.tfstate /app/prod.tfvars /app/htpasswd /app/kubeconfig /app/wp-config.php /app/auth.json
    /app/private_key /app/server-key.der /app/SERVER-KEY.PEM /app/public-private-key.pem /app/github_rsa /app/pip.conf
    /app/token /app/secrets/db_password /etc/ssl/private/site.pem /app/.git/config
    /root/.bash_history /root/.mylogin.cnf
    /root/_netrc /root/.config/gcloud/credentials.db /root/.m2/settings.xml /root/.gnupg/secring.gpg /app/.npmrc.bak
    /root/.docker/config.json.orig /root/.dockercfg /root/.my.cnf /root/.pypirc
"""
NO_KEYS = """
    /root/.ssh/id_ed25519.pub /root/.ssh/known_hosts /root/.ssh/authorized_keys /root/.ssh/config /app/.env.example
    /app/environment /etc/ssl/certs/ca.pem /app/id_rsa.pub /app/PUBLIC_KEY.PEM /app/jwt-publicKey.pem /app/key.json
    /app/secrets.py /app/credentials.go /usr/share/doc/x/credentials.json /usr/share/keyrings/x-keyring.gpg
    /usr/bin/systemd-creds /usr/lib/x/private_key /etc/pam.d/common-password /app/tokens.json
    /app/node_modules/x/secrets.json /usr/local/lib/node_modules/npm/.npmrc /var/lib/pam/password
    /etc/pki/tls/OISTE_WISeKey_Global_Root_GB_CA.pem /etc/passwd /etc/shadow /app/config.json /usr/include/secret.h
"""


@pytest.mark.parametrize(
    ("path", "key"), [*((each, True) for each in KEYS.split()), *((each, False) for each in NO_KEYS.split())]
)
def test_keys(path: str, key: bool) -> None:
    """Names that private keys and stored passwords have, and none that public ones have."""
    assert names.looks_like_key(path) is key


@pytest.mark.parametrize(
    ("path", "sure", "perhaps"),
    [
        ("id_rsa", True, False),
        ("/root/.aws/credentials", True, False),
        ("/app/id_rsa.bak", True, False),
        ("/root/_netrc", True, False),
        ("service-account.json", False, True),
        ("server.key", False, True),
        ("/app/.env.prod", False, True),
        ("id_rsa.pub", False, False),
        ("/app/main.py", False, False),
    ],
)
def test_names_of_files(path: str, sure: bool, perhaps: bool) -> None:
    """Some names are those of secrets alone, some often."""
    assert (names.names_key_file(path), names.may_be_secret_file(path)) == (sure, perhaps)
