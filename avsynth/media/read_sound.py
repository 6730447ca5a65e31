"""Reads the sound of a film onto the film's own clock, to the exact sample."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import soundfile
from av.audio.stream import AudioStream as SoundStream
from av.container import InputContainer
from numpy.typing import NDArray

from avsynth.core.errors import MediaError, OutputError
from avsynth.core.files import whole_file
from avsynth.core.media import Waveform
from avsynth.core.span import Span, ceil_fraction
from avsynth.media.index import FilmIndex, index_film
from avsynth.media.sandbox import DEFAULT_LIMITS, Limits, open_media

_GAP_SECONDS = Fraction(1, 100)  # a smaller step of the time stamps is rounding, a larger one is lost sound
_MARGIN_SECONDS = Fraction(1, 10)  # sound around a span that the resampling filter looks at
_NO_END = 2**62
_PREROLL_SECONDS = 1
# Others, AAC among them, make noise from a running random state: a part read alone would differ from the whole.
_SAME_AFTER_SEEKING = ("pcm_", "flac", "alac")


def read_audio(
    path: Path,
    *,
    sample_rate: int | None = None,
    span: Span | None = None,
    stream: int = 0,
    limits: Limits = DEFAULT_LIMITS,
) -> Waveform:
    """Read sound so that sample 0 is heard with the first picture.

    What a container plays before the first picture is cut, what it starts later begins with silence; without a picture
    sample 0 is the first that is heard. Encoder padding is gone, lost packets are silence of their length.

    Args:
        path: A film or a sound file.
        sample_rate: Hz of the result; None keeps the file's.
        span: Part of the film; the result holds exactly ``span.samples(sample_rate)``, silence where there is no sound.
        stream: Which sound stream, counted from 0.
        limits: What is refused.

    Raises:
        MediaError: The file cannot be read or has no such sound stream.
    """
    index = index_film(path, limits=limits)
    with open_media(path, limits=limits) as container:
        source = _sound_stream(container, stream, path)
        native = source.sample_rate
        wanted = sample_rate or native
        window = _window(span, native=native, wanted=wanted)
        samples = _seek_and_decode(container, source, index, window)
    if samples is None:  # the container seeks badly: from the start it is always right
        with open_media(path, limits=limits) as container:
            source = _sound_stream(container, stream, path)
            samples = _assemble(_positioned(container, source, index), window)
    return _finish(Waveform(samples, native), span=span, first=window.start, sample_rate=wanted)


def extract_sound(path: Path, target: Path, *, stream: int = 0, limits: Limits = DEFAULT_LIMITS) -> None:
    """Write a film's sound as a WAV file of 32-bit floats, once and in constant memory.

    Any part of it is then found at once by ``read_audio``, with the same samples and the same time zero as in the film.

    Args:
        path: A film or a sound file.
        target: The ``.wav`` file to write.
        stream: Which sound stream, counted from 0.
        limits: What is refused.

    Raises:
        MediaError: The file cannot be read or has no such sound stream.
        OutputError: The target cannot be written; nothing is left of it.
    """
    index = index_film(path, limits=limits)
    with open_media(path, limits=limits) as container, whole_file(target) as temporary:
        source = _sound_stream(container, stream, path)
        pieces = _positioned(container, source, index)
        layout = {"samplerate": source.sample_rate, "channels": source.channels, "subtype": "FLOAT"}
        try:
            # RF64 is WAV with room for more than four gigabytes.
            with soundfile.SoundFile(temporary, "w", format="RF64", **layout) as file:
                written = 0
                for position, piece in pieces:
                    part = piece[:, max(written - position, 0) :]
                    gap = position - written
                    if gap > 0:
                        file.write(np.zeros((gap, source.channels), np.float32))
                    file.write(part.T)
                    written = max(written, position) + part.shape[1]
        except soundfile.LibsndfileError as error:
            raise OutputError(f"cannot write {target}: {error.error_string}") from error


def _seek_and_decode(
    container: InputContainer, source: SoundStream, index: FilmIndex, window: range
) -> NDArray[np.float32] | None:
    """The window's samples, sought where the time stamps count samples; None if decoding began too late for them."""
    pieces = _positioned(container, source, index)
    begin = Fraction(window.start, source.sample_rate) + _zero(container, source, index) - _PREROLL_SECONDS
    seekable = source.codec_context.name.startswith(_SAME_AFTER_SEEKING)
    if begin <= 0 or not seekable or source.time_base != Fraction(1, source.sample_rate):
        return _assemble(pieces, window)
    container.seek(math.floor(begin * source.sample_rate), stream=source, backward=True)
    first = next(pieces, None)
    if first is None or first[0] > window.start:
        return None
    return _assemble(itertools.chain([first], pieces), window)


