"""Names of files in images: tools, packages, lists of packages, private keys."""

import posixpath
import re

from hullcheck.lazy import regex

_PROGRAMS = {"bin", "sbin", "busybox"}  # the names of directories in which programs lie
_MANAGERS = """
    apk apt apt-get aptitude dnf dnf5 dpkg emerge flatpak microdnf nix nix-env opkg pacman rpm rpm-ostree snap tdnf
    xbps-install yum zypper
    bun bundle bundler cargo composer conan conda corepack cpan cpanm gem luarocks mamba micromamba npm npx nuget pear
    pecl pip pipenv pipx pnpm poetry rustup uv yarn
"""
_SHELLS = "ash bash busybox csh dash elvish fish hush ksh mksh nu oksh pwsh rbash sh tcsh toybox xonsh yash zsh"
_COMPILERS = """
    as c++ c89 c99 cc clang clang++ cpp dmd f77 f95 flang fpc g++ gcc gccgo gdc gfortran ghc gmake go icc icx javac
    kotlinc ld ld.bfd ld.gold ld.lld ld.mold ldc2 llc make nasm nvcc ocamlc ocamlopt rustc scalac swiftc tcc tinygo
    yasm zig
"""
MANAGER, SHELL, COMPILER = "package manager", "shell", "compiler"
_KINDS = {
    **dict.fromkeys(_MANAGERS.split(), MANAGER),
    **dict.fromkeys(_SHELLS.split(), SHELL),
    **dict.fromkeys(_COMPILERS.split(), COMPILER),
}
# `x86_64-linux-gnu-gcc-12`, `gem3.1`, `apk.static`, `busybox.nosuid`: for another machine, of a version, or built
# otherwise; and not `bash-language-server`.
_CROSSED = r"as|c\+\+|cc|clang|clang\+\+|cpp|g\+\+|gcc|gccgo|gdc|gfortran|gm2|ld(?:\.\w+)?|tcc"
_VARIANT = regex(
    rf"(?:(?:[a-z0-9_]+-)+(?P<crossed>{_CROSSED})|(?P<plain>{'|'.join(map(re.escape, _KINDS))}))"
    r"(?:-?[0-9][\w.+]*)?(?:-posix|-win32|[.-](?:distrib|minimal|musl|nosuid|preview|static))?"
)
_PACKAGES = (  # files that are there for each installed package, and are named after it
    re.compile(r"/var/lib/dpkg/info/([a-z0-9][a-z0-9+.-]+)(?::[a-z0-9-]+)?\.list"),
    re.compile(r"/var/lib/dpkg/status\.d/(?!.*\.md5sums$)([^/]+)"),
    re.compile(r"/(?:var|usr)/lib/pacman/local/([^/]+)-[^/-]+-[^/-]+/desc"),
)
DPKG = "/var/lib/dpkg/"
DATABASES = {  # those that name packages inside one file, with their package managers
    "/lib/apk/db/installed": "apk",
    "/usr/lib/apk/db/installed": "apk",
    f"{DPKG}status": "dpkg",  # it names those of which the files in `info` were deleted
    "/var/lib/chisel/manifest.wall": "chisel",
    **{
        f"{folder}/{name}": "rpm"
        for folder in ("/var/lib/rpm", "/usr/lib/sysimage/rpm", "/usr/share/rpm")
        for name in ("Packages", "Packages.db", "rpmdb.sqlite")
    },
}
RELEASES = ("/etc/os-release", "/usr/lib/os-release", "/etc/debian_version", "/etc/alpine-release")
"""Files that say which distribution it is; some of them are links."""
DISTRIBUTION = "its distribution"  # stands for a package manager without a list of packages
_SURE = regex(  # files of which each holds a secret
    r"""(?:.*/)?(?:id_(?:rsa|dsa|ecdsa|ed25519)(?:\.(?:bak|old|orig|save)|~)? | ssh_host_\w+_key | \.git-credentials
    | [._]netrc | \.pgpass | \.aws/credentials | \.vault-token | application_default_credentials\.json)""",
    re.VERBOSE,
)
_PERHAPS = regex(  # files that often hold one: keys, stored logins, histories of shells
    r"""(?:.*/)?(?:id_(?:rsa|dsa|ecdsa|ed25519)(?:_sk)?(?:[._~-][^/]*)? | \.?htpasswd | \.my\.cnf | \.[a-z]+_history
    | [^/]*\.(?:jks|kdbx?|key|keystore|keytab|kubeconfig|ovpn|p12|p8|pfx|pkcs12|ppk|tfstate|tfvars)
    | [^/]*(?:private|priv|(?<!pub)(?<!pub[_.-])(?<!public)(?<!public[_.-])(?<!WISe)key)[^/]*\.(?:der|pem)
    | \.docker(?:cfg|/config\.json) | \.kube/config | \.m2/settings\.xml | \.cargo/credentials(?:\.toml)?
    | \.gnupg/private-keys-v1\.d/[^/]+ | \.git/config | ssl/private/[^/]+ | secrets?/[^/.]+(?:\.txt)?
    | \.ssh/(?!authorized_keys|config|environment|known_hosts|rc$)[^/]+)""",
    re.VERBOSE | re.IGNORECASE,
)
_SETTINGS = regex(  # the same, but not where programs and libraries bring such a file
    r"""(?:.*/)?(?:(?:[\w-]+)?\.env(?:\.(?!html|md)\w+)? | \.envrc | \.npmrc | \.pypirc | wp-config\.php | auth\.json
    | pip\.conf | kube[_-]?config(?:\.ya?ml)? | password | secret | token | [^/]+_(?:rsa|ed25519)
    | [^/]*(?:deploy|private|ssh|api)[_-]?key
    | [^/]*(?:client_?secrets?|credentials?|creds|passwords?|secrets?|service[_-]?account)[^/.]*
        \.(?:conf|csv|ini|json|properties|toml|txt|xml|ya?ml))""",
    re.VERBOSE | re.IGNORECASE,
)
_HARMLESS = regex(  # names of examples, and of what is public
    r"(?!.*\.(?:jks|key|p12|pem|pfx)$)(?:.*[._-])?(?:example|sample|template|tmpl|(?<=\.env\.)default|(?<=.)dist)s?(?:[._-].*)?"
    r"|.*\.(?:cer|crt|csr|pub)|dhparams?(?:[._-].*)?",
    re.IGNORECASE,
)
_COPY = regex(r"(?:~|\.(?:bak|backup|old|orig|save|swp))+$")
_LIBRARIES = regex(
    r"(?:/etc/pam\.d|/opt/java|/usr(?:/local)?/(?:include|lib\w*|share(?!/nginx/html/)|src(?!/app/))|/var/lib/pam)/.*"
    r"|.*/(?:dist-packages|gems|node_modules|site-packages|vendor)/.*|.*/s?bin/[^/.]+"  # the last are programs
)


