"""Says what a film or sound file is, from its packets and not only from its header."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
from av.audio.stream import AudioStream as SoundStream
from av.container import InputContainer
from av.video.stream import VideoStream as PictureStream
from numpy.typing import NDArray

from avsynth.core.errors import MediaError
from avsynth.core.media import AudioStream, ColorTags, MediaInfo, VideoStream
from avsynth.media.index import FilmIndex, index_film
from avsynth.media.language import iso_639_2
from avsynth.media.rate import exact_rate
from avsynth.media.sandbox import DEFAULT_LIMITS, Limits, open_media


def probe(path: Path, *, limits: Limits = DEFAULT_LIMITS) -> MediaInfo:
    """Describe a file exactly.

    Time zero of a film is its first picture; ``VideoStream.start`` is when the container's own clock shows that
    picture, and ``AudioStream.start`` when a sound begins on the film's clock (negative: before the picture).
    ``MediaInfo.duration`` is the picture's, or the longest sound's without one. ``VideoStream.pixel_format`` is the
    file's own; ``layout.native_format`` tells which one ``read_frames`` gives.

    Args:
        path: The file.
        limits: What is refused.

    Raises:
        MediaError: The file is absent, hostile, incomplete, or holds nothing that can be decoded.
    """
    index = index_film(path, limits=limits)
    with open_media(path, limits=limits) as container:
        video = _describe_picture(container, index) if index.first is not None else None
        zero = video.start if video is not None else Fraction(0)
        audio = tuple(
            _describe_sound(stream, zero=zero, end=index.ends[stream.index])
            for stream in container.streams.audio
            if stream.codec_context is not None and stream.sample_rate
        )
        name = container.format.name
    if video is not None:
        duration = _picture_duration(video, index)
    elif audio:
        duration = max(stream.duration for stream in audio)
    else:
        raise MediaError(f"{path} holds neither picture nor sound that can be decoded; convert it to H.264 and AAC")
    if duration > limits.max_duration:
        raise MediaError(
            f"{path} lasts {float(duration):.0f} s, at most {float(limits.max_duration):.0f} s are allowed; "
            "cut it into parts"
        )
    return MediaInfo(path, name, duration, video, audio)


def frame_times(path: Path, *, limits: Limits = DEFAULT_LIMITS) -> tuple[NDArray[np.int64], Fraction]:
    """Presentation times of all pictures in order, in ticks from the first, and the seconds a tick lasts.

    Frame ``k`` of a film of varying rate is shown at ``ticks[k] * time_base``, not at ``k / frame_rate``.

    Raises:
        MediaError: As ``probe``.
    """
    video = require_video(probe(path, limits=limits))
    pts = index_film(path, limits=limits).pts
    return pts - pts[0], video.time_base


def require_video(info: MediaInfo) -> VideoStream:
    """The picture of a film.

    Raises:
        MediaError: It has none.
    """
    if info.video is None:
        raise MediaError(f"{info.path} has no picture; give a film")
    return info.video


def require_audio(info: MediaInfo) -> AudioStream:
    """The first sound of a film.

    Raises:
        MediaError: It has none.
    """
    if not info.audio:
        raise MediaError(f"{info.path} has no sound; give a film or recording with an audio stream")
    return info.audio[0]


def _describe_picture(container: InputContainer, index: FilmIndex) -> VideoStream:
    stream = container.streams[index.stream]
    assert isinstance(stream, PictureStream)
    assert index.first is not None
    context = stream.codec_context
    time_base = stream.time_base or Fraction(1, 25)
    hints = [rate for rate in (stream.average_rate, stream.guessed_rate) if rate]
    rate, is_vfr = exact_rate(index.pts, time_base=time_base, hints=hints)
    tags = ColorTags(
        int(context.color_primaries), int(context.color_trc), int(context.colorspace), int(context.color_range)
    )
    if index.first.full_range:
        tags = ColorTags(tags.primaries, tags.transfer, tags.matrix, 2)
    return VideoStream(
        codec=context.name,
        width=context.width,
        height=context.height,
        frame_rate=rate,
        frame_count=len(index.pts),
        time_base=time_base,
        pixel_format=index.first.pixel_format,
        color=tags,
        is_vfr=is_vfr,
        start=int(index.pts[0]) * time_base,
        rotation=index.first.rotation,
        sample_aspect_ratio=stream.sample_aspect_ratio or Fraction(1),
        timecode=_timecode(container, stream),
    )


def _describe_sound(stream: SoundStream, *, zero: Fraction, end: Fraction | None) -> AudioStream:
    time_base = stream.time_base or Fraction(1, stream.sample_rate)
    start = (stream.start_time or 0) * time_base
    finish = end if end is not None else start + (stream.duration or 0) * time_base
    return AudioStream(
        codec=stream.codec_context.name,
        sample_rate=stream.sample_rate,
        channels=stream.codec_context.channels,
        duration=max(finish - start, Fraction(0)),
        start=start - zero,
        language=iso_639_2(stream.metadata.get("language", "")),
    )


def _picture_duration(video: VideoStream, index: FilmIndex) -> Fraction:
    if not video.is_vfr:
        return video.duration
    last = index.last_duration * video.time_base or 1 / video.frame_rate
    return int(index.pts[-1] - index.pts[0]) * video.time_base + last


def _timecode(container: InputContainer, picture: PictureStream) -> str | None:
    holders = [picture.metadata, container.metadata, *(stream.metadata for stream in container.streams)]
    for metadata in holders:
        for key, value in metadata.items():
            if key.lower() == "timecode":
                return str(value)
    return None
