"""When each phoneme of a recording sounds: known words are found by warping synthetic speech onto the recording."""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from avsynth.audio.resample import resample
from avsynth.core.errors import InputError
from avsynth.core.media import Waveform
from avsynth.core.span import Span
from avsynth.core.speech import PhonemeSpan, PhonemeTimeline
from avsynth.text.espeak import EspeakSpeech, speak

_RATE = 16_000
_HOP = 160  # 10 ms, the step of the finest timing
_COARSE = 8  # hops a step of the first, whole-recording pass
_MARGIN_SECONDS = 0.6  # how far around its coarse place a sentence is searched
_SILENCE_DB = -38.0  # below the loud parts of the recording
_NOISE_SHARE = 0.3  # of the way from the recording's noise to its loud parts, in dB: below, it is silent too
_FLOOR_DB = -45.0  # below the loud parts, a band: what is fainter than this is not told from silence
_LONGEST_PAUSE = 0.2
_CEPSTRA = 13


@dataclass(frozen=True)
class _Features:
    """``values (T, D)``, one row a hop, and which rows hold speech ``(T,)``."""

    values: NDArray[np.float32]
    loud: NDArray[np.bool_]


def align(recording: Waveform, *, text: str, language: str) -> PhonemeTimeline:
    """Find when each phoneme of known words sounds in a recording.

    The words are spoken by espeak-ng, whose phoneme times are known; its speech is warped onto the recording by
    dynamic time warping over normalized cepstra, first the whole coarsely, then sentence by sentence finely.

    Args:
        recording: Speech of one person.
        text: What is said in it, in the order it is said.
        language: BCP 47 tag.

    Returns:
        A timeline as long as the recording. Where the recording is silent there are no phonemes.

    Raises:
        InputError: No text, an unknown language, or a recording without speech.

    Source:
        Sakoe and Chiba (1978); the use of a synthesizer as the template follows Malfrere and Dutoit (1997).
    """
    sentences = _sentences(text)
    if not sentences:
        raise InputError("there are no words to align; give --text what the recording says")
    heard = _features(recording)
    if np.abs(recording.samples).max(initial=0) < 1e-4:
        raise InputError("the recording holds no speech; give the dub's voice track")
    spoken = [speak(sentence, language=language) for sentence in sentences]
    templates = [_features(item.waveform) for item in spoken]
    phonemes: list[PhonemeSpan] = []
    edge = Fraction(0)
    for item, template, (first, last) in zip(spoken, templates, _places(templates, heard), strict=True):
        for phoneme in _fine(item, template, heard, first, last):
            start, end = max(phoneme.span.start, edge), min(phoneme.span.end, recording.duration)
            if start < end:
                phonemes.append(PhonemeSpan(phoneme.symbol, Span(start, end), phoneme.score))
                edge = end
    return PhonemeTimeline(tuple(phonemes), recording.duration)


def _sentences(text: str) -> list[str]:
    parts = re.split(r"(?<=[.!?;:。！？])\s+|\n+", text.strip())
    return [part for part in parts if any(letter.isalnum() for letter in part)]


def _features(sound: Waveform) -> _Features:
    import torch
    from torchaudio.functional import create_dct
    from torchaudio.transforms import MelSpectrogram

    mono = resample(Waveform(sound.mono()[None], sound.sample_rate), _RATE).samples[0]
    mono = np.pad(mono, (0, max(0, 1024 - len(mono))))
    spectrum = MelSpectrogram(_RATE, n_fft=512, hop_length=_HOP, n_mels=40, f_max=7600)
    mel = spectrum(torch.from_numpy(mono))
    level = (10 * torch.log10(mel.sum(dim=0) + 1e-10)).numpy()
    noise, top = np.percentile(level, (10, 95))
    loud = level > max(top + _SILENCE_DB, noise + _NOISE_SHARE * (top - noise))
    floor = 10 ** ((top + _FLOOR_DB) / 10) / len(mel)
    cepstra = (torch.log(mel + floor + 1e-8).T @ create_dct(_CEPSTRA, 40, norm="ortho")).numpy()
    anchor = cepstra[loud] if loud.any() else cepstra
    cepstra = (cepstra - anchor.mean(axis=0)) / (anchor.std(axis=0) + 1e-6)
    values = np.concatenate([cepstra, np.gradient(cepstra, axis=0)], axis=1)
    return _Features(values.astype(np.float32), loud)


