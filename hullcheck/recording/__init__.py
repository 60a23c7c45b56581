"""Recordings: the answers of a target, as evidence."""

import errno
import json
import os
import sys
import zlib
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Self

import msgspec
from msgspec import Struct, field
from msgspec.structs import asdict, replace

from hullcheck import inputs, private_files
from hullcheck.lazy import regex
from hullcheck.parsing.times import CLOCK_SLACK, DAY, Times
from hullcheck.recording.probe import TIMED_OUT, UNREADABLE, Answer, Probe
from hullcheck.recording.script import MAGIC, ProbeOutputError, parse
from hullcheck.secrets import redact
from hullcheck.secrets.known import without_known
from hullcheck.secrets.private_keys import CUT
from hullcheck.verdicts import EvidenceError

SCHEMA = "hullcheck/recording/3"
FILE_NAME = "recording.json"
PACKED = f"{FILE_NAME}.gz"  # its name in a bundle
CLOCK = "host"  # the name of the probe that asks for the time
LARGEST = 256 * inputs.MIB
"""The most bytes of one, unpacked: of 5,000 containers it has 7 MiB, of 10,000 images some 100."""
_VALUES = 100_000  # the most in its document, whose answers are texts
_GZIP = b"\x1f\x8b"
PACKED_HEAD = _GZIP + b"\x08\0\0\0\0\0\x02\xff"
"""Begins what is packed here, without a name and a time. How gzip goes on differs between its releases."""
_CLOCK_LINE = regex(r"--clock\n([0-9]{1,12})\n")
_HEAD = 4096  # how far into an output its first line may be, after what a login said

_LATEST = 32_503_680_000  # the year 3000, in seconds since the epoch: a clock that says more says nothing
_UNITS = ((DAY, "d"), (3600, "h"), (60, "min"))
_Time = Annotated[float, msgspec.Meta(ge=0, le=_LATEST)]


class RecordingError(Exception):
    """A file is not a recording, or cannot be read."""


