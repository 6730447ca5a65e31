"""Joins segments and one sound into a film, copying every coded picture as it is."""

from __future__ import annotations

import errno
import heapq
import itertools
import math
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import av.error
import numpy as np
from av.audio.stream import AudioStream as SoundStream
from av.container import OutputContainer
from av.packet import Packet
from av.video.stream import VideoStream as PictureStream
from numpy.typing import NDArray

from avsynth.core.errors import InputError, MediaError, OutputError
from avsynth.core.files import whole_file
from avsynth.core.media import MediaInfo, VideoStream, Waveform
from avsynth.core.span import ceil_fraction
from avsynth.media.language import iso_639_2, quicktime_code
from avsynth.media.sandbox import open_media

SOUND_RATE = 48_000
_SOUND_CODECS = {".mp4": "aac", ".mov": "pcm_s24le", ".mkv": "flac"}
_LAYOUTS = {1: "mono", 2: "stereo", 3: "3.0", 4: "quad", 5: "5.0", 6: "5.1", 8: "7.1"}
_BIT_RATES = {1: 128_000, 2: 256_000}
_MANY_CHANNELS_BIT_RATE = 512_000
_BLOCK = 4096


def mux(
    output: Path,
    *,
    segments: Sequence[Path],
    sound: Waveform | Iterable[Waveform] | None,
    language: str,
    like: MediaInfo,
    title: str = "",
) -> None:
    """Join segments of ``FilmWriter`` and a sound that begins with the first picture.

    Pictures are copied, not coded again; their times are those of the film ``like``, from its first picture on. The
    sound becomes AAC of 256 kbit/s in MP4, 24-bit PCM in MOV and FLAC in MKV, at 48 kHz. MKV rounds times to
    milliseconds, as every MKV does.

    Args:
        output: Ends in ``.mp4``, ``.mov`` or ``.mkv``.
        segments: In order, all made with the same settings.
        sound: A waveform, or blocks of 48 kHz that follow each other, so that memory does not grow with the film; None
            for a film without sound.
        language: BCP 47 tag of the sound. Containers hold only the three-letter code; the tag itself becomes the
            track's title.
        like: The film, for its rate, timecode and turn.
        title: The film's title.

    Raises:
        InputError: Another suffix, no segments, or segments that do not fit together.
        OutputError: The file cannot be written; nothing is left of it.
    """
    suffix = output.suffix.lower()
    if suffix not in _SOUND_CODECS:
        raise InputError(f"cannot write a film as {output.name!r}; name a file that ends in .mp4, .mov or .mkv")
    if like.video is None:
        raise InputError(f"{like.path} has no picture to be like")
    plan = _plan(segments, like.video)
    with whole_file(output) as temporary:
        with output_errors(output), av.open(str(temporary), "w", options=_options(suffix, like.video)) as container:
            # MOV and MP4 make a timecode track of this, Matroska a tag.
            tags = {"title": title, "timecode": like.video.timecode or ""}
            container.metadata.update({key: value for key, value in tags.items() if value})
            picture = _picture_stream(container, segments[0], like.video)
            packets = [_pictures(segments, plan, picture)]
            if sound is not None:
                blocks = _blocks(sound)
                first = next(blocks)
                track = _sound_stream(container, suffix, len(first), language)
                packets.append(_sounds(track, itertools.chain([first], blocks)))
            container.start_encoding()
            for _, packet in heapq.merge(*packets, key=lambda item: item[0]):
                container.mux_one(packet)
        _require_all(temporary, output, len(plan.pts))


@contextmanager
def output_errors(path: Path) -> Iterator[None]:
    """Make FFmpeg's errors of writing into ``OutputError``."""
    try:
        yield
    except av.error.FFmpegError as error:
        full = error.errno in (errno.ENOSPC, errno.EFBIG, errno.EDQUOT)
        cure = "free some space or choose another folder" if full else "choose another folder or codec"
        raise OutputError(f"cannot write {path}: {error.strerror}; {cure}") from error


