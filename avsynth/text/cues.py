"""SubRip and WebVTT cut into cues, strictly: a cue that a lenient reader would drop or repair is an error.

Subtitle libraries are made for display, where guessing is kind. In a dub a guess is spoken aloud: one of them reads
WebVTT comments as part of the line before, drops a last line that is a number, and clips impossible times.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from avsynth.core.errors import ScriptError
from avsynth.core.span import Seconds, Span, seconds

_SRT_TIME = re.compile(r"\d{1,3}:[0-5]\d:[0-5]\d[,.]\d{3}")
_VTT_TIME = re.compile(r"(?:\d{2,}:)?[0-5]\d:[0-5]\d\.\d{3}")
_SRT_FORM, _VTT_FORM = "00:01:02,500 --> 00:01:04,000", "00:01:02.500 --> 00:01:04.000"
_ARROW = "-->"
_COMMENTS = ("NOTE", "STYLE", "REGION")


@dataclass(frozen=True)
class Cue:
    """One block of a subtitle file.

    Attributes:
        id: What the file calls it; its number among the cues where the file has no name for it.
        where: File and line, to begin an error with.
        span: When it shows.
        payload: Its lines as they stand in the file, tags included.
    """

    id: str
    where: str
    span: Span
    payload: tuple[str, ...]


Reader = Callable[[str, str], Iterator[Cue]]


def read_srt(text: str, name: str) -> Iterator[Cue]:
    r"""Cut SubRip into cues.

    Args:
        text: The file's text.
        name: The file's name, for errors.

    Raises:
        ScriptError: A time that is none, a cue that ends before it starts, or text outside a cue.

    Example:
        >>> [cue] = read_srt("1\n00:00:01,000 --> 00:00:02,500\nHola\n", "a.srt")
        >>> cue.span.end, cue.payload
        (Fraction(5, 2), ('Hola',))
    """
    for index, (number, block) in enumerate(_blocks(text, first=1), start=1):
        yield _cue(block, number=number, index=index, name=name, time=_SRT_TIME, form=_SRT_FORM)


def read_vtt(text: str, name: str) -> Iterator[Cue]:
    """Cut WebVTT into cues; comments, styles and regions are left out.

    Args:
        text: The file's text.
        name: The file's name, for errors.

    Raises:
        ScriptError: As ``read_srt``, or the file does not begin with ``WEBVTT``.
    """
    blocks = list(_blocks(text, first=1))
    if not blocks or not re.match(r"WEBVTT(?:[ \t]|$)", blocks[0][1][0]) or blocks[0][0] != 1:
        raise ScriptError(f"{name}:1: a WebVTT file begins with the line 'WEBVTT'; add it, or name the file .srt")
    if any(_ARROW in line for line in blocks[0][1]):
        raise ScriptError(f"{name}:1: a cue follows 'WEBVTT' directly; put an empty line between them")
    cues = ((n, block) for n, block in blocks[1:] if not re.match(rf"(?:{'|'.join(_COMMENTS)})(?:\s|$)", block[0]))
    for index, (number, block) in enumerate(cues, start=1):
        yield _cue(block, number=number, index=index, name=name, time=_VTT_TIME, form=_VTT_FORM)


READERS: dict[str, Reader] = {".srt": read_srt, ".vtt": read_vtt}


def _blocks(text: str, *, first: int) -> Iterator[tuple[int, list[str]]]:
    """Runs of lines that are not empty, each with the number of its first line."""
    block: list[str] = []
    lines = re.split(r"\r\n|\r|\n", text)
    for number, line in enumerate([*lines, ""], start=first):
        if line.strip():
            block.append(line)
        elif block:
            yield number - len(block), block
            block = []


def _cue(block: list[str], *, number: int, index: int, name: str, time: re.Pattern[str], form: str) -> Cue:
    at = next((i for i, line in enumerate(block) if _ARROW in line), None)
    if at is None:
        raise ScriptError(
            f"{name}:{number}: text without a time: {block[0].strip()!r}; give it a line like '{form}', or delete "
            "the empty line above it"
        )
    if at > 1:
        raise ScriptError(f"{name}:{number + at}: a time in the middle of a text; put an empty line between cues")
    where = f"{name}:{number + at}"
    second = next((i for i, line in enumerate(block[at + 1 :], start=at + 1) if _ARROW in line), None)
    if second is not None:
        raise ScriptError(f"{name}:{number + second}: two times in one cue; put an empty line between cues")
    start, end = _times(block[at], where=where, time=time, form=form)
    if end <= start:
        raise ScriptError(f"{where}: the line ends at {float(end)} s, not after its start at {float(start)} s")
    id_ = block[0].strip() if at == 1 else str(index)
    return Cue(id_, where, Span(start, end), tuple(block[at + 1 :]))


def _times(line: str, *, where: str, time: re.Pattern[str], form: str) -> tuple[Seconds, Seconds]:
    before, _, after = line.partition(_ARROW)
    start = before.strip()
    end = (after.split() or [""])[0]  # what follows the end is where on the picture the text shows
    for value in (start, end):
        if value.startswith(("-", "−")):
            raise ScriptError(f"{where}: the time {value} lies before the film; it must not be negative")
        if not time.fullmatch(value):
            raise ScriptError(f"{where}: no time: {value!r}; write it like '{form}'")
    return seconds(start), seconds(end)
