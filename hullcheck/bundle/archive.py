"""The zip file of a bundle: equal names and contents give equal bytes.

Files are sorted and not compressed, without dates, comments and extra fields. So anyone with the contents can make the
same file again, and any changed byte shows.
"""

import io
import os
import stat
import zipfile
from collections.abc import Mapping

_DATE = (1980, 1, 1, 0, 0, 0)
_MODE = stat.S_IFREG | 0o600
MEMBERS = 25_000
"""The most files of a bundle."""
_ENTRY = b"PK\1\2"  # begins each entry of a directory
_LONGEST = 255  # bytes of a name on common file systems
_LONGEST_PATH = 1000  # bytes: below what they take together with a folder for it


class ArchiveError(Exception):
    """A file is not a zip that hullcheck wrote; the message is the reason."""


def pack(files: Mapping[str, bytes]) -> bytes:
    """Return a zip with these *files*."""
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(files):
            entry = zipfile.ZipInfo(name, _DATE)
            entry.create_system = 3  # modes are those of Unix
            entry.external_attr = _MODE << 16
            archive.writestr(entry, files[name])
    return whole.getvalue()


def unpack(whole: bytes) -> list[tuple[str, bytes]]:
    """Return the entries of a zip, in the order of its directory, or raise ArchiveError."""
    if whole.count(_ENTRY) > MEMBERS:  # before zipfile reads each
        raise ArchiveError(f"more than {MEMBERS:,} files, which no bundle has")
    try:
        with zipfile.ZipFile(io.BytesIO(whole)) as archive:
            entries = archive.infolist()
            if sum(each.file_size for each in entries) > len(whole):
                raise ArchiveError("damaged: its entries claim to be larger than it is")
            return [(each.filename, archive.read(each)) for each in entries]
    except ArchiveError:
        raise
    except Exception as error:  # zipfile does not document what it raises
        raise ArchiveError(f"not a zip file, or a damaged one ({type(error).__name__}: {error})") from None


def unsafe(name: str) -> bool:
    """Return whether *name* could lead out of the folder of an unpacked bundle, or cannot be shown or stored."""
    parts = name.split("/")
    if len(os.fsencode(name)) > _LONGEST_PATH or max(len(os.fsencode(each)) for each in parts) > _LONGEST:
        return True
    return "\\" in name or not name.isprintable() or bool({"", ".", ".."} & set(parts))