class Recording(Struct, frozen=True, forbid_unknown_fields=True):
    """The answers of one target. Times are in seconds since the epoch, or 0 if unknown."""

    target: str
    backend: str  # of testinfra, that reached it
    answers: Mapping[str, Answer] = field(default_factory=dict)  # by probe name
    commands: Mapping[str, str] = field(default_factory=dict)  # the scripts that were asked, by probe name
    gathered: _Time = 0.0  # by the clock of the target, or by the auditor's if it has none
    failure: str = ""  # why nothing was gathered
    host_key: str = ""  # fingerprint of the key that the SSH server proved to have, or `unknown`; empty without one
    asked: _Time = 0.0  # by the auditor's clock, just before the target was asked; unknown of what was carried here

    @property
    def now(self) -> float:
        """The time of judging ages, by the target's clock, or EvidenceError."""
        if not self.gathered:
            raise EvidenceError("the recording has no time")
        return self.gathered

    @property
    def times(self) -> Times:
        """The time of gathering by both clocks, for dates that the target has not set."""
        known = [each for each in (self.gathered, self.asked) if each] or [0.0]
        return Times(min(known), max(known))

    @property
    def known_times(self) -> Times:
        """The same as `times`, or EvidenceError if unknown."""
        _ = self.now
        return self.times

    @property
    def clock_note(self) -> str:
        """A note on a wrong clock of the target, or an empty string."""
        clock = _time_of(self.answers)
        if self.failure or (self.gathered and not self.asked):
            return ""
        if not clock:
            judged = ", and is judged by the auditor's clock" if self.asked else ": what depends on a date is an error"
            return f"it gave no time{judged}"
        if abs(clock - self.asked) <= CLOCK_SLACK:
            return ""
        way = "behind" if clock < self.asked else "ahead of"
        skew = f"{_span(abs(clock - self.asked))} {way} the auditor's"
        return f"its clock is {skew}; expiry dates are checked against the later clock"

    def not_older(self, most: float, than: float) -> "Recording":
        """Return this recording if at most *most* seconds older than *than*, or *most* is 0; else a failed one."""
        when = self.asked or self.gathered
        if not most or self.failure or (when and than - most <= when <= than + DAY):
            return self
        if not when:
            why = "its recording has no time"
        elif when > than:
            why = "its recording is of a time to come"
        else:
            why = f"its recording is {_span(than - when)} old"
        return replace(self, failure=f"{why}, and --max-age allows {_span(most)}")

    def answer(self, probe: Probe) -> Answer:
        """Return the answer to *probe* with any exit status, or raise EvidenceError if incomplete."""
        if self.failure:
            raise EvidenceError(self.failure)
        answer = self.answers.get(probe.name)
        if answer is None:
            raise EvidenceError(f"the recording has no answer to the probe {probe.name}")
        if answer.status == TIMED_OUT:
            why = f" ({answer.stderr})" if answer.stderr.startswith("not asked: ") else ""
            raise EvidenceError(f"the probe {probe.name} did not answer in time{why}; --probe-timeout gives it more")
        if answer.status == UNREADABLE:
            raise EvidenceError(f"{probe.name}: {answer.stderr}")
        if f"\n{CUT}\n" in f"\n{answer.stdout}\n":
            raise EvidenceError(f"the answer to {probe.name} had lines of a private key, which were dropped")
        return answer

    def text(self, probe: Probe) -> str:
        """Return the output of *probe*, or raise EvidenceError if missing or failed."""
        answer = self.answer(probe)
        if answer.status != 0:
            lines = answer.stderr.strip().splitlines()
            raise EvidenceError(f"{probe.name}: {lines[0] if lines else f'exit status {answer.status}'}")
        return answer.stdout

    def sections(self, probe: Probe) -> dict[str, str]:
        """Return the sections of the output of *probe*, or raise EvidenceError."""
        try:
            text, keep = self.text(probe), probe.keep
            return keep.read(text) if isinstance(keep, redact.InSections) else redact.sections(text)
        except ValueError as error:
            raise EvidenceError(f"{probe.name}: {error}") from None

    def sections_in_time(self, probe: Probe) -> dict[str, str]:
        """Return the sections of *probe*, only the complete ones if its time ran out."""
        answer = self.answers.get(probe.name)
        if answer is not None and answer.status == TIMED_OUT:
            with suppress(ValueError):
                return redact.sections(answer.stdout, whole=False)
        return self.sections(probe)

    def section(self, probe: Probe, name: str) -> str:
        """Return one section of the output of *probe*, or raise EvidenceError."""
        found = self.sections(probe)
        if name not in found:
            raise EvidenceError(f"{probe.name}: the answer has no part {name}")
        return found[name]

    @property
    def text_of_file(self) -> str:
        """The text of the recording's file."""
        document = {"schema": SCHEMA, **asdict(self), "answers": list(map(asdict, self.answers.values()))}
        return json.dumps(document, indent=1) + "\n"

    def save(self, folder: Path) -> Path:
        """Write the recording to *folder*, readable by its owner alone, and return its path, or raise OSError."""
        private_files.make_folder(folder)
        path = folder / FILE_NAME
        content = self.text_of_file.encode("ascii")
        if len(content) > LARGEST:  # it could not be read again
            most = f"{LARGEST // inputs.MIB} MiB"
            raise OSError(errno.EFBIG, f"larger than a recording may be, {most}", str(path))
        private_files.write(path, content)
        return path

    @classmethod
    def load(cls, path: Path, probes: tuple[Probe, ...]) -> Self:
        """Read a recording's folder or file, or a script's output, which is redacted; or raise RecordingError."""
        path = _file(path)
        try:
            text = unpacked(inputs.read(path, LARGEST)).decode("utf-8", "surrogateescape")
        except OSError as error:
            raise RecordingError(f"{path}: {error.strerror or error}") from None
        except ValueError as error:
            raise RecordingError(f"{path}: {error}") from None
        if not text.strip():
            raise RecordingError(f"{path}: empty: whatever asked this host brought no answer")
        if MAGIC in text[:_HEAD] and not text.lstrip().startswith("{"):
            return cls.from_output(text, probes, target=path.stem, backend="script")
        return cls.from_document(text, path)

    @classmethod
    def from_document(cls, text: str, path: Path) -> Self:
        """Return the recording of *text*, the file *path*, or raise RecordingError."""
        other = f"{path}: neither a recording ({SCHEMA}) nor the output of `hullcheck probe-script`, or damaged"
        try:
            document = inputs.decode(text, _VALUES)
            if not isinstance(document, dict) or document.pop("schema", "") != SCHEMA:
                raise RecordingError(other)
            answers = {each["name"]: each for each in document["answers"]}
            if len(answers) < len(document["answers"]):
                raise ValueError("has two answers to a probe")
            read = msgspec.convert({**document, "answers": answers}, cls)
        except json.JSONDecodeError:
            raise RecordingError(other) from None
        except msgspec.ValidationError as error:
            raise RecordingError(f"{path}: damaged: {error}; gather again") from None
        except ValueError as error:
            raise RecordingError(f"{path}: damaged: it {error}; gather again") from None
        except (KeyError, TypeError):
            raise RecordingError(f"{path}: damaged: it has no list of answers with names; gather again") from None
        # the hosts of a fleet were asked the same
        return replace(read, commands={name: sys.intern(each) for name, each in read.commands.items()})

    @classmethod
    def from_output(
        cls,
        output: str | bytes,
        probes: tuple[Probe, ...],
        *,
        target: str,
        backend: str,
        asked: float = 0.0,
        cut_off: bool = False,
    ) -> Self:
        """Return the recording of a script's output, redacted; *failure* is set if that is damaged.

        *asked* is 0 for output that was carried here. *cut_off* output lacks the answers that came too late.
        """
        commands = {probe.name: probe.command for probe in probes}
        try:
            answers = parse(output, cut_off=cut_off, most={each.name: each.most for each in probes})
        except ProbeOutputError as error:
            return cls(target, backend, {}, commands, asked, str(error), asked=asked)
        kept = {probe.name: _redacted(answers[probe.name], probe) for probe in probes if probe.name in answers}
        clock = _time_of(kept)
        if cut_off:
            late = {each.name: Answer(each.name, TIMED_OUT, "", "no answer in time") for each in probes}
            kept = late | kept
        return cls(target, backend, kept, commands, clock or asked, asked=asked)


