from __future__ import annotations

import struct
import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest

from avsynth.core.errors import MediaError
from avsynth.media.photo import is_photo, read_photo
from avsynth.media.sandbox import Limits

# Red above, blue below, wider than high: turned pictures show.
PICTURE = np.zeros((40, 60, 3), np.uint8)
PICTURE[:20, :, 0] = 200
PICTURE[20:, :, 2] = 200


def save(path: Path, picture: np.ndarray = PICTURE) -> Path:
    assert cv2.imwrite(str(path), picture[..., ::-1] if picture.ndim == 3 else picture)
    return path


def png_header(width: int, height: int) -> bytes:
    body = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    end = struct.pack(">I", 0) + b"IEND" + struct.pack(">I", zlib.crc32(b"IEND"))
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + body + struct.pack(">I", zlib.crc32(body)) + end


def with_exif_turn(jpeg: bytes, orientation: int) -> bytes:
    """A JPEG file with a note of how the camera was held."""
    tiff = b"MM\x00*" + struct.pack(">I", 8) + struct.pack(">HHHIHH", 1, 0x0112, 3, 1, orientation, 0) + bytes(4)
    body = b"Exif\x00\x00" + tiff
    return jpeg[:2] + b"\xff\xe1" + struct.pack(">H", len(body) + 2) + body + jpeg[2:]


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".jpeg", ".webp"])
def test_colors_and_size_are_read(tmp_path: Path, suffix: str) -> None:
    read = read_photo(save(tmp_path / f"photo{suffix}"))
    assert read.shape == PICTURE.shape
    assert read.dtype == np.uint8
    assert np.abs(read[5:15, 5:55].astype(int) - [200, 0, 0]).max() <= 12
    assert np.abs(read[25:35, 5:55].astype(int) - [0, 0, 200]).max() <= 12


def test_a_cameras_turn_is_made(tmp_path: Path) -> None:
    path = save(tmp_path / "photo.jpg")
    path.write_bytes(with_exif_turn(path.read_bytes(), 6))  # to be turned clockwise by 90 degrees
    read = read_photo(path)
    assert read.shape == (60, 40, 3)
    assert read[30, 35, 0] > 150  # what was above is at the right
    assert read[30, 5, 2] > 150


def test_grey_sixteen_bits_and_transparent_ones_become_rgb(tmp_path: Path) -> None:
    grey = read_photo(save(tmp_path / "grey.png", np.full((40, 60), 77, np.uint8)))
    assert (grey == 77).all()
    assert grey.shape == (40, 60, 3)
    deep = read_photo(save(tmp_path / "deep.png", PICTURE.astype(np.uint16) * 257))
    np.testing.assert_array_equal(deep, PICTURE)
    clear = np.concatenate([PICTURE[..., ::-1], np.full((40, 60, 1), 255, np.uint8)], axis=2)
    clear[:, 30:, 3] = 0
    cv2.imwrite(str(tmp_path / "clear.png"), clear)
    laid = read_photo(tmp_path / "clear.png")
    np.testing.assert_array_equal(laid[:, :30], PICTURE[:, :30])
    assert (laid[:, 30:] == 255).all()


def test_cmyk_is_converted(tmp_path: Path) -> None:
    image = pytest.importorskip("PIL.Image")
    image.fromarray(PICTURE).convert("CMYK").save(tmp_path / "print.jpg", quality=95)
    read = read_photo(tmp_path / "print.jpg")
    assert read.shape == PICTURE.shape
    assert read[10, 30, 0] > 120 > read[10, 30, 2]
    assert read[30, 30, 2] > 120 > read[30, 30, 0]


def test_huge_ones_are_refused_before_they_are_decoded(tmp_path: Path) -> None:
    path = tmp_path / "huge.png"
    path.write_bytes(png_header(40_000, 40_000))
    with pytest.raises(MediaError, match=r"40000x40000.*scale it down"):
        read_photo(path)
    for suffix in (".png", ".jpg", ".webp"):
        with pytest.raises(MediaError, match="60x40"):
            read_photo(save(tmp_path / f"small{suffix}"), limits=Limits(max_pixels=2000))


def test_what_is_no_photo_is_named(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    for name, data, message in (
        ("text.png", b"this is no picture", "not a photo"),
        ("none.jpg", b"", "empty"),
        ("header.png", png_header(60, 40), "damaged"),
        ("short.jpg", b"\xff\xd8\xff", "damaged header"),
        ("short.webp", b"RIFF\x10\x00\x00\x00WEBPVP8X", "damaged header"),
        ("thin.png", png_header(60, 1), "no face"),
    ):
        path = tmp_path / name
        path.write_bytes(data)
        with pytest.raises(MediaError, match=message):
            read_photo(path)
    with pytest.raises(MediaError, match="does not exist"):
        read_photo(tmp_path / "absent.png")
    with pytest.raises(MediaError, match="folder"):
        read_photo(tmp_path)
    assert "Traceback" not in capfd.readouterr().err


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".webp"])
def test_a_cut_off_file_is_incomplete(tmp_path: Path, suffix: str) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (80, 80, 3)).astype(np.uint8)
    path = save(tmp_path / f"photo{suffix}", noise)
    path.write_bytes(path.read_bytes()[:-300])
    with pytest.raises(MediaError, match="incomplete"):
        read_photo(path)


def test_photos_are_known_by_their_names() -> None:
    assert is_photo(Path("a/Ada.PNG"))
    assert not is_photo(Path("a/Ada.mov"))
    assert not is_photo(Path("png"))