@dataclass(frozen=True)
class _Plan:
    """Times of every packet in the order of decoding, in ticks of ``time_base``."""

    pts: NDArray[np.int64]
    dts: NDArray[np.int64]
    time_base: Fraction


def _plan(segments: Sequence[Path], like: VideoStream) -> _Plan:
    if not segments:
        raise InputError("there are no segments to join")
    times: list[int] = []
    header: tuple[object, ...] | None = None
    latest = -1
    for path in segments:
        with open_media(path) as container:
            if not container.streams.video:
                raise InputError(f"segment {path} has no picture; write it with FilmWriter")
            stream = container.streams.video[0]
            scale = (stream.time_base or Fraction(1)) / like.time_base
            part = [_ticks(packet, scale) for packet in container.demux(stream) if packet.size]
            own = (stream.codec_context.name, stream.width, stream.height, stream.codec_context.extradata)
        if header is not None and own != header:
            raise InputError(f"segment {path} was made with other settings than {segments[0]}; make all with the same")
        if not part or min(part) <= latest:
            raise InputError(f"segment {path} does not follow the one before it; give the segments in order")
        header, latest = own, max(part)
        times += part
    pts = np.array(times, np.int64)
    return _Plan(pts, _decode_times(pts, like), like.time_base)


def _ticks(packet: Packet[PictureStream], scale: Fraction) -> int:
    if packet.pts is None:
        raise MediaError("a segment has pictures without times; write it with FilmWriter")
    return round(packet.pts * scale)


def _decode_times(pts: NDArray[np.int64], like: VideoStream) -> NDArray[np.int64]:
    """Times of decoding that rise strictly and never come after the picture is shown.

    Each segment's own would overlap at the seams: its first pictures are decoded ahead of time. So the sorted
    presentation times are shifted by as many pictures as the coder reorders, over the whole film.
    """
    shown = np.sort(pts)
    rank = np.searchsorted(shown, pts)
    delay = int(np.max(np.arange(len(pts)) - rank, initial=0))
    step = max(1, round(1 / (like.frame_rate * like.time_base)))
    ahead = shown[0] - step * np.arange(delay, 0, -1)
    return np.concatenate([ahead, shown])[: len(pts)]


def _options(suffix: str, like: VideoStream) -> dict[str, str]:
    # Without "bitexact" Matroska draws random numbers; the same film must give the same bytes.
    options = {"fflags": "+bitexact"}
    if suffix != ".mkv":
        # Edit lists count in the movie's time scale: its default, milliseconds, would cut sound and picture to them.
        scale = math.lcm(like.time_base.denominator, SOUND_RATE)
        options["movie_timescale"] = str(scale if scale < 2**31 else like.time_base.denominator)
        options["movflags"] = "+faststart"
    return options


def _picture_stream(container: OutputContainer, segment: Path, like: VideoStream) -> PictureStream:
    with open_media(segment) as source:
        stream = container.add_stream_from_template(source.streams.video[0])
    stream.time_base = stream.codec_context.time_base = like.time_base
    stream.codec_context.framerate = like.frame_rate
    if like.rotation:
        stream.set_display_rotation(-like.rotation)
    return stream


def _pictures(segments: Sequence[Path], plan: _Plan, stream: PictureStream) -> Iterator[tuple[Fraction, Packet[Any]]]:
    number = 0
    for path in segments:
        with open_media(path) as container:
            for packet in container.demux(container.streams.video[0]):
                if not packet.size:
                    continue
                pts, dts = int(plan.pts[number]), int(plan.dts[number])
                if packet.duration and packet.time_base:
                    packet.duration = round(packet.duration * packet.time_base / plan.time_base)
                packet.time_base, packet.pts, packet.dts = plan.time_base, pts, dts
                packet.stream = stream
                number += 1
                yield dts * plan.time_base, packet


