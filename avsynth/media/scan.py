"""Whether the pictures of a film were taken line by line in two fields."""

from __future__ import annotations

from pathlib import Path

import av.error

from avsynth.core.errors import MediaError
from avsynth.media.sandbox import DEFAULT_LIMITS, Limits, open_media, restrict_decoder

_LOOK_AT = 3  # pictures; the flag is the same in all of a film


def is_interlaced(path: Path, *, limits: Limits = DEFAULT_LIMITS) -> bool:
    """Whether the first pictures say that they hold two fields, taken one after the other.

    Args:
        path: The film.
        limits: What is refused.

    Raises:
        MediaError: The film cannot be read.
    """
    try:
        with open_media(path, limits=limits) as container:
            stream = container.streams.video[0]
            restrict_decoder(stream, limits)
            pictures = container.decode(stream)
            return any(bool(picture.interlaced_frame) for picture, _ in zip(pictures, range(_LOOK_AT), strict=False))
    except av.error.FFmpegError as error:
        raise MediaError(f"{path} cannot be decoded ({error}); get a fresh copy of it") from error
