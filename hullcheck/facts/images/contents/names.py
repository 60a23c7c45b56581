"""What the path of a file in an image tells: a tool, a package, a list of packages, a private key."""

import posixpath
import re

_PROGRAMS = {"bin", "sbin"}  # the names of directories in which programs lie
_MANAGERS = """
    apk apt apt-get aptitude dnf dnf5 dpkg microdnf opkg pacman rpm tdnf urpmi xbps-install yum zypper
    cargo conda gem npm pip pip3 pnpm pipx poetry uv yarn
"""
_SHELLS = (
    "ash bash busybox csh dash elvish fish hush ksh ksh93 mksh nu pwsh rbash sash sh tcsh toybox yash zsh"
)
_COMPILERS = "as c++ c89 c99 cc clang clang++ cpp g++ gcc gfortran ghc go javac ld make rustc tcc"
MANAGER, SHELL, COMPILER = "package manager", "shell", "compiler"
_KINDS = {
    **dict.fromkeys(_MANAGERS.split(), MANAGER),
    **dict.fromkeys(_SHELLS.split(), SHELL),
    **dict.fromkeys(_COMPILERS.split(), COMPILER),
}
_VERSIONED = re.compile(
    r"(?:[a-z0-9_]+-)*(c\+\+|cpp|cc|clang\+\+|clang|g\+\+|gcc|gfortran|pip|go)(?:-?[0-9][0-9.]*)"
)
_CROSS = re.compile(r"[a-z0-9_]+-(?:[a-z0-9_]+-)*(c\+\+|cpp|cc|clang\+\+|clang|g\+\+|gcc|gfortran|ld|as)")
_PACKAGES = (  # files that are there for each installed package, and are named after it
    re.compile(r"/var/lib/dpkg/info/([a-z0-9][a-z0-9+.-]+)(?::[a-z0-9-]+)?\.list"),
    re.compile(r"/var/lib/dpkg/status\.d/(?!.*\.md5sums$)([^/]+)"),
    re.compile(r"/(?:var|usr)/lib/pacman/local/([^/]+)-[^/-]+-[^/-]+/desc"),
)
_BELOW = ("/var/lib/", "/usr/lib/pacman/")
_DATABASES = {  # those that name packages inside one file
    "/lib/apk/db/installed": "apk",
    "/usr/lib/apk/db/installed": "apk",
    "/usr/lib/opkg/status": "opkg",
    **{
        f"{folder}/{name}": "rpm"
        for folder in ("/var/lib/rpm", "/usr/lib/sysimage/rpm", "/usr/share/rpm")
        for name in ("Packages", "Packages.db", "rpmdb.sqlite")
    },
}
_KEYS = re.compile(
    r"(?:id_(?:rsa|dsa|ecdsa|ecdsa_sk|ed25519|ed25519_sk)|ssh_host_\w+_key|[^/]*\.(?:key|p12|pfx|jks|keystore|ppk)"
    r"|[^/]*(?:private|priv|key)[^/]*\.pem|\.netrc|\.pgpass|\.git-credentials|\.vault-token|\.htpasswd"
    r"|\.dockercfg|\.my\.cnf)"
)
_SETTINGS = re.compile(r"\.env(?:\.(?!dist|example|sample|template)\w+)?|\.npmrc|\.pypirc")
_LIBRARIES = re.compile(
    r".*/(?:node_modules|site-packages|dist-packages)/.*"
)  # they bring settings for their tests
_KEY_PATHS = re.compile(
    r".*/(?:\.docker/config\.json|\.aws/credentials|\.kube/config|\.azure/accessTokens\.json"
    r"|\.ssh/(?!authorized_keys|config|environment|known_hosts|rc$)[^/]+(?<!\.pub))"
)


def says_something(path: str) -> bool:
    """Whether a file of this path is worth a look, whatever its mode is."""
    return is_tool(path) or looks_like_key(path) or database(path) != "" or package(path) != ""


def is_tool(path: str) -> bool:
    """Whether it is a program that manages packages, a shell or a compiler, by its name."""
    return tool(path) != ""


def tool(path: str) -> str:
    """MANAGER, SHELL or COMPILER, by the name of the program; empty where it is none of them."""
    above, name = posixpath.split(path)
    if posixpath.basename(above) not in _PROGRAMS:
        return ""
    match = _VERSIONED.fullmatch(name) or _CROSS.fullmatch(name)
    return _KINDS.get(match[1] if match else name, "")


def package(path: str) -> str:
    """The package that it tells of; empty where it tells of none."""
    if not path.startswith(_BELOW):
        return ""
    matches = (pattern.fullmatch(path) for pattern in _PACKAGES)
    return next((match[1] for match in matches if match), "")


def database(path: str) -> str:
    """The kind of package manager that names its packages inside this file; empty where it is none."""
    return _DATABASES.get(path, "")


def looks_like_key(path: str) -> bool:
    """Whether its name is one that private keys and stored passwords have."""
    name = posixpath.basename(path)
    if _SETTINGS.fullmatch(name):
        return not _LIBRARIES.fullmatch(path)
    return bool(_KEYS.fullmatch(name) or _KEY_PATHS.fullmatch(path))
