"""What a script starts of which its words do not tell what it does: files, and programs that nobody knows.

Known are programs that get nothing from elsewhere, whatever they are told to do. A build counts as one of them.
"""

import posixpath
import re
from collections.abc import Callable, Iterator

from hullcheck.parsing.shell.feeds import SHELLS
from hullcheck.parsing.shell.script import ASSIGNS, Call, Command, Script

_COREUTILS = """
    [ arch b2sum base32 base64 basename basenc cat chcon chgrp chmod chown chroot cksum comm cp csplit cut
    date dd df dir dircolors dirname du echo env expand expr factor false fmt fold groups head hostid id
    install join link ln logname ls md5sum mkdir mkfifo mknod mktemp mv nice nl nohup nproc numfmt od paste
    pathchk pinky pr printenv printf ptx pwd readlink realpath rm rmdir runcon seq sha1sum sha224sum sha256sum
    sha384sum sha512sum shred shuf sleep sort split stat stdbuf stty sum sync tac tail tee test timeout touch
    tr true truncate tsort tty uname unexpand uniq unlink uptime users vdir wc who whoami yes
"""
_OF_THE_SHELL = """
    ! . : [[ source alias bg bind break builtin case cd command compgen continue declare dirs disown eval exec exit
    export fc fg for function getopts hash history jobs let local mapfile popd pushd read readarray readonly
    return select set shift shopt times trap type typeset ulimit umask unalias unset wait
"""
_FILES = """
    7z 7za ar awk brotli bunzip2 bzcat bzip2 cmp col column cpio diff dos2unix egrep envsubst fgrep file find
    gawk getopt grep gunzip gzip hexdump iconv jq less lz4 lzma mawk more patch rename rev sed strings tar
    unix2dos unlzma unxz unzip unzstd which xmlstarlet xxd xz xzcat zcat zip zipinfo zstd zstdcat
"""
_SYSTEM = """
    a2disconf a2dismod a2dissite a2enconf a2enmod a2ensite addgroup adduser alternatives apt-config apt-mark
    arch-chroot authselect c_rehash chage chattr chfn chpasswd chsh crontab crudini dbus-uuidgen
    deb-systemd-helper debconf-set-selections delgroup deluser depmod dpkg dpkg-architecture dpkg-deb
    dpkg-divert dpkg-query dpkg-reconfigure dpkg-statoverride dpkg-trigger fc-cache free getcap getconf getent
    getfacl glib-compile-schemas gpasswd groupadd groupdel groupmod gtk-update-icon-cache hostname initdb
    insserv ionice kill killall kmod ldconfig ldd locale locale-gen localedef lsattr lsb_release lsof
    mkfontdir mkfontscale mkpasswd modprobe mount newgrp newusers nginx nologin passwd pgrep pidof pkill ps
    pwck pwconv pwunconv rc-update rpmdb rpmkeys rpmquery run-parts runuser service setcap setfacl ssh-keygen
    su sysctl systemctl systemd-machine-id-setup systemd-sysusers systemd-tmpfiles top umount
    update-alternatives update-ca-certificates update-ca-trust update-desktop-database update-locale
    update-mime-database update-passwd update-rc.d useradd userdel usermod vipw visudo
"""
_BUILDS = """
    aclocal as autoconf autoheader automake autoreconf c++ c89 c99 cc clang clang++ cmake configure cpp
    docker-php-ext-configure docker-php-ext-enable g++ gcc gcc-ar gfortran gmake javac ld libtool libtoolize
    m4 make meson ninja nm objcopy objdump pkg-config protoc ranlib readelf rustc strip waf
"""
_PROOFS = "cosign gpg gpgconf gpgv minisign notation openssl sha3sum shasum signify slsa-verifier sum"
_AT_HOME = frozenset(f"{_COREUTILS} {_OF_THE_SHELL} {_FILES} {_SYSTEM} {_BUILDS} {_PROOFS}".split())
_GETS_KEYS = re.compile(r"--(?:fetch|locate-external|receive|recv|refresh|search)-keys?|s_client")
_START = "busybox doas eatmydata fakeroot ionice nice setpriv setsid stdbuf time timeout tini toybox"
_STARTERS = {**dict.fromkeys(_START.split(), 0), "chroot": 1, "gosu": 1, "su-exec": 1}
"""Programs that start another one, with the words before it that are no options and no numbers."""
_NO_PROGRAM = re.compile(r"-.*|\d[\d.]*[smhd]?|\w+=.*", re.DOTALL)
_INTERPRETERS = re.compile(r"(?:python|pypy|perl|ruby|node|nodejs|php|lua|tclsh|java|R|Rscript|julia)[0-9.]*")
_MODULES = frozenset(("compileall", "json.tool", "pip", "py_compile", "site", "tarfile", "venv", "zipfile"))
_GIVEN = re.compile(r"-[A-Za-z]*[ceErR]|--(?:eval|print|run|version)|-[vV]")
_SETTINGS = re.compile(
    r"(?:/etc|/usr/lib)/\S+|(?:\S*/)?(?:activate|\.\w*(?:env|profile|rc)|envvars|os-release)"
)
_USUAL = frozenset(("", "/bin", "/sbin", "/usr/bin", "/usr/sbin", "/usr/local/bin", "/usr/local/sbin"))


def unknown(script: Script, is_known: Callable[[str], bool]) -> Iterator[str]:
    """The files and programs that are run and of which nobody knows what they do.

    Args:
        is_known: whether what a program of this name does is judged elsewhere.
    """
    for call in script.calls:
        if call.words[0] not in (ASSIGNS, *script.functions):
            file = _file(call)
            yield from [file] if file else _unknown(call.words, is_known)


def _file(call: Call) -> str:
    """The script that a command runs, where it lies in a file; else empty."""
    program, *rest = call.words
    folder, name = posixpath.split(call.path)
    if program in (*SHELLS, ".", "source"):
        file = next((word for word in rest if not word.startswith(("-", "+", "<", ">"))), "")
        return "" if _SETTINGS.fullmatch(file) or (program in SHELLS and "-c" in rest) else file
    is_script = name.endswith((".sh", ".bash")) or folder not in _USUAL or program.startswith("$")
    return call.path if is_script and name != "configure" else ""


def _unknown(words: Command, is_known: Callable[[str], bool]) -> Iterator[str]:
    program, rest = words[0].rpartition("/")[2], words[1:]
    if re.match(r"[<>]|\d+$", words[0]):  # behind a group of commands, or a sum
        return
    if program in _STARTERS:
        started = [place for place, word in enumerate(rest) if not _NO_PROGRAM.fullmatch(word)]
        for place in started[_STARTERS[program] :][:1]:
            yield from _unknown(rest[place:], is_known)
    elif _INTERPRETERS.fullmatch(program):
        yield from _of_interpreter(program, rest)
    elif any(map(_GETS_KEYS.fullmatch, rest)) or not (program in _AT_HOME or is_known(program)):
        yield program


def _of_interpreter(program: str, rest: Command) -> Iterator[str]:
    """What another interpreter than a shell runs: the code that it is given is read elsewhere."""
    if "-m" in rest[:-1]:
        module = rest[rest.index("-m") + 1]
        if module not in _MODULES:
            yield f"{program} -m {module}"
    elif not any(map(_GIVEN.fullmatch, rest)):
        yield from [word for word in rest if not word.startswith(("-", "<", ">"))][:1]
