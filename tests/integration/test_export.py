"""Patches for studios that finish elsewhere: laid over the original they give the picture, and they are marked."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import pytest
from jobs import Outcome, grant
from synth import draw_film, syllable_sound, syllables

import avsynth
from avsynth.core.face import FacePatch
from avsynth.core.media import Frames
from avsynth.lipsync.composite import composite
from avsynth.media.color import region_rgb
from avsynth.media.read import read_frames
from avsynth.media.sound import write_audio
from avsynth.media.write import FilmWriter
from avsynth.provenance.inspect import inspect_file

RATE = Fraction(30000, 1001)
Run = Callable[..., Outcome]


def in_ten_bits(source: Path, path: Path) -> Path:
    """The same film in 10 bits, with values between those that 8 bits know."""
    with av.open(str(source)) as before, av.open(str(path), "w") as after:
        stream = after.add_stream("libx264", rate=RATE, options={"crf": "6", "preset": "veryfast"})
        stream.width, stream.height, stream.pix_fmt = 640, 480, "yuv420p10le"
        tags = stream.codec_context
        tags.color_primaries, tags.color_trc, tags.colorspace, tags.color_range = 1, 1, 1, 1
        for frame in before.decode(video=0):
            ten = frame.reformat(format="yuv420p10le")
            ten.pts, ten.time_base = frame.pts, frame.time_base
            after.mux(stream.encode(ten))
        after.mux(stream.encode(None))
    return path


@pytest.fixture(scope="module", params=["yuv420p", "yuv420p10le"])
def exported(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """A lip-synced film with its patches, and the pictures as they were before they were encoded."""
    folder = tmp_path_factory.mktemp("export")
    film = folder / "film.mp4"
    openings = syllables(60, frame_rate=RATE)
    draw_film(film, frame_rate=RATE, openings=openings, pan=(12.0, 4.0))
    if request.param != "yuv420p":
        film = in_ten_bits(film, folder / "ten.mp4")
    dub = folder / "dub.wav"
    write_audio(dub, syllable_sound(syllables(60, frame_rate=RATE, rate_hz=1.7), frame_rate=RATE))
    before_encoding: list[Frames] = []
    with pytest.MonkeyPatch.context() as patched:
        write = FilmWriter.write

        def record(writer: FilmWriter, frames: Frames) -> None:
            before_encoding.append(frames)
            write(writer, frames)

        patched.setattr(FilmWriter, "write", record)
        made = avsynth.lipsync(
            film,
            audio=dub,
            language="en",
            consent=grant(folder / "c.json"),
            output=folder / "out.mp4",
            options=avsynth.LipsyncOptions(work=folder / "work", patches=folder / "patches"),
        )
    assert made.report.passed
    planes = [np.concatenate([f.planes[n] for f in before_encoding]) for n in range(3)]
    first = before_encoding[0]
    picture = Frames(tuple(planes), first.pixel_format, 0, np.arange(len(planes[0])), first.color)
    manifest = json.loads((folder / "patches" / "patches.json").read_text(encoding="utf-8"))
    return {"film": film, "output": made.output, "folder": folder / "patches", "picture": picture, "list": manifest}


def original(film: Path) -> Frames:
    (frames,) = read_frames(film, chunk=1000)
    return frames


def rgba(exported: dict[str, Any], entry: dict[str, Any]) -> tuple[np.ndarray, np.ndarray]:
    """Color 0..255 and straight alpha 0..1 of one patch, as any program would read them."""
    stored = cv2.imread(str(exported["folder"] / entry["file"]), cv2.IMREAD_UNCHANGED)
    assert stored.dtype == (np.uint8 if exported["list"]["composite"]["bits"] == 8 else np.uint16)
    assert stored.shape == (entry["height"], entry["width"], 4)
    most = np.iinfo(stored.dtype).max
    return stored[..., 2::-1].astype(np.float64) * 255 / most, stored[..., 3].astype(np.float64) / most


def largest_difference(a: np.ndarray, b: np.ndarray) -> int:
    return int(np.abs(a.astype(np.int64) - b.astype(np.int64)).max())


def test_patches_in_the_films_planes_give_the_picture_to_one_code_value(exported: dict[str, Any]) -> None:
    plain = original(exported["film"])
    patches = []
    for entry in exported["list"]["patches"]:
        color, alpha = rgba(exported, entry)
        image = np.rint(color).astype(np.uint8)
        patches.append(FacePatch(entry["frame"], image, alpha.astype(np.float32), entry["left"], entry["top"]))
    assert len({patch.frame for patch in patches}) > 50
    laid = composite(plain, patches)
    for mine, theirs in zip(laid.planes, exported["picture"].planes, strict=True):
        assert largest_difference(mine, theirs) <= 1


def test_patches_over_rgb_give_the_luma_to_one_code_value(exported: dict[str, Any]) -> None:
    """As an editing system blends: in RGB, knowing nothing of this package."""
    plain, wanted = original(exported["film"]), exported["picture"].planes[0]
    depth = 8 if wanted.dtype == np.uint8 else 10
    for entry in exported["list"]["patches"][::7]:
        index, (color, alpha) = entry["frame"], rgba(exported, entry)
        box = {name: entry[name] for name in ("left", "top", "width", "height")}
        below = region_rgb(plain, index, **box).astype(np.float64)
        blended = below + (color - below) * alpha[..., None]
        luma = (16 + blended @ np.array([0.2126, 0.7152, 0.0722]) * 219 / 255) * (1 << depth - 8)
        part = np.s_[box["top"] : box["top"] + box["height"], box["left"] : box["left"] + box["width"]]
        off = np.abs(luma - wanted[index][part]) / (1 << depth - 8)
        clipped = (below.min(axis=2) < 1) | (below.max(axis=2) > 254)
        assert off[(alpha > 0) & ~clipped].max() <= 1.5  # RGB in 8 bits was rounded once more


def test_nothing_outside_the_patches_differs_from_the_original(exported: dict[str, Any]) -> None:
    plain, changed = original(exported["film"]), exported["picture"]
    outside = np.ones(changed.planes[0].shape, bool)
    for entry in exported["list"]["patches"]:
        rows = slice(entry["top"], entry["top"] + entry["height"])
        outside[entry["frame"], rows, entry["left"] : entry["left"] + entry["width"]] = False
    assert not (plain.planes[0] != changed.planes[0])[outside].any()


def test_every_patch_is_listed_hashed_and_marked_and_the_signed_film_vouches_for_the_list(
    exported: dict[str, Any],
) -> None:
    folder, listed = exported["folder"], exported["list"]
    assert listed["synthetic"] is True
    assert {entry["file"] for entry in listed["patches"]} == {f"png/{p.name}" for p in (folder / "png").iterdir()}
    for entry in listed["patches"]:
        data = (folder / entry["file"]).read_bytes()
        assert hashlib.sha256(data).hexdigest() == entry["sha256"]
        assert b"compositeWithTrainedAlgorithmicMedia" in data
        assert entry["seconds"] == str(entry["frame"] / RATE)
    found = inspect_file(exported["output"])
    assert found.credentials is not None
    assert found.credentials.valid
    digest = hashlib.sha256((folder / "patches.json").read_bytes()).hexdigest()
    import c2pa

    with c2pa.Reader(str(exported["output"])) as reader:
        assert digest in reader.json()


def test_edit_lists_name_shots_and_changes_in_timecode(exported: dict[str, Any]) -> None:
    base = (exported["folder"] / "edit.edl").read_text(encoding="utf-8").splitlines()
    frames = [entry["frame"] for entry in exported["list"]["patches"]]
    assert base[1] == "FCM: DROP FRAME"
    assert base[3].split()[4:] == ["00:00:00;00", "00:00:02;00"] * 2
    assert any(line.startswith("* LOC: ") for line in base)
    over = (exported["folder"] / "patches.edl").read_text(encoding="utf-8").splitlines()
    assert over[3].split()[4] == f"00:00:{frames[0] // 30:02d};{frames[0] % 30:02d}"


def test_other_peoples_files_are_never_replaced(run: Run, exported: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "keep.txt").write_text("mine")
    output = tmp_path / "out.mp4"
    outcome = run(
        "lipsync", exported["film"], exported["film"].parent / "dub.wav", "-l", "en", "--consent",
        exported["film"].parent / "c.json", "-o", output, "--patches", tmp_path,
    )  # fmt: skip
    assert outcome.code == 2
    assert "--patches" in outcome.err
    assert (tmp_path / "keep.txt").read_text() == "mine"
    assert not output.exists()
