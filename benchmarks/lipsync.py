"""Frames per second of the whole `lipsync` and of its stages at 720p, and peak memory of a short and a long film.

Beside them, in the same run, the generator network of Wav2Lip alone, of the public layout and with random weights: the
speed does not depend on what they are.

    python benchmarks/lipsync.py CLIP [--seconds 20 300]

CLIP shows one person talking, with sound, for at least 20 s. It is cut to 1280x720 and repeated to each length; every
length is run in a process of its own with an empty work folder, whose peak memory the system reports. Without CLIP,
`studio_demo3.mp4` of $AVSYNTH_TEST_MEDIA is taken.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from datetime import timedelta
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
from wav2lip import network_fps

WIDTH, HEIGHT = 1280, 720


def make_film(clip: Path, *, seconds: int, folder: Path) -> tuple[Path, Path]:
    """Cut a clip to 720p around its face's height and repeat it, forwards and backwards, with its sound."""
    from avsynth.core.media import ColorTags, Frames, VideoStream, Waveform
    from avsynth.media.color import region_rgb, rgb_to_planes
    from avsynth.media.probe import probe, require_video
    from avsynth.media.read import read_audio, read_frames
    from avsynth.media.sound import write_audio
    from avsynth.media.write import EncodeSettings, FilmWriter

    video = require_video(probe(clip))
    color = ColorTags(1, 1, 1, 1)
    pictures = []
    top = max(0, int(video.height * 0.5 - video.width * 9 / 32))
    tall = int(video.width * 9 / 16)
    for chunk in read_frames(clip, chunk=8):
        for index in range(len(chunk)):
            part = region_rgb(chunk, index, left=0, top=top, width=video.width, height=min(tall, video.height - top))
            resized = cv2.resize(part, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA).astype(np.uint8)
            pictures.append(rgb_to_planes(resized, pixel_format="yuv420p", color=color))
    count = int(seconds * video.frame_rate)
    like = VideoStream("h264", WIDTH, HEIGHT, video.frame_rate, count, 1 / video.frame_rate, "yuv420p", color)
    film, sound = folder / f"film-{seconds}.mp4", folder / f"sound-{seconds}.wav"
    order = [*range(len(pictures)), *range(len(pictures) - 2, 0, -1)]
    with FilmWriter(film, like=like, settings=EncodeSettings(preset="ultrafast")) as writer:
        for index in range(count):
            planes = pictures[order[index % len(order)]]
            pts = np.array([index], np.int64)
            writer.write(Frames(tuple(plane[None] for plane in planes), "yuv420p", index, pts, color))
    spoken = read_audio(clip)
    wanted = int(Fraction(seconds) * spoken.sample_rate)
    repeated = np.tile(spoken.samples, wanted // spoken.samples.shape[1] + 1)[:, :wanted]
    write_audio(sound, Waveform(repeated, spoken.sample_rate))
    return film, sound


def measure(film: Path, sound: Path) -> None:
    """Run `lipsync` once and print, as JSON, the seconds of each step, the frames, and the peak memory."""
    import avsynth
    from avsynth.core.consent import today
    from avsynth.media.probe import probe, require_video
    from avsynth.provenance.consent import new_consent, save_consent

    folder = film.parent
    consent = folder / "consent.json"
    expires = today() + timedelta(days=1)
    save_consent(
        consent,
        new_consent(
            speaker="Bench",
            kinds=("likeness",),
            languages=("any",),
            project="benchmark",
            expires=expires,
            granted_by="Bench",
            basis="measuring speed",
        ),
    )
    steps: dict[str, float] = {}
    since, before = time.perf_counter(), "start"

    def listen(step: str, done: int, total: int) -> None:
        nonlocal since, before
        now = time.perf_counter()
        steps[before] = steps.get(before, 0.0) + now - since
        since, before = now, step

    began = time.perf_counter()
    options = avsynth.LipsyncOptions(work=folder / f"work-{film.stem}", progress=listen)
    output = folder / f"out-{film.stem}.mp4"
    avsynth.lipsync(film, audio=sound, language="en", consent=consent, output=output, options=options)
    listen("end", 0, 0)
    whole = time.perf_counter() - began
    frames = require_video(probe(film)).frame_count
    peak = peak_mb()
    print(json.dumps({"frames": frames, "seconds": whole, "steps": steps, "peak_mb": peak}))


def peak_mb() -> float:
    """The most memory this program has held: Linux's ``ru_maxrss`` would begin with what its parent held."""
    status = Path("/proc/self/status")
    if status.exists():
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def render_alone(film: Path, work: Path) -> None:
    """Print milliseconds a frame of decoding, rendering, compositing and encoding, from the artefacts of a run."""
    from avsynth.lipsync.base import RENDERERS, Footage
    from avsynth.lipsync.composite import composite
    from avsynth.media.probe import probe, require_video
    from avsynth.media.read import read_frames
    from avsynth.media.write import FilmWriter
    from avsynth.pipeline.artefacts import load_motion, load_track
    from avsynth.pipeline.faces import usable

    info = probe(film)
    track = max((load_track(path) for path in work.glob("track/*/*.npz")), key=len)
    motions = (load_motion(path) for path in work.glob("motion/*.npz"))
    planned = next(m for m in motions if m.motion.start == track.start and len(m.motion) == len(track))
    renderer = RENDERERS.get("footage")()
    spent = dict.fromkeys(("prepare", "decode", "render", "composite", "encode"), 0.0)
    clock = time.perf_counter
    began = clock()
    renderer.prepare([Footage(film, track, usable(track, info=info).usable)])
    spent["prepare"] = clock() - began
    with FilmWriter(work / "alone.mp4", like=require_video(info)) as writer:
        began = clock()
        for frames in read_frames(film, start=track.start, end=track.end, chunk=8):
            marks = [began, clock()]
            patches = renderer.render(frames, track=track, motion=planned.motion, strength=planned.strength)
            marks.append(clock())
            changed = composite(frames, patches)
            marks.append(clock())
            writer.write(changed)
            marks.append(clock())
            for name, a, b in zip(("decode", "render", "composite", "encode"), marks, marks[1:], strict=False):
                spent[name] += b - a
            began = clock()
    print(f"  preparing the bank: {spent.pop('prepare'):.1f} s")
    for name, value in spent.items():
        print(f"  {name:10s} {1000 * value / len(track):6.2f} ms a frame")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("clip", nargs="?", type=Path)
    parser.add_argument("--seconds", nargs="+", type=int, default=[20, 300])
    parser.add_argument("--measure", nargs=2, type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.measure:
        measure(*arguments.measure)
        return
    print(f"Wav2Lip's generator network alone: {network_fps():.1f} frames a second")
    default = Path(os.environ.get("AVSYNTH_TEST_MEDIA", "../shared/media")) / "talking" / "studio_demo3.mp4"
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for seconds in arguments.seconds:
            film, sound = make_film(arguments.clip or default, seconds=seconds, folder=folder)
            command = [sys.executable, __file__, "--measure", str(film), str(sound)]
            result = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout)
            frames, whole = result["frames"], result["seconds"]
            peak = result["peak_mb"]
            print(f"{seconds} s of film, {frames} frames: {frames / whole:.1f} frames a second, peak {peak:.0f} MB")
            for step, spent in result["steps"].items():
                if spent > 0.05:
                    print(f"  {step:20s} {spent:7.1f} s  {frames / spent:8.1f} frames a second")
            if seconds == arguments.seconds[0]:
                render_alone(film, folder / f"work-{film.stem}")


if __name__ == "__main__":
    main()
