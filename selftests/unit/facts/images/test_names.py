"""What the path of a file in an image tells."""

import pytest

from hullcheck.facts.images import content_names as names

TOOLS = {
    names.MANAGER: "/usr/bin/apt-get /usr/bin/pip3.11 /usr/bin/dnf-3 /sbin/apk.static /usr/bin/gem3.1",
    names.SHELL: "/bin/busybox /busybox/sh /bin/busybox.nosuid /usr/bin/zsh-5.9 /bin/sh.distrib",
    names.COMPILER: "/usr/bin/x86_64-linux-gnu-gcc-12 /usr/local/go/bin/go /bin/x86_64-linux-gnu-ld.bfd /bin/ld.lld-17",
    "": """
        /usr/share/doc/apt-get /usr/bin/gcc-wrapper /bin/bash-language-server /etc/init.d/sh /usr/bin/bashbug /opt/x/go
        /usr/bin/x86_64-linux-gnu-gcc-ar-12
    """,
}


@pytest.mark.parametrize(("kind", "paths"), TOOLS.items())
def test_tools(kind: str, paths: str) -> None:
    """A program in a directory of programs, whatever version or machine stands in its name."""
    assert {path: names.tool(path) for path in paths.split()} == dict.fromkeys(paths.split(), kind)


@pytest.mark.parametrize(
    ("path", "package"),
    [
        ("/var/lib/dpkg/info/libc6:amd64.list", "libc6"),
        ("/var/lib/dpkg/info/libc6:amd64.md5sums", ""),
        ("/var/lib/dpkg/status.d/base-files", "base-files"),
        ("/var/lib/pacman/local/gcc-libs-12.1.0-3/desc", "gcc-libs"),
        ("/srv/dpkg/info/libc6.list", ""),
    ],
)
def test_packages(path: str, package: str) -> None:
    """Package managers that keep a file for each package name it there."""
    assert names.package(path) == package


SURE = "id_rsa /root/.aws/credentials /app/id_rsa.bak /root/_netrc /app/ssh_host_rsa_key"
PERHAPS = """
    /root/.ssh/deploy /app/tls.key /app/.env /app/.env.production server.key service-account.json /app/credentials.json
    /app/secrets.yml /app/passwords.txt /app/terraform.tfstate /app/htpasswd /app/kubeconfig /app/wp-config.php
    /app/private_key /app/server-key.der /app/SERVER-KEY.PEM /app/public-private-key.pem /app/github_rsa /app/token
    /app/secrets/db_password /etc/ssl/private/site.pem /app/.git/config /root/.bash_history /root/.m2/settings.xml
    /app/.npmrc.bak /root/.docker/config.json.orig /root/.dockercfg /app/example/.env /app/bin/.env /app/example.key
    /usr/src/app/.env /usr/src/app/.npmrc /usr/share/nginx/html/credentials.json /app/aws-default-credentials.json
"""
NO_KEYS = """
    /root/.ssh/id_ed25519.pub /root/.ssh/known_hosts /root/.ssh/authorized_keys /root/.ssh/config /app/.env.example
    /app/environment /etc/ssl/certs/ca.pem /app/id_rsa.pub /app/PUBLIC_KEY.PEM /app/jwt-publicKey.pem /app/key.json
    /app/secrets.py /app/credentials.go /usr/share/doc/x/credentials.json /usr/lib/x/private_key /app/tokens.json
    /etc/pam.d/common-password /app/node_modules/x/secrets.json /var/lib/pam/password /app/config.json /etc/shadow
    /etc/pki/tls/OISTE_WISeKey_Global_Root_GB_CA.pem
    .env.sample .env.local.dist example.env config.json.example id_rsa.example secrets.yml.erb.tmpl env.defaults
    .env.default /usr/src/app/node_modules/x/.npmrc /usr/src/linux/secret /usr/share/nginx/secret
    tls.key.template /etc/ssl/private/dhparam.pem /app/.ssh/deploy.crt /usr/bin/password /opt/x/bin/token
    /usr/share/cracklib/passwords.txt /usr/local/bundle/gems/x/passwords.txt /etc/pam.d/password
"""


@pytest.mark.parametrize(
    ("paths", "sure", "perhaps"), [(SURE, True, True), (PERHAPS, False, True), (NO_KEYS, False, False)]
)
def test_keys(paths: str, sure: bool, perhaps: bool) -> None:
    """Names that private keys and stored passwords have, some that they often have, and those of public ones."""
    found = {each: (names.is_key_file(each), names.looks_like_key(each)) for each in paths.split()}
    assert found == dict.fromkeys(paths.split(), (sure, perhaps))