def _places(templates: list[_Features], heard: _Features) -> list[tuple[int, int]]:
    """Rows of the recording each sentence is searched in, from a coarse path through the whole."""
    joined = np.concatenate([t.values for t in templates])
    path = _path(_thin(joined), _thin(heard.values)) * _COARSE
    bounds = np.cumsum([0] + [len(t.values) for t in templates]) // _COARSE
    margin = round(_MARGIN_SECONDS * _RATE / _HOP)
    places = []
    for first, last in itertools.pairwise(bounds):
        rows = path[max(int(first), 0) : max(int(last), int(first) + 1)]
        begin = 0 if first == 0 else max(int(rows[0]) - margin, 0)
        end = len(heard.values) if last == bounds[-1] else min(int(rows[-1]) + margin, len(heard.values))
        places.append((begin, max(end, begin + 2)))
    return places


def _thin(values: NDArray[np.float32]) -> NDArray[np.float32]:
    count = max(len(values) // _COARSE, 1)
    padded = values[: count * _COARSE] if len(values) >= _COARSE else np.repeat(values[:1], _COARSE, axis=0)
    thin: NDArray[np.float32] = padded.reshape(count, _COARSE, -1).mean(axis=1)
    return thin


def _path(template: NDArray[np.float32], heard: NDArray[np.float32]) -> NDArray[np.int64]:
    """For each row of the template, the middle row of the recording it was matched to, never falling."""
    from librosa.sequence import dtw

    steps = np.array([[1, 1], [0, 1], [1, 0]])
    _, pairs = dtw(template.T, heard.T, subseq=True, step_sizes_sigma=steps, weights_mul=np.array([1.0, 1.2, 1.2]))
    pairs = pairs[::-1]
    total = np.zeros(len(template))
    count = np.zeros(len(template))
    np.add.at(total, pairs[:, 0], pairs[:, 1])
    np.add.at(count, pairs[:, 0], 1)
    return np.maximum.accumulate((total / np.maximum(count, 1)).astype(np.int64))


def _fine(item: EspeakSpeech, template: _Features, heard: _Features, first: int, last: int) -> list[PhonemeSpan]:
    """The sentence's phonemes at their times in the recording, cut where the recording is silent."""
    path = _path(template.values, heard.values[first:last]) + first
    hop = Fraction(_HOP, _RATE)
    grid = np.arange(len(path))
    found: list[PhonemeSpan] = []
    for phoneme in item.phonemes:
        edges = [float(t / hop) for t in (phoneme.span.start, phoneme.span.end)]
        begin, end = (round(float(np.interp(edge, grid, path))) for edge in edges)
        begin, end = _audible(heard.loud, begin, max(end, begin + 1))
        if found:
            begin = max(begin, int(found[-1].span.end / hop))
        if begin < end:
            found.append(PhonemeSpan(phoneme.symbol, Span(begin * hop, end * hop), 0.5))
    return found


def _audible(loud: NDArray[np.bool_], begin: int, end: int) -> tuple[int, int]:
    """Take long silences off both ends of a phoneme; a stop's closure is shorter and stays."""
    pause = round(_LONGEST_PAUSE * _RATE / _HOP)
    rows = np.flatnonzero(loud[begin:end])
    if end - begin <= pause or not len(rows):
        return begin, end
    return begin + int(rows[0]), begin + int(rows[-1]) + 1
