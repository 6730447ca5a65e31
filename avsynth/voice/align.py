"""When each phoneme of a recording sounds: known words are forced onto what the phoneme network hears."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from avsynth.audio.resample import resample
from avsynth.core.errors import InputError
from avsynth.core.media import Waveform
from avsynth.core.span import Span
from avsynth.core.speech import PhonemeSpan, PhonemeTimeline
from avsynth.models.phonemes import PHONES
from avsynth.text.articulation import features
from avsynth.text.espeak import phonemize
from avsynth.voice.content import Hearing
from avsynth.voice.melody import FRAME_RATE
from avsynth.voice.path import path_of, room_for
from avsynth.voice.phones import SILENCE, phones_of

LONGEST_SECONDS = 600  # aligned at once: the search takes memory by the square of it
_RATE = 16_000
_SILENT = 1e-4  # of full scale
_CLOSURE_FRAMES = 15  # a silence before a plosive as short as this is its closure
_GAP_FRAMES = 5  # a silence as short as this between two sounds is no pause
_SILENT_CHANCE = -0.7  # mean log chance of silence, below which a gap is no pause, whatever it is: one in two
_SHORTEST_FRAMES = 3  # of a sound that nobody said was there
_STOPS = ("plosive", "affricate")

Array = NDArray[np.float32]


def align(recording: Waveform, *, language: str, text: str | None = None) -> PhonemeTimeline:
    """Find when each phoneme sounds in a recording.

    Args:
        recording: Speech of one person.
        language: BCP 47 tag.
        text: What is said, in the order it is said. None: the phonemes are those that the network hears.

    Returns:
        A timeline as long as the recording; silences are left free. A phoneme's ``score`` is how likely the network
        finds it where it was put, 0 to 1.

    Raises:
        InputError: No words, an unknown language, a recording without speech, or one too short to hold the words.

    Source:
        Forced alignment as in Kürzinger et al., "CTC-segmentation" (2020); the search is torchaudio's.
    """
    if text is None:
        return hear_phonemes(recording)
    symbols = phonemize(text, language=language) if any(letter.isalnum() for letter in text) else ()
    symbols = tuple(symbol for symbol in symbols if phones_of(symbol))
    if not symbols:
        raise InputError("there are no words to align; give --text what the recording says")
    return align_phonemes(recording, symbols=symbols)


def align_phonemes(recording: Waveform, *, symbols: Sequence[str]) -> PhonemeTimeline:
    """Find when each of a row of IPA symbols sounds; otherwise as ``align``."""
    chances = _listen(recording)
    owners = [owner for owner, symbol in enumerate(symbols) for _ in phones_of(symbol)]
    phones = [phone for symbol in symbols for phone in phones_of(symbol)]
    if not room_for(phones, frames=len(chances)):
        raise InputError(
            f"{len(symbols)} phonemes cannot be said in {float(recording.duration):.1f} s; "
            "give the text of this recording alone"
        )
    path = path_of(chances, phones=phones)
    rows = [np.flatnonzero(path == index) for index in range(len(phones))]
    edges = []
    for owner in range(len(symbols)):
        own = np.concatenate([rows[i] for i in range(len(phones)) if owners[i] == owner])
        edges.append((int(own[0]), int(own[-1]) + 1))
    scores = [
        float(np.exp(chances[a:b, list(phones_of(symbol))].max(axis=1).mean()))
        for symbol, (a, b) in zip(symbols, edges, strict=True)
    ]
    return _timeline(
        symbols, _without_gaps(symbols, edges, silence=chances[:, SILENCE]), scores, duration=recording.duration
    )


def hear_phonemes(recording: Waveform) -> PhonemeTimeline:
    """The phonemes that the network finds most likely, and when; the words are not known.

    Raises:
        InputError: A recording without speech.
    """
    chances = _listen(recording)
    best = chances.argmax(axis=1)
    starts = np.flatnonzero(np.diff(best, prepend=-1))
    runs = zip(starts.tolist(), [*starts[1:].tolist(), len(best)], strict=True)
    kept = [(a, b) for a, b in runs if best[a] != SILENCE and b - a >= _SHORTEST_FRAMES]
    symbols = [PHONES[best[a]] for a, _ in kept]
    scores = [float(np.exp(chances[a:b, best[a]].mean())) for a, b in kept]
    return _timeline(
        symbols, _without_gaps(symbols, kept, silence=chances[:, SILENCE]), scores, duration=recording.duration
    )


def _listen(recording: Waveform) -> Array:
    """Log chance of every phone in every frame, ``(T, P)``."""
    import torch

    from avsynth.models.voice_mel import log_mel

    if np.abs(recording.samples).max(initial=0) < _SILENT:
        raise InputError("the recording holds no speech; give the dub's voice track")
    if recording.duration > LONGEST_SECONDS:
        raise InputError(
            f"a recording of {float(recording.duration):.0f} s is too long to align at once ({LONGEST_SECONDS} s); "
            "cut it between sentences"
        )
    mono = resample(Waveform(recording.mono()[None], recording.sample_rate), _RATE).samples
    logits = Hearing.load().logits(log_mel(torch.from_numpy(np.ascontiguousarray(mono)))[0])
    chances: Array = torch.log_softmax(logits, dim=0).T.numpy()
    return chances


def _without_gaps(symbols: Sequence[str], edges: Sequence[tuple[int, int]], *, silence: Array) -> list[tuple[int, int]]:
    """The same sounds, with what is no pause given to those beside it: closures, and where it is not silent at all."""
    found = list(edges)
    for index in range(1, len(found)):
        (start, end), (after, last) = found[index - 1], found[index]
        gap = after - end
        if 0 < gap <= _CLOSURE_FRAMES and features(symbols[index]).manner in _STOPS:
            found[index] = (end, last)
        elif gap > 0 and (gap <= _GAP_FRAMES or float(silence[end:after].mean()) < _SILENT_CHANCE):
            found[index - 1], found[index] = (start, end + gap // 2), (end + gap // 2, last)
    return found


def _timeline(
    symbols: Sequence[str], edges: Sequence[tuple[int, int]], scores: Sequence[float], *, duration: Fraction
) -> PhonemeTimeline:
    """Frame ``i`` is around ``i / FRAME_RATE`` seconds, half a frame to either side."""
    phonemes = []
    for symbol, (first, end), score in zip(symbols, edges, scores, strict=True):
        start, stop = (max(Fraction(2 * frame - 1, 2 * FRAME_RATE), Fraction(0)) for frame in (first, end))
        stop = min(stop, duration)
        if start < stop:
            phonemes.append(PhonemeSpan(symbol, Span(start, stop), score))
    return PhonemeTimeline(tuple(phonemes), duration)