def _sound_stream(container: InputContainer, number: int, path: Path) -> SoundStream:
    found = [s for s in container.streams.audio if s.codec_context is not None and s.sample_rate]
    if not found:
        raise MediaError(f"{path} has no sound; give a film or recording with an audio stream")
    if not 0 <= number < len(found):
        raise MediaError(f"{path} has {len(found)} sound streams; there is no number {number}, counted from 0")
    return found[number]


def _zero(container: InputContainer, source: SoundStream, index: FilmIndex) -> Fraction:
    """When the first picture is shown, or without one the first sample is heard, on the container's clock."""
    if index.first is not None:
        return int(index.pts[0]) * (container.streams[index.stream].time_base or Fraction(1))
    return (source.start_time or 0) * (source.time_base or Fraction(1))


def _end(container: InputContainer, source: SoundStream, index: FilmIndex) -> int:
    """Number of the sample after the last: what a decoder gives beyond it is the encoder's padding.

    Only where time stamps count samples: others are too coarse to say it.
    """
    end = index.ends[source.index] if source.time_base == Fraction(1, source.sample_rate) else None
    return _NO_END if end is None else ceil_fraction((end - _zero(container, source, index)) * source.sample_rate)


def _window(span: Span | None, *, native: int, wanted: int) -> range:
    """Samples of the file to decode; the first lies on a sample of the result as well."""
    if span is None:
        return range(0, _NO_END)
    if native == wanted:
        return span.samples(native)
    common = math.gcd(native, wanted)
    begin = math.floor((span.start - _MARGIN_SECONDS) * common) * (native // common)
    return range(begin, ceil_fraction((span.end + _MARGIN_SECONDS) * native))


def _positioned(
    container: InputContainer, source: SoundStream, index: FilmIndex
) -> Iterator[tuple[int, NDArray[np.float32]]]:
    """Decoded pieces ``(C, T)`` and the number of their first sample on the film's clock."""
    rate, zero, end = source.sample_rate, _zero(container, source, index), _end(container, source, index)
    expected: int | None = None
    for frame in container.decode(source):
        piece = _to_float(frame)
        if frame.pts is not None and frame.time_base is not None:
            exact = (frame.pts * frame.time_base - zero) * rate
            tolerance = _GAP_SECONDS * rate
            if expected is None:
                # A start within a tick of zero is zero: the container only could not say it better.
                tick = (source.time_base or frame.time_base) * rate
                expected = 0 if tick > 1 and abs(exact) <= tick else round(exact)
            elif abs(exact - expected) > tolerance:
                expected = round(exact)
        expected = expected or 0
        yield expected, piece[:, : max(end - expected, 0)]
        expected += piece.shape[1]


def _assemble(pieces: Iterator[tuple[int, NDArray[np.float32]]], window: range) -> NDArray[np.float32]:
    """The window's samples; where it has no end, all there are."""
    kept: list[tuple[int, NDArray[np.float32]]] = []
    channels, end = 1, window.start
    for position, piece in pieces:
        if position >= window.stop:
            break
        first, last = max(window.start - position, 0), min(window.stop - position, piece.shape[1])
        channels = max(channels, piece.shape[0])
        if first < last:
            kept.append((position + first - window.start, piece[:, first:last]))
            end = max(end, position + last)
    length = len(window) if window.stop < _NO_END else end - window.start
    out = np.zeros((channels, length), np.float32)
    for position, piece in kept:
        out[: piece.shape[0], position : position + piece.shape[1]] = piece
    return out


def _finish(waveform: Waveform, *, span: Span | None, first: int, sample_rate: int) -> Waveform:
    if waveform.sample_rate == sample_rate:
        return waveform
    # Its filter is linear-phase, and its first output sample lies on the first input sample.
    import soxr

    total = ceil_fraction(waveform.duration * sample_rate)
    resampled = soxr.resample(waveform.samples.T, waveform.sample_rate, sample_rate, quality="VHQ").T
    offset = 0 if span is None else first * sample_rate // waveform.sample_rate
    wanted = range(total) if span is None else span.samples(sample_rate)
    begin = wanted.start - offset
    out = np.zeros((waveform.channels, len(wanted)), np.float32)
    part = resampled[:, begin : begin + len(wanted)]
    out[:, : part.shape[1]] = part
    return Waveform(out, sample_rate)


def _to_float(frame: av.AudioFrame) -> NDArray[np.float32]:
    """Samples ``(C, T)`` with full scale 1.0, without rounding anything FFmpeg gave."""
    data = frame.to_ndarray()
    if not frame.format.is_planar:
        data = data.reshape(-1, len(frame.layout.channels)).T
    if data.dtype == np.uint8:
        data = data.astype(np.float32) / 128 - 1
    elif np.issubdtype(data.dtype, np.integer):
        data = data / (np.iinfo(data.dtype).max + 1)
    samples: NDArray[np.float32] = np.ascontiguousarray(data, np.float32)
    return samples
