"""What a finished film sounds like, a few seconds at a time: marked lines on a bed, in constant memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from avsynth.audio.loudness import limit_peaks
from avsynth.audio.mix import duck, mix
from avsynth.audio.resample import resample
from avsynth.core.media import Waveform
from avsynth.core.span import Span, ceil_fraction
from avsynth.media.read import read_audio

BLOCK_SECONDS = 10
DUCK_DB = -24.0  # the original voice stays audible as a whisper of the room, not as words

Marker = Callable[[Waveform], Waveform]


@dataclass(frozen=True)
class SoundLine:
    """A spoken line in its place.

    Attributes:
        start: First sample in the film.
        length: Samples in the film.
        sound: File of the line; read at the film's rate.
        gain_db: How much louder it is made.
    """

    start: int
    length: int
    sound: Path
    gain_db: float = 0.0


@dataclass(frozen=True)
class Soundtrack:
    """Everything that is heard in a film.

    Attributes:
        duration: Length of the film in seconds.
        lines: What is spoken, in order.
        bed: Sound the lines are laid on: stems, or the original itself; ``None`` is silence.
        ducked: Where the bed steps back under the lines; empty for stems, which hold no speech.
        channels: Channels of the result.
        sample_rate: Of the result, in Hz.
    """

    duration: Fraction
    lines: tuple[SoundLine, ...]
    bed: Path | None
    ducked: tuple[Span, ...] = ()
    channels: int = 2
    sample_rate: int = 48_000

    @property
    def samples(self) -> int:
        """Length in samples."""
        return ceil_fraction(self.duration * self.sample_rate)

    def blocks(self, mark: Marker) -> Iterator[Waveform]:
        """Yield the mix in blocks that tile the film.

        Args:
            mark: Puts the watermark into a piece of speech; every piece goes through it before it is mixed.
        """
        pieces = sorted(self._pieces(), key=lambda piece: piece.start)
        ready: dict[SoundLine, NDArray[np.float32]] = {}
        step = BLOCK_SECONDS * self.sample_rate
        for first in range(0, self.samples, step):
            last = min(first + step, self.samples)
            dialogue = np.zeros((1, last - first), np.float32)
            for piece in pieces:
                if piece.start < last and first < piece.start + piece.length:
                    if piece not in ready:
                        ready[piece] = self._speech(piece, mark)
                    _add(dialogue[0], ready[piece], piece.start - first)
            ready = {piece: sound for piece, sound in ready.items() if piece.start + piece.length > last}
            yield limit_peaks(mix(Waveform(dialogue, self.sample_rate), self._bed(first, last)))

    def _pieces(self) -> Iterator[SoundLine]:
        """Lines cut into pieces that are short enough to be marked at once."""
        step = BLOCK_SECONDS * self.sample_rate
        for line in self.lines:
            for offset in range(0, line.length, step):
                length = min(step, line.length - offset)
                yield _Piece(line.start + offset, length, line.sound, line.gain_db, offset)

    def _speech(self, piece: SoundLine, mark: Marker) -> NDArray[np.float32]:
        offset = piece.offset if isinstance(piece, _Piece) else 0
        span = Span(Fraction(offset, self.sample_rate), Fraction(offset + piece.length, self.sample_rate))
        sound = resample(read_audio(piece.sound, span=span), self.sample_rate)
        mono = np.zeros((1, piece.length), np.float32)
        heard = sound.mono()[: piece.length]
        mono[0, : len(heard)] = heard * np.float32(10 ** (piece.gain_db / 20))
        marked: NDArray[np.float32] = mark(Waveform(mono, self.sample_rate)).samples[0]
        return marked

    def _bed(self, first: int, last: int) -> Waveform:
        bed = np.zeros((self.channels, last - first), np.float32)
        if self.bed is not None:
            span = Span(Fraction(first, self.sample_rate), Fraction(last, self.sample_rate))
            sound = read_audio(self.bed, sample_rate=self.sample_rate, span=span).samples[:, : last - first]
            if len(sound) != self.channels:
                sound = sound.mean(axis=0, keepdims=True)
            bed[:, : sound.shape[1]] = sound
        shifted = [span.shift(Fraction(-first, self.sample_rate)) for span in self.ducked]
        return duck(Waveform(bed, self.sample_rate), spans=shifted, gain_db=DUCK_DB)


@dataclass(frozen=True)
class _Piece(SoundLine):
    offset: int = 0


def _add(block: NDArray[np.float32], speech: NDArray[np.float32], at: int) -> None:
    begin, end = max(at, 0), min(at + len(speech), len(block))
    block[begin:end] += speech[begin - at : end - at]