def _sound_stream(container: OutputContainer, suffix: str, channels: int, language: str) -> SoundStream:
    if channels not in _LAYOUTS:
        raise InputError(f"a film holds 1 to 6 or 8 channels, got {channels}; mix the sound down")
    codec = _SOUND_CODECS[suffix]
    stream = container.add_stream(codec, rate=SOUND_RATE, layout=_LAYOUTS[channels])
    assert isinstance(stream, SoundStream)
    stream.codec_context.time_base = Fraction(1, SOUND_RATE)
    if codec == "aac":
        stream.codec_context.bit_rate = _BIT_RATES.get(channels, _MANY_CHANNELS_BIT_RATE)
    else:
        stream.codec_context.format = "s32"
    code = quicktime_code(language) if suffix == ".mov" else iso_639_2(language)
    stream.metadata.update({"language": code or "und", "title": language, "handler_name": language})
    return stream


def _sounds(stream: SoundStream, blocks: Iterator[NDArray[np.float32]]) -> Iterator[tuple[Fraction, Packet[Any]]]:
    size = stream.codec_context.frame_size or _BLOCK
    begin = 0
    rest = next(blocks)
    for block in itertools.chain(blocks, [None]):
        whole = rest.shape[1] // size * size if block is not None else rest.shape[1]
        for first in range(0, whole, size):
            frame = _sound_frame(rest[:, first : min(first + size, whole)], stream)
            frame.sample_rate, frame.pts, frame.time_base = SOUND_RATE, begin + first, Fraction(1, SOUND_RATE)
            yield from _timed(stream.encode(frame))
        begin += whole
        if block is not None:
            rest = np.concatenate([rest[:, whole:], block], axis=1)
    yield from _timed(stream.encode(None))


def _blocks(sound: Waveform | Iterable[Waveform]) -> Iterator[NDArray[np.float32]]:
    """The sound at the rate of films, block by block."""
    if isinstance(sound, Waveform):
        yield _at_sound_rate(sound)
        return
    for block in sound:
        if block.sample_rate != SOUND_RATE:
            raise InputError(f"blocks of sound must have {SOUND_RATE} Hz, got {block.sample_rate}; resample them first")
        yield block.samples


def _timed(packets: Sequence[Packet[Any]]) -> Iterator[tuple[Fraction, Packet[Any]]]:
    for packet in packets:
        yield Fraction(packet.dts or 0) * (packet.time_base or Fraction(1, SOUND_RATE)), packet


def _sound_frame(samples: NDArray[np.float32], stream: SoundStream) -> av.AudioFrame:
    layout = stream.codec_context.layout.name
    if stream.codec_context.name == "aac":
        return av.AudioFrame.from_ndarray(np.ascontiguousarray(samples), format="fltp", layout=layout)
    # 24 bits in the upper part of 32, as FFmpeg's PCM and FLAC encoders take them.
    whole = np.clip(np.rint(samples.astype(np.float64) * 2**23), -(2**23), 2**23 - 1).astype(np.int32) << 8
    return av.AudioFrame.from_ndarray(np.ascontiguousarray(whole.T).reshape(1, -1), format="s32", layout=layout)


def _at_sound_rate(sound: Waveform) -> NDArray[np.float32]:
    if sound.sample_rate == SOUND_RATE:
        return sound.samples
    import soxr

    samples: NDArray[np.float32] = soxr.resample(sound.samples.T, sound.sample_rate, SOUND_RATE, quality="VHQ").T
    return samples[:, : ceil_fraction(sound.duration * SOUND_RATE)]


def _require_all(temporary: Path, output: Path, count: int) -> None:
    """A full disk is not always told: count what arrived."""
    try:
        with open_media(temporary) as container:
            written = sum(1 for packet in container.demux(container.streams.video[0]) if packet.size)
    except MediaError:
        written = 0
    if written != count:
        raise OutputError(f"cannot write {output}: only {written} of {count} pictures arrived; free some space")