def tool(path: str) -> str:
    """Return MANAGER, SHELL or COMPILER for a program in a folder for programs, or an empty string."""
    above, name = posixpath.split(path)
    return kind(name) if posixpath.basename(above) in _PROGRAMS else ""


def kind(name: str) -> str:
    """Return MANAGER, SHELL or COMPILER by name, or an empty string."""
    match = _VARIANT.fullmatch(name)
    if match is None:
        return ""
    return COMPILER if match["crossed"] else _KINDS[match["plain"]]


def package(path: str) -> str:
    """Return the package that a file belongs to, or an empty string."""
    matches = (pattern.fullmatch(path) for pattern in _PACKAGES)
    return next((match[1] for match in matches if match), "")


def is_key_file(path: str) -> bool:
    """Return whether every file with this name holds a secret."""
    return bool(_SURE.fullmatch(path))


def looks_like_key(path: str) -> bool:
    """Return whether files with this name often hold a secret."""
    plain = _COPY.sub("", path)
    is_setting = _SETTINGS.fullmatch(plain) and not _LIBRARIES.fullmatch(plain)
    is_like_one = is_setting or _SURE.fullmatch(plain) or _PERHAPS.fullmatch(plain)
    return bool(is_like_one) and not _HARMLESS.fullmatch(posixpath.basename(plain))
