"""What the path of a file in an image tells."""

import pytest

from hullcheck.facts.images.contents import names


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
        ("/usr/bin/x86_64-linux-gnu-ld.bfd", names.COMPILER),
        *dict.fromkeys(
            (
                "/usr/bin/gccgo-14",
                "/usr/bin/valac",
                "/usr/bin/ghc-9.6.6",
                "/usr/local/cuda/bin/nvcc",
                "/usr/bin/llc-19",
                "/usr/local/bin/tinygo",
                "/usr/bin/gdc-12",
                "/usr/bin/ld.lld-17",
                "/usr/bin/x86_64-linux-gnu-tcc",
                "/usr/bin/x86_64-w64-mingw32-gcc-win32",
                "/opt/zig/zig",
                "/usr/libexec/gcc/x86_64-linux-gnu/14/cc1plus",
            ),
            names.COMPILER,
        ).items(),
        *dict.fromkeys(
            ("/home/linuxbrew/.linuxbrew/bin/brew", "/sbin/apk.static", "/usr/bin/cpan", "/usr/bin/flatpak"),
            names.MANAGER,
        ).items(),
        *dict.fromkeys(
            ("/usr/bin/gem3.1", "/usr/bin/pacman-static", "/sbin/installpkg", "/usr/local/bin/pipenv"),
            names.MANAGER,
        ).items(),
        *dict.fromkeys(("/usr/bin/lksh", "/usr/bin/posh", "/bin/zsh5"), names.SHELL).items(),
        *dict.fromkeys(
            (
                "/busybox/sh",
                "/sh",
                "/opt/tools/busybox",
                "/bin/busybox.nosuid",
                "/usr/bin/zsh-5.9",
                "/bin/sh.distrib",
                "/bin/bash5",
                "/opt/microsoft/powershell/7/pwsh",
            ),
            names.SHELL,
        ).items(),
        *dict.fromkeys(
            (
                "/bin/bash-language-server",
                "/etc/init.d/sh",
                "/usr/lib/x/sh",
                "/app/dash",
                "/usr/bin/dash.py",
                "/usr/bin/bashbug",
                "/opt/x/go",
                "/usr/bin/protoc-gen-go",
                "/usr/lib/ld.so",
                "/usr/bin/x86_64-linux-gnu-gcc-ar-12",
                "/usr/share/x/cc1",
                "/sh.txt",
            ),
            "",
        ).items(),
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


@pytest.mark.parametrize(
    ("path", "key"),
    [
        ("/root/.ssh/id_ed25519", True),
        ("/root/.ssh/id_ed25519.pub", False),
        ("/root/.ssh/known_hosts", False),
        ("/app/tls.key", True),
        ("/app/.env", True),
        ("/app/.env.example", False),
        ("/etc/ssl/certs/ca.pem", False),
        *dict.fromkeys(
            (f"/app/{each}", True)
            for each in (
                *(
                    "id_rsa.bak",
                    "id_ed25519_work",
                    "deploy_key",
                    "app.p8",
                    "db.keytab",
                    "client.ovpn",
                    "wg0.conf",
                ),
                *(
                    "service-account.json",
                    "credentials.json",
                    "client_secret_1.json",
                    "secrets.yml",
                    "passwords.txt",
                ),
                *(
                    "terraform.tfstate",
                    "terraform.tfstate.backup",
                    "prod.tfvars",
                    "prod.env",
                    ".envrc",
                    "htpasswd",
                ),
                *(
                    "kubeconfig",
                    "kube_config.yaml",
                    "ci.kubeconfig",
                    "vault_pass.txt",
                    ".vault_password",
                    "wp-config.php",
                    "auth.json",
                ),
                *(
                    "private_key",
                    "server-key.der",
                    "tls.pk8",
                    "secret.asc",
                    "github_rsa",
                    "ssh-key",
                    "pip.conf",
                ),
                *(
                    ".smbcredentials",
                    ".secrets",
                    "token",
                    "token.txt",
                    "api-key.txt",
                    "creds.json",
                    "kaggle.json",
                ),
                *("chap-secrets", "sasl_passwd", "x-firebase-adminsdk-1.json", ".config/hcloud/cli.toml"),
                *(
                    "api_token",
                    "secrets/db_password",
                    "ssl/private/site.pem",
                    ".git/config",
                    "db-credentials.yml.enc",
                ),
            )
        ),
        *dict.fromkeys(
            (f"/root/{each}", True)
            for each in (
                *(
                    ".bash_history",
                    ".psql_history",
                    ".mylogin.cnf",
                    ".s3cfg",
                    ".boto",
                    "_netrc",
                    "SERVER.KEY",
                    "SERVER-KEY.PEM",
                    "public-private-key.pem",
                    "Cert.PFX",
                    "ID_RSA",
                    ".terraformrc",
                ),
                *(".config/gcloud/credentials.db", ".config/gh/hosts.yml", ".azure/msal_token_cache.json"),
                *(".m2/settings.xml", ".cargo/credentials.toml", ".oci/config", ".gnupg/secring.gpg"),
            )
        ),
        *dict.fromkeys(
            (each, True)
            for each in (
                *(
                    "/app/.npmrc.bak",
                    "/app/.env~",
                    "/app/.env.old",
                    "/root/.docker/config.json.orig",
                    "/a/token.save",
                ),
                *(
                    "/root/.yarnrc.yml",
                    "/app/nuget.config",
                    "/root/.nuget/NuGet/NuGet.Config",
                    "/app/.vscode/sftp.json",
                ),
                *(
                    "/x/client_secret_1-a.apps.googleusercontent.com.json",
                    "/app/gcp-key.json",
                    "/x/sa_prod_key.json",
                ),
                *("/root/.jfrog/jfrog-cli.conf.v6", "/root/.condarc", "/root/.mozilla/x/logins.json"),
            )
        ),
        *dict.fromkeys(
            (each, False)
            for each in (
                *("/app/.env.example.bak", "/app/id_rsa.pub.old", "/app/public-key.json", "/app/key.json"),
                *(
                    "/app/id_rsa.pub",
                    "/app/ID_RSA.PUB",
                    "/app/PUBLIC_KEY.PEM",
                    "/app/jwt-publicKey.pem",
                    "/app/pubkey.pem",
                    "/app/id_rsa-cert.pub",
                    "/app/secrets.py",
                    "/app/credentials.go",
                ),
                *(
                    "/usr/share/doc/x/credentials.json",
                    "/usr/lib/python3/secrets.txt",
                    "/app/std/macro.env.html",
                ),
                *("/usr/share/keyrings/x-keyring.gpg", "/app/public_key.der", "/usr/bin/systemd-creds"),
                *("/usr/lib/x/private_key", "/etc/pam.d/common-password", "/app/tokens.json", "/app/rsa"),
                *("/app/node_modules/x/secrets.json", "/usr/local/lib/x/auth.json", "/app/tokenizer.json"),
                *("/var/lib/pam/password", "/etc/pki/tls/OISTE_WISeKey_Global_Root_GB_CA.pem"),
                *("/etc/passwd", "/etc/shadow", "/app/config.json", "/app/keys.py", "/usr/include/secret.h"),
            )
        ),
    ],
)
def test_keys(path: str, key: bool) -> None:
    """Names that private keys have, and none that public ones have."""
    assert names.looks_like_key(path) is key
