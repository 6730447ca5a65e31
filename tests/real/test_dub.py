"""Whole dubs of real footage: one person who turns his head, and a film with cuts made of several clips."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from jobs import grant

import avsynth
from avsynth.core.media import Frames, Waveform
from avsynth.core.report import QCReport
from avsynth.media.probe import probe, require_video
from avsynth.media.read import read_audio, read_frames
from avsynth.media.shots import detect_shots
from avsynth.media.write import FilmWriter, mux

STUDIO = (
    ("00:00:00,500", "00:00:03,200", "Buenos días a todos, gracias por venir."),
    ("00:00:03,600", "00:00:07,400", "Hoy quiero hablar de mi trabajo y de la música."),
    ("00:00:08,000", "00:00:12,000", "Mi primo Pablo compró un bonito papel blanco."),
    ("00:00:12,600", "00:00:16,200", "Todo lo bueno empieza con una palabra amable."),
    ("00:00:16,600", "00:00:19,600", "Muchas gracias y hasta la próxima semana."),
)
GRID = (
    ("00:00:00,400", "00:00:02,600", "Pon el papel azul en la mesa."),
    ("00:00:03,400", "00:00:05,700", "Ahora busca mi libro blanco."),
    ("00:00:06,300", "00:00:08,800", "Espera un momento, por favor."),
    ("00:00:09,400", "00:00:11,600", "Muy bien, eso es todo."),
)


def dub(film: Path, lines: tuple[tuple[str, str, str], ...], folder: Path, *, fit: bool = True) -> QCReport:
    script = folder / "es.srt"
    blocks = [f"{n}\n{a} --> {b}\n{text}\n" for n, (a, b, text) in enumerate(lines, start=1)]
    script.write_text("\n".join(blocks), encoding="utf-8")
    made = avsynth.dub(
        film,
        script=script,
        language="es",
        consent=grant(folder / "consent.json", basis="clips for measuring"),
        output=folder / "dub.mp4",
        options=avsynth.DubOptions(work=folder / "work", report=folder / "report", fit=fit),
    )
    before, after = require_video(probe(film)), require_video(probe(made.output))
    for name in ("frame_count", "frame_rate", "width", "height"):
        assert getattr(after, name) == getattr(before, name), name
    return made.report


def value(report: QCReport, name: str) -> float:
    return next(check.value for check in report.checks if check.name == name)


@pytest.mark.real
def test_a_person_who_turns_his_head(media: Path, tmp_path: Path) -> None:
    report = dub(media / "talking" / "studio_demo3.mp4", STUDIO, tmp_path)
    failed = [check for check in report.checks if not check.passed]
    assert not failed
    assert value(report, "bilabial_closure") >= 0.95
    assert value(report, "open_in_silence") <= 0.03


@pytest.mark.real
def test_a_film_with_cuts(media: Path, tmp_path: Path) -> None:
    film = tmp_path / "joined.mp4"
    clips = sorted((media / "talking" / "grid_s1" / "video").iterdir())[:4]
    edges = join(clips, film)
    shots = detect_shots(film)
    assert shots[-1].end == edges[-1]
    report = dub(film, GRID, tmp_path, fit=False)  # a minute less; the film above has a fitted voice
    assert not [check for check in report.checks if not check.passed]


def join(clips: list[Path], film: Path) -> list[int]:
    """Put clips behind each other, picture and sound; returns where each ends."""
    like = require_video(probe(clips[0]))
    picture = film.with_name("picture.mp4")
    total, edges, sounds = 0, [], []
    with FilmWriter(picture, like=like) as writer:
        for clip in clips:
            for frames in read_frames(clip):
                pts = np.arange(total, total + len(frames)) * round(1 / (like.frame_rate * like.time_base))
                writer.write(Frames(frames.planes, frames.pixel_format, total, pts.astype(np.int64), frames.color))
                total += len(frames)
            edges.append(total)
            sounds.append(read_audio(clip, sample_rate=48_000).samples)
            missing = round(Fraction(total, 1) / like.frame_rate * 48_000) - sum(s.shape[1] for s in sounds)
            sounds[-1] = np.pad(sounds[-1], ((0, 0), (0, max(missing, 0))))[
                :, : sounds[-1].shape[1] + min(missing, 0) or None
            ]
    sound = Waveform(np.concatenate([s[:1] for s in sounds], axis=1), 48_000)
    mux(film, segments=[picture], sound=sound, language="en", like=probe(picture))
    return edges
