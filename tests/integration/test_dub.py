"""A whole dub, from the command line to the finished file, and what was promised of it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from jobs import Outcome, Sample

from avsynth.core.media import VideoStream, Waveform
from avsynth.face.hull import hull_mask, lower_face_hull
from avsynth.lipsync.base import RENDERERS, Footage
from avsynth.lipsync.composite import composite
from avsynth.media.probe import probe, require_video
from avsynth.media.read import read_audio, read_frames
from avsynth.media.sound import write_audio
from avsynth.media.write import FilmWriter, mux
from avsynth.pipeline.artefacts import load_motion, load_speech, load_track
from avsynth.pipeline.faces import usable

Run = Callable[..., Outcome]


@pytest.fixture(scope="module")
def dubbed(sample: Sample, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample, dubbed by the command line in a process of its own, with a report."""
    folder = tmp_path_factory.mktemp("dubbed")
    command = [sys.executable, "-m", "avsynth", *arguments(sample, folder / "dub.mp4", sample.work)]
    ended = subprocess.run([*command, "--report", str(folder)], capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout == f"{folder / 'dub.mp4'}\n"
    return folder


def arguments(sample: Sample, output: Path, work: Path) -> list[str]:
    given = ["dub", sample.film, "-s", sample.script, "-l", "es", "--consent", sample.consent]
    return [*map(str, given), "-o", str(output), "--work", str(work), "--no-fit"]


def video(path: Path) -> VideoStream:
    return require_video(probe(path))


def test_count_rate_and_size_survive(sample: Sample, dubbed: Path) -> None:
    before, after = video(sample.film), video(dubbed / "dub.mp4")
    for name in ("frame_count", "frame_rate", "width", "height", "pixel_format", "color"):
        assert getattr(after, name) == getattr(before, name), name


def test_the_report_says_that_all_is_well(dubbed: Path) -> None:
    report = json.loads((dubbed / "qc.json").read_text(encoding="utf-8"))
    values = {f"{c['name']} {c['where']}".strip(): c for c in report["checks"]}
    assert all(check["passed"] for check in report["checks"]), report["checks"]
    assert values["samples_off line 1"]["value"] == 0
    assert values["bilabial_closure face 0"]["value"] >= 0.95
    assert {"watermark_in_speech", "open_in_silence face 0", "frame_count"} <= values.keys()
    told = {check["name"]: check["value"] for check in report["checks"]}
    assert told["clicks"] == 0
    assert told["phonemes_off"] <= 0.03
    assert (dubbed / "before-after.mp4").exists()
    assert (dubbed / "strip-0-0.png").exists()


def test_the_film_is_held_against_its_own_timelines(run: Run, dubbed: Path, tmp_path: Path) -> None:
    """Mixed, encoded and signed, it is still heard where its mouths say it."""
    outcome = run("check", dubbed / "dub.mp4", "--timelines", dubbed / "timelines.json", "--work", tmp_path, "--json")
    (found,) = (check for check in json.loads(outcome.out)["checks"] if check["name"] == "phonemes_off")
    assert found["value"] <= 0.03


def test_the_sound_speaks_in_the_lines_and_is_the_original_elsewhere(sample: Sample, dubbed: Path) -> None:
    before = read_audio(sample.film, sample_rate=16_000).mono()
    after = read_audio(dubbed / "dub.mp4", sample_rate=16_000).mono()
    away = slice(int(2.6 * 16_000), int(2.9 * 16_000))  # between the lines: nothing new is heard
    assert np.abs(before[away] - after[away]).max() < 0.02
    inside = slice(int(0.5 * 16_000), int(2.0 * 16_000))
    assert np.corrcoef(before[inside], after[inside])[0, 1] < 0.5
    assert np.sqrt(np.mean(after[inside] ** 2)) > 0.01


def test_the_sound_stream_names_its_language(dubbed: Path) -> None:
    assert probe(dubbed / "dub.mp4").audio[0].language == "spa"


def test_both_marks_are_found(run: Run, dubbed: Path) -> None:
    found = json.loads(run("inspect", dubbed / "dub.mp4", "--json").out)
    text = json.dumps(found)
    assert found["audio"]["score"] > 0.5, text
    assert found["credentials"]["valid"], text


def test_a_plan_can_be_edited_and_run(run: Run, sample: Sample, dubbed: Path, tmp_path: Path) -> None:
    plan, output = tmp_path / "plan.json", tmp_path / "edited.mp4"
    outcome = run(*arguments(sample, output, sample.work), "--plan-only", plan)
    assert (outcome.code, outcome.out) == (0, f"{plan}\n")
    edited = plan.read_text(encoding="utf-8").replace("Este papel blanco", "Aquel papel negro")
    plan.write_text(edited, encoding="utf-8")
    cloned = sample.work / "clone"
    before = {path.name for path in cloned.iterdir()}
    assert run("dub", plan, "--work", sample.work).code == 0
    assert len({path.name for path in cloned.iterdir()} - before) == 1  # a changed line re-makes only itself
    assert pictures(output) != pictures(dubbed / "dub.mp4")


def pictures(path: Path) -> list[bytes]:
    with av.open(str(path)) as container:
        return [bytes(packet) for packet in container.demux(video=0) if packet.size]


def sound(path: Path) -> list[bytes]:
    with av.open(str(path)) as container:
        return [bytes(packet) for packet in container.demux(audio=0) if packet.size]


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL is a POSIX thing")
def test_a_run_killed_in_one_stage_after_the_other_yields_the_same_film(
    sample: Sample, dubbed: Path, tmp_path: Path
) -> None:
    work, output = tmp_path / "work", tmp_path / "dub.mp4"
    command = [sys.executable, "-m", "avsynth", *arguments(sample, output, work)]
    for stage in ("track", "clone", "picture"):
        assert not (work / stage).exists(), f"the stage {stage} began before the one that is killed first"
        started = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + 240
        while not (work / stage).exists() and started.poll() is None:
            assert time.monotonic() < deadline, f"the stage {stage} was never reached"
            time.sleep(0.05)
        started.send_signal(signal.SIGKILL)
        assert started.wait() == -signal.SIGKILL, f"it ended before the stage {stage}"
        assert not output.exists()
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    assert pictures(output) == pictures(dubbed / "dub.mp4")
    assert sound(output) == sound(dubbed / "dub.mp4")


def test_the_work_is_the_same_in_other_processes(sample: Sample, dubbed: Path, tmp_path: Path) -> None:
    output = tmp_path / "dub.mp4"
    command = [sys.executable, "-m", "avsynth", *arguments(sample, output, tmp_path / "work"), "--executor", "process"]
    ended = subprocess.run(
        command, capture_output=True, text=True, check=False, env={**os.environ, "OMP_NUM_THREADS": "1"}
    )
    assert ended.returncode == 0, ended.stderr
    assert pictures(output) == pictures(dubbed / "dub.mp4")


def test_pixels_far_from_the_face_are_the_same_before_encoding(sample: Sample, dubbed: Path) -> None:
    track = load_track(next((sample.work / "track").glob("*/*.npz")))
    motion = load_motion(next((sample.work / "motion").glob("*.npz")))
    renderer = RENDERERS.get("footage")()
    renderer.prepare([Footage(sample.film, track, usable(track, info=probe(sample.film)).usable)])
    changed = 0
    for frames in read_frames(sample.film, start=20, end=44, chunk=8):
        patches = renderer.render(frames, track=track, motion=motion.motion, strength=motion.strength)
        after = composite(frames, patches)
        for index in range(len(frames)):
            hull = lower_face_hull(track.landmarks_px[frames.start + index - track.start], track.layout)
            outside = ~hull_mask(hull, left=0, top=0, width=frames.width, height=frames.height)
            assert (after.planes[0][index][outside] == frames.planes[0][index][outside]).all()
            changed += int((after.planes[0][index] != frames.planes[0][index]).sum())
    assert changed > 0


def test_lines_land_to_the_sample(sample: Sample) -> None:
    lengths = {load_speech(folder).waveform.duration for folder in (sample.work / "clone").iterdir()}
    assert {Fraction(48, 25), Fraction(11, 5)} <= lengths


def test_frames_without_a_face_pass_through_and_are_listed(run: Run, sample: Sample, tmp_path: Path) -> None:
    film, gone = tmp_path / "gap.mp4", range(30, 50)
    with FilmWriter(tmp_path / "gap-picture.mp4", like=video(sample.film)) as writer:
        for frames in read_frames(sample.film, chunk=5):
            if frames.start in gone:
                frames = replace(frames, planes=tuple(np.full_like(plane, 120) for plane in frames.planes))
            writer.write(frames)
    sound_track = read_audio(sample.film)
    mux(film, segments=[tmp_path / "gap-picture.mp4"], sound=sound_track, language="en", like=probe(sample.film))
    given = ["dub", film, "-s", sample.script, "-l", "es", "--consent", sample.consent, "-o", tmp_path / "dub.mp4"]
    outcome = run(*given, "--work", tmp_path / "work", "--no-fit", "--json")
    assert outcome.code == 0, outcome.err
    listed = {
        frame for item in json.loads(outcome.out)["passed_through"] for frame in range(item["start"], item["end"])
    }
    assert set(gone) <= listed
    assert len(listed) < len(gone) + 10  # and the frames around them are not given up
    assert video(tmp_path / "dub.mp4").frame_count == video(film).frame_count


def test_on_stems_nothing_of_the_original_is_heard_and_the_mouth_rests_between_the_lines(
    run: Run, sample: Sample, tmp_path: Path
) -> None:
    stems = tmp_path / "stems.wav"
    tone = 0.02 * np.sin(2 * np.pi * 440 * np.arange(8 * 48_000) / 48_000)
    write_audio(stems, Waveform(np.stack([tone, tone]).astype(np.float32), 48_000))
    given = ["dub", sample.film, "-s", sample.script, "-l", "es", "--consent", sample.consent]
    outcome = run(*given, "-o", tmp_path / "dub.mov", "--work", sample.work, "--no-fit", "--stems", stems)
    assert outcome.code == 0, outcome.err
    heard = read_audio(tmp_path / "dub.mov")
    away = slice(int(5.6 * 48_000), int(7.4 * 48_000))  # the original speaks here, the dub does not
    assert np.abs(heard.samples[0, away] - tone[away]).max() < 1e-4  # 24-bit PCM, and no trace of the original
    assert probe(tmp_path / "dub.mov").audio[0].channels == 2
