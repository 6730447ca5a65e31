"""What a made voice is held against: the person it was enrolled from, clean speech, and the words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from pathlib import Path

import numpy as np

from avsynth.audio.resample import resample
from avsynth.core.errors import InputError
from avsynth.core.media import Waveform
from avsynth.core.report import Check
from avsynth.core.script import Script, Utterance
from avsynth.core.span import Span
from avsynth.core.speech import PhonemeSpan, PhonemeTimeline, Speech, VoiceProfile
from avsynth.media.probe import probe, require_video
from avsynth.media.read import read_audio
from avsynth.metrics import mos
from avsynth.metrics.clicks import clicks
from avsynth.metrics.timing import timeline_error
from avsynth.metrics.words import recognizers, total, word_errors
from avsynth.models.hub import is_present
from avsynth.pipeline.lines import SpokenLine
from avsynth.pipeline.measures import TOLD
from avsynth.voice.align import align_phonemes
from avsynth.voice.base import ENCODERS
from avsynth.voice.profile import load_profile

LEAST_SECONDS = 1.6  # of speech: what speaker encoders were trained on
_RATE = 16_000
_LONGEST_SECONDS = 60  # of one person's speech that is measured
_SILENT = 1e-4
_PAUSE = Fraction(3, 10)  # between two phonemes, at which what is said is cut to be listened to piece by piece
_AROUND = Fraction(1, 20)  # what is heard before and after such a piece


def of_lines(lines: Sequence[SpokenLine], voices: Mapping[str, Path], *, notes: list[str]) -> Iterator[Check]:
    """Measure the lines of a dub before they are mixed.

    Args:
        lines: As they were spoken.
        voices: Profile of every speaker.
        notes: Told what was not measured.
    """
    for speaker, profile in voices.items():
        theirs = [item for item in lines if item.line.speaker == speaker]
        yield from _like(_joined(item.speech().waveform for item in theirs), load_profile(profile), notes=notes)
        yield from _sound((item.speech() for item in theirs), where=f"speaker {speaker}")


def of_film(
    sound: Path, *, film: Path, script: Script | None, voices: Mapping[str, Path], notes: list[str]
) -> Iterator[Check]:
    """Measure the voices of a finished film.

    Args:
        sound: Its sound, or a file with it.
        film: The picture.
        script: Its lines; without, whatever is heard is taken for the voice of the only profile.
        voices: Profiles by speaker.
        notes: Told what was not measured.

    Raises:
        InputError: Several profiles without a script, or one of somebody who has no line.
    """
    if script is None and len(voices) > 1:
        raise InputError("several --voice need a --script that says who speaks when")
    video = require_video(probe(film))
    end = video.duration
    for name, profile in voices.items():
        if script is None:
            first = Span(Fraction(0), min(end, Fraction(_LONGEST_SECONDS)))  # a feature film would not fit in memory
            heard = read_audio(sound, sample_rate=_RATE, span=first)
        else:
            heard = _joined(_heard(sound, line, end) for line in _lines_of(name, script))
        yield from _like(heard, load_profile(profile), notes=notes)
    if script is not None:
        yield from _words(sound, script, end)


def on_time(sound: Path, *, said: Mapping[str, PhonemeTimeline], notes: list[str]) -> Iterator[Check]:
    """Measure how far the phonemes of a finished film are heard from where they should be.

    Args:
        sound: The film, or a file with its sound.
        said: Timelines of the film by speaker.
        notes: Told what was not measured.
    """
    for speaker, timeline in said.items():
        where = f"speaker {speaker}"
        truth: list[PhonemeSpan] = []
        found: list[PhonemeSpan] = []
        for piece in _pieces(timeline):
            first, last = max(piece[0].span.start - _AROUND, Fraction(0)), piece[-1].span.end + _AROUND
            heard = read_audio(sound, sample_rate=_RATE, span=Span(first, last))
            try:
                aligned = align_phonemes(heard, symbols=[phoneme.symbol for phoneme in piece])
            except InputError:  # silence, or something that cannot be this
                continue
            truth += piece
            found += aligned.place(first, first + aligned.duration).phonemes
        if not truth:
            notes.append(f"{where}: phonemes were not looked for, nothing of what should be said is heard")
            continue
        missing = len(timeline) - len(truth)
        if missing:
            notes.append(f"{where}: {missing} of {len(timeline)} phonemes were not looked for, they cannot be heard")
        off = timeline_error(_row(found), truth=_row(truth))
        yield Check("phonemes_off", off.median_seconds, TOLD, True, "s", where)


def _pieces(timeline: PhonemeTimeline) -> Iterator[list[PhonemeSpan]]:
    """What is said, cut where it pauses."""
    piece: list[PhonemeSpan] = []
    for phoneme in timeline:
        if piece and phoneme.span.start - piece[-1].span.end >= _PAUSE:
            yield piece
            piece = []
        piece.append(phoneme)
    if piece:
        yield piece


def _row(phonemes: Sequence[PhonemeSpan]) -> PhonemeTimeline:
    return PhonemeTimeline(tuple(phonemes), phonemes[-1].span.end)


def _lines_of(speaker: str, script: Script) -> list[Utterance]:
    theirs = [line for line in script.utterances if line.speaker in (speaker, "")]
    if not theirs:
        known = ", ".join(script.speakers)
        raise InputError(f"{speaker!r} says nothing in this script; its speakers are: {known}")
    return theirs


def _heard(sound: Path, line: Utterance, end: Fraction) -> Waveform:
    heard = read_audio(sound, sample_rate=_RATE, span=line.span)
    return Waveform(heard.samples[:, : max(1, round((end - line.span.start) * _RATE))], _RATE)


def _joined(parts: Iterator[Waveform]) -> Waveform:
    """Speech of one person in one channel, up to a minute of it."""
    rows = [np.zeros(0, np.float32)]
    for part in parts:
        rows.append(resample(Waveform(part.mono()[None], part.sample_rate), _RATE).samples[0])
        if sum(map(len, rows)) > _LONGEST_SECONDS * _RATE:
            break
    return Waveform(np.concatenate(rows)[None, : _LONGEST_SECONDS * _RATE], _RATE)


def _like(speech: Waveform, profile: VoiceProfile, *, notes: list[str]) -> Iterator[Check]:
    """How like the enrolled voice it is, and how clean."""
    where = f"speaker {profile.speaker}"
    if speech.duration < LEAST_SECONDS or np.abs(speech.samples).max(initial=0) < _SILENT:
        notes.append(f"{where}: the voice was not measured, {LEAST_SECONDS:g} s of speech are needed")
        return
    encoder = ENCODERS.get(profile.encoder)()
    cosine = float(encoder.embed(speech) @ profile.embedding)
    yield Check("voice_similarity", cosine, f"{TOLD}; cosine of {profile.encoder}", True, "", where)
    if not is_present(mos.CARD):
        notes.append(f"{where}: how clean the voice is was not measured; run: avsynth models fetch {mos.CARD}")
        return
    yield Check("speech_quality", mos.speech_quality(speech).overall, f"{TOLD}; DNSMOS, 1 to 5", True, "", where)


def _sound(lines: Iterator[Speech], *, where: str) -> Iterator[Check]:
    """How often one person's lines click, and how far their phonemes are heard from where the mouth says them."""
    found, minutes, off = 0, 0.0, []
    for speech in lines:
        found += len(clicks(speech.waveform))
        minutes += float(speech.waveform.duration) / 60
        try:
            heard = align_phonemes(speech.waveform, symbols=[phoneme.symbol for phoneme in speech.timeline])
        except InputError:  # nothing in it that could be found
            continue
        off.append(timeline_error(heard, truth=speech.timeline).median_seconds)
    if minutes:
        yield Check("clicks", found / minutes, TOLD, True, "a minute", where)
    if off:
        yield Check("phonemes_off", float(np.median(off)), TOLD, True, "s", where)


def _words(sound: Path, script: Script, end: Fraction) -> Iterator[Check]:
    """How many words a recognizer hears otherwise, where one is installed."""
    for name, recognizer in recognizers()[0].items():
        lines = [line for line in script.utterances if recognizer.understands(line.language)]
        found = total(
            word_errors(
                line.text,
                heard=recognizer.transcribe(_heard(sound, line, end), language=line.language),
                language=line.language,
            )
            for line in lines
        )
        if found.words:
            yield Check("wrong_words", found.rate, TOLD, True, f"of {found.words} words", name)
