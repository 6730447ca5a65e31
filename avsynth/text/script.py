"""Dubbing scripts from subtitle files: who says what and when, exact and strict."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass
from pathlib import Path

from avsynth.core.errors import InputError, ScriptError
from avsynth.core.files import read_text
from avsynth.core.script import Script, Utterance
from avsynth.core.span import Seconds
from avsynth.text.cues import READERS, Cue
from avsynth.text.espeak import find_voice
from avsynth.text.normalize import normalize, without_directions

_VOICE = re.compile(r"<v(?:\.[^\s>]*)?[ \t]+([^>]+)>")
_READING = re.compile(r"<rt\b[^>]*>.*?(?:</rt>|$)")  # furigana: the same words again
_TAG = re.compile(r"</?[A-Za-z][^<>]*>|<[\d:.]+>|\{[\\=][^{}]*\}")
_BRACKETED = re.compile(r"\[\s*([^\[\]:]{1,60}?)\s*\]:?\s*(?=\S)")
_CAPITALS = re.compile(r"([^\W_][\w .'’-]{0,38}[\w.])\s*:\s+(?=\S)")
_TURN = re.compile(r"\A\s*[-–—](?!\d)\s*(?=\S)")  # but "-5" is a number
_UNSPACED = ("ja", "th", "yue", "zh", "cmn")


def read_script(
    path: Path, *, language: str, film_duration: Seconds | None = None, default_speaker: str = ""
) -> Script:
    """Read the lines to dub from an ``.srt`` or ``.vtt`` file.

    Who speaks is, in this order: WebVTT's ``<v Name>``; a name in square brackets that begins the text,
    ``[Name] text``; a name in capitals and a colon that begin it, ``NAME: text``; else ``default_speaker``.
    ``Name: text`` in small letters names nobody, since people say such things. Formatting tags, music notes and
    what stands in round or square brackets is not spoken. A dash before the only turn of a cue is dropped; two
    turns in one cue are an error, since each needs its own time.

    Args:
        path: The file, in UTF-8.
        language: BCP 47 tag of what is written in it.
        film_duration: Length of the film, where known.
        default_speaker: Who says the lines that name nobody.

    Returns:
        The lines in order of time; their ids are the file's own, or the number of the cue.

    Raises:
        ScriptError: No such kind of file, no lines, an unknown language, a time that is none or lies outside the
            film, a line without words, two turns in one cue, two lines of one id, or lines of one speaker that
            overlap; the message says in which line of the file. Or the file cannot be read or is not UTF-8.
    """
    reader = READERS.get(path.suffix.lower())
    if reader is None:
        raise ScriptError(
            f"{path.name}: cannot read {path.suffix or 'a file without suffix'}; use {', '.join(READERS)}"
        )
    try:
        text = read_text(path)
        find_voice(language)
    except InputError as error:
        raise ScriptError(f"{path.name}: {error}") from None
    cues = sorted(reader(text, path.name), key=lambda cue: (cue.span.start, cue.span.end))
    if not cues:
        raise ScriptError(f"{path.name}: the script has no lines")
    lines = [_spoken(cue, language=language, default_speaker=default_speaker) for cue in cues]
    _check_times(lines, film_duration=film_duration)
    _check_ids(lines)
    return Script(tuple(line.utterance for line in lines))


@dataclass(frozen=True)
class _Line:
    where: str
    utterance: Utterance


def _spoken(cue: Cue, *, language: str, default_speaker: str) -> _Line:
    if sum(_TURN.match(_plain(line)) is not None for line in cue.payload) > 1:
        raise ScriptError(f"{cue.where}: two turns in one cue; give each turn its own time")
    joint = "" if language.lower().partition("-")[0] in _UNSPACED else " "
    raw = joint.join(line.strip() for line in cue.payload)
    voices = {" ".join(html.unescape(name).split()) for name in _VOICE.findall(raw)}
    if len(voices) > 1:
        raise ScriptError(f"{cue.where}: {' and '.join(sorted(voices))} speak in one cue; give each their own time")
    text = _TURN.sub("", normalize(_plain(raw), language=language))
    named, text = (None, text) if voices else _leading_name(text)
    speaker = next(iter(voices), named or default_speaker)
    words = without_directions(text)
    if not any(letter.isalnum() for letter in words):
        raise ScriptError(f"{cue.where}: line {cue.id} has no words to speak: {text!r}; give it words or delete it")
    return _Line(cue.where, Utterance(cue.id, cue.span, speaker, words, language))


def _plain(text: str) -> str:
    """Without formatting tags, character references resolved."""
    return html.unescape(_TAG.sub("", _READING.sub("", text)))


def _leading_name(text: str) -> tuple[str | None, str]:
    """Cut the speaker's name from the beginning, if one stands there."""
    if match := _BRACKETED.match(text):
        return match[1], text[match.end() :]
    match = _CAPITALS.match(text)
    if match and match[1].isupper() and sum(letter.isalpha() for letter in match[1]) > 1:
        return match[1], text[match.end() :]
    return None, text


def _check_times(lines: list[_Line], *, film_duration: Seconds | None) -> None:
    last: dict[str, _Line] = {}
    for line in lines:
        this = line.utterance
        if film_duration is not None and this.span.end > film_duration:
            raise ScriptError(
                f"{line.where}: line {this.id} ends at {float(this.span.end)} s, after the film's end at "
                f"{float(film_duration):.3f} s; move or shorten it"
            )
        before = last.get(this.speaker)
        if before is not None and this.span.start < before.utterance.span.end:
            whose = f"of {this.speaker!r}" if this.speaker else "without a speaker's name"
            raise ScriptError(
                f"{line.where}: line {this.id} {whose} starts at {float(this.span.start)} s, before line "
                f"{before.utterance.id} ({before.where}) ends at {float(before.utterance.span.end)} s; move one of "
                "them or name their speakers"
            )
        last[this.speaker] = line


def _check_ids(lines: list[_Line]) -> None:
    seen: dict[str, str] = {}
    for line in lines:
        if line.utterance.id in seen:
            raise ScriptError(
                f"{line.where}: line {line.utterance.id!r} has the id of {seen[line.utterance.id]}; ids must be unique"
            )
        seen[line.utterance.id] = line.where