def why_not_a_recording(path: Path) -> str:
    """Return why *path* is not meant as a recording, or an empty string if it is."""
    if not os.path.exists(path):
        return "there is no such file or folder"
    file = _file(path)
    if not os.path.exists(file):
        return f"there is no {FILE_NAME} in this folder"
    if not file.is_file():
        return "this is no recording, but a pipe or a device"
    if not os.access(file, os.R_OK):
        return ""
    with file.open("rb") as opened:
        head = opened.read(_HEAD)
    meant = not head or MAGIC.encode() in head or head.lstrip().startswith((b"{", _GZIP))
    return "" if meant else "this is no recording"


def _file(path: Path) -> Path:
    """Return the file at *path*, or the one in a folder."""
    if not path.is_dir():
        return path
    return path / PACKED if not (path / FILE_NAME).exists() and (path / PACKED).exists() else path / FILE_NAME


def _time_of(answers: Mapping[str, Answer]) -> float:
    """Return the time of the target's clock in seconds since the epoch, or 0."""
    found = _CLOCK_LINE.match(answers[CLOCK].stdout) if CLOCK in answers else None
    seconds = float(found[1]) if found else 0.0
    return seconds if seconds <= _LATEST else 0.0


def _redacted(answer: Answer, probe: Probe) -> Answer:
    try:
        kept = without_known(probe.keep(answer.stdout))
    except Exception:  # what is not understood may be a secret
        return Answer(answer.name, UNREADABLE, "", "the answer is not what was asked for, and was dropped")
    return Answer(answer.name, answer.status, kept, without_known(answer.stderr))


def _span(seconds: float) -> str:
    """Return *seconds* in the two largest units that they fill."""
    parts = []
    for unit, name in _UNITS:
        number, seconds = divmod(seconds, unit)
        parts += [f"{number:.0f} {name}"] * bool(number)
    return " ".join(parts[:2])


def packed(content: bytes) -> bytes:
    """Return *content* in gzip, without name and time."""
    return PACKED_HEAD + zlib.compress(content, 9, wbits=16 + zlib.MAX_WBITS)[len(PACKED_HEAD) :]


def unpacked(content: bytes) -> bytes:
    """Return *content*, unpacked if it is gzip, or raise ValueError if that is damaged or too large."""
    if not content.startswith(_GZIP):
        return content
    inflate = zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)
    try:
        plain = inflate.decompress(content, LARGEST)
    except zlib.error:
        raise ValueError("damaged: it cannot be unpacked") from None
    if not inflate.eof or inflate.unused_data:
        raise ValueError("damaged: it is cut off, too large, or goes on after its end")
    return plain
