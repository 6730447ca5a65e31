"""Bad input: one clear line that says what is wrong and how to mend it, the right exit code, nothing half-written."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import av
import numpy as np
import pytest
from jobs import SPANISH, Outcome, Sample, grant

from avsynth.core.consent import today

Run = Callable[..., Outcome]


@pytest.fixture
def dub(sample: Sample, run: Run, tmp_path: Path) -> Callable[..., Outcome]:
    """Dub the sample with one thing changed, and make sure that a refusal leaves nothing behind."""

    def dub_with(
        *extra: object,
        film: Path | None = None,
        script: str = SPANISH,
        consent: Path | None = None,
        language: str = "es",
        output: Path | None = None,
    ) -> Outcome:
        lines = tmp_path / "lines.srt"
        lines.write_text(script, encoding="utf-8")
        folder = tmp_path / "out"
        target = output or folder / "dub.mp4"
        arguments = ["--script", lines, "--language", language, "--consent", consent or sample.consent]
        outcome = run("dub", film or sample.film, *arguments, "-o", target, "--work", sample.work, *extra)
        assert not target.exists()
        assert not folder.exists() or not list(folder.iterdir())
        return outcome

    return dub_with


def refused(outcome: Outcome, *words: str, code: int = 2) -> None:
    assert outcome.code == code, outcome.err
    lines = outcome.err.strip().splitlines()
    assert len(lines) == 1, outcome.err
    assert lines[0].startswith("error: ")
    for word in words:
        assert word in lines[0], lines[0]
    assert outcome.out == ""


def test_a_text_is_no_film(dub: Run, tmp_path: Path) -> None:
    film = tmp_path / "film.mp4"
    film.write_text("this is no film")
    refused(dub(film=film), "film.mp4")


def test_a_film_that_is_not_there(dub: Run, tmp_path: Path) -> None:
    refused(dub(film=tmp_path / "absent.mp4"), "absent.mp4")


def test_sound_alone_is_no_film(dub: Run, sample: Sample) -> None:
    refused(dub(film=sample.voice), "voice.wav", "no picture")


def test_a_film_without_sound(dub: Run, tmp_path: Path) -> None:
    film = tmp_path / "mute.mp4"
    draw(film, count=100)
    refused(dub(film=film), "mute.mp4", "no sound")


def test_a_truncated_film(dub: Run, sample: Sample, tmp_path: Path) -> None:
    film = tmp_path / "cut.mp4"
    data = sample.film.read_bytes()
    film.write_bytes(data[: len(data) // 2])
    refused(dub(film=film), "cut.mp4")


def test_a_playlist_in_disguise(dub: Run, sample: Sample, tmp_path: Path) -> None:
    film = tmp_path / "list.mp4"
    film.write_text(f"ffconcat version 1.0\nfile '{sample.film}'\n")
    refused(dub(film=film), "list.mp4")


def test_a_bomb(dub: Run, tmp_path: Path) -> None:
    film = tmp_path / "bomb.mp4"
    draw(film, count=2, size=8192)
    refused(dub(film=film), "bomb.mp4", "8192")


def srt(*lines: tuple[str, str, str]) -> str:
    return "\n".join(f"{n}\n{a} --> {b}\n{text}\n" for n, (a, b, text) in enumerate(lines, start=1))


@pytest.mark.parametrize(
    ("script", "words"),
    [
        (srt(("00:00:01,000", "00:00:03,000", "Uno."), ("00:00:02,000", "00:00:04,000", "Dos.")), ("2", "1")),
        (srt(("00:00:03,000", "00:00:01,000", "Uno.")), ("1",)),
        (srt(("00:00:06,000", "00:00:09,000", "Tarde.")), ("1",)),
        (srt(("00:00:01,000", "00:00:02,000", " ")), ("1", "no words")),
        ("", ("no lines",)),
    ],
    ids=["overlap", "negative", "past the end", "empty line", "empty script"],
)
def test_scripts_that_cannot_be_spoken(dub: Run, script: str, words: tuple[str, ...]) -> None:
    refused(dub(script=script), *words)


def test_an_unknown_language(dub: Run) -> None:
    refused(dub(language="tlh"), "tlh")


def test_a_speaker_without_consent(dub: Run) -> None:
    script = srt(("00:00:01,000", "00:00:02,000", "[Bob] Uno."))
    refused(dub(script=script), "Bob", code=3)


def test_a_voice_of_nobody_in_the_script(dub: Run, tmp_path: Path) -> None:
    refused(dub("--voice", f"Bob={tmp_path / 'bob.voice.json'}"), "Bob")


def test_a_profile_that_is_not_there(dub: Run, tmp_path: Path) -> None:
    refused(dub("--voice", f"Demo={tmp_path / 'demo.voice.json'}"), "demo.voice.json")


def test_no_consent_at_all(run: Run, sample: Sample, tmp_path: Path) -> None:
    output = tmp_path / "dub.mp4"
    refused(run("dub", sample.film, "-s", sample.script, "-l", "es", "-o", output), "consent", code=3)
    assert not output.exists()


def test_a_consent_for_another_language(dub: Run, tmp_path: Path) -> None:
    refused(dub(consent=grant(tmp_path / "fr.json", languages=("fr",))), "fr", "es", code=3)


def test_a_consent_for_the_voice_alone(dub: Run, tmp_path: Path) -> None:
    refused(dub(consent=grant(tmp_path / "voice.json", kinds=("voice",))), "likeness", code=3)


def test_a_consent_for_another_project(dub: Run, tmp_path: Path) -> None:
    consent = grant(tmp_path / "p.json", project="Hamlet")
    refused(dub("--project", "Macbeth", consent=consent), "Hamlet", "Macbeth", code=3)


def test_an_expired_consent(dub: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    consent = grant(tmp_path / "old.json", expires=today() + timedelta(days=1))
    tomorrow = today() + timedelta(days=2)
    monkeypatch.setattr("avsynth.core.consent.today", lambda: tomorrow)
    refused(dub(consent=consent), "expired", code=3)


def test_a_consent_that_was_edited(dub: Run, tmp_path: Path) -> None:
    consent = grant(tmp_path / "edited.json", languages=("fr",))
    consent.write_text(consent.read_text(encoding="utf-8").replace('"fr"', '"es"'), encoding="utf-8")
    refused(dub(consent=consent), "edited", code=3)


def test_an_unknown_engine(dub: Run) -> None:
    refused(dub("--engine", "renderer=magic"), "magic", "footage")
    refused(dub("--engine", "magic=footage"), "magic", "renderer")


def test_another_suffix(dub: Run, tmp_path: Path) -> None:
    refused(dub(output=tmp_path / "out" / "dub.gif"), ".mp4")


def test_a_folder_that_cannot_be_made(dub: Run, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    refused(dub(output=tmp_path / "file" / "dub.mp4"), "file")


def test_an_edited_plan_with_a_wrong_key(run: Run, sample: Sample, tmp_path: Path) -> None:
    plan = tmp_path / "plan.json"
    arguments = ["-s", sample.script, "-l", "es", "--consent", sample.consent, "-o", tmp_path / "dub.mp4"]
    assert run("dub", sample.film, *arguments, "--work", sample.work, "--plan-only", plan).code == 0
    plan.write_text(plan.read_text(encoding="utf-8").replace('"seed"', '"sead"'), encoding="utf-8")
    refused(run("dub", plan, "--work", sample.work), "sead", "seed")


def test_an_edited_plan_with_a_face_that_is_not_there(run: Run, sample: Sample, tmp_path: Path) -> None:
    plan, output = tmp_path / "plan.json", tmp_path / "dub.mp4"
    arguments = ["-s", sample.script, "-l", "es", "--consent", sample.consent, "-o", output]
    assert run("dub", sample.film, *arguments, "--work", sample.work, "--plan-only", plan).code == 0
    plan.write_text(plan.read_text(encoding="utf-8").replace('"track": 0', '"track": 7'), encoding="utf-8")
    refused(run("dub", plan, "--work", sample.work), "no face 7")
    assert not output.exists()


def test_stems_without_sound(dub: Run, tmp_path: Path) -> None:
    stems = tmp_path / "stems.mp4"
    draw(stems, count=10)
    refused(dub("--stems", stems), "stems.mp4", "no sound")


LIMITED = """
import resource, signal, sys
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[1]), resource.RLIM_INFINITY))
sys.argv = ["avsynth", *sys.argv[2:]]
from avsynth.cli import main
main()
"""


@pytest.mark.skipif(sys.platform == "win32", reason="file size limits are a POSIX thing")
def test_a_full_disk_is_one_line_and_leaves_the_cache_whole(sample: Sample, tmp_path: Path) -> None:
    work, output = tmp_path / "work", tmp_path / "out" / "dub.mp4"
    arguments = ["dub", sample.film, "-s", sample.script, "-l", "es", "--consent", sample.consent]
    arguments += ["-o", output, "--work", work, "--no-fit"]
    command = [sys.executable, "-c", LIMITED, "60000", *map(str, arguments)]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    outcome = Outcome(ended.returncode, ended.stdout, ended.stderr)
    refused(outcome, "cannot write")
    assert not output.exists()
    assert not [path for path in work.rglob("*") if path.name.startswith(".")]
    ended = subprocess.run([*command[:3], "999999999", *command[4:]], capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    assert output.exists()


def draw(path: Path, *, count: int, size: int = 320) -> None:
    """Write a gray film without sound."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25, options={"preset": "ultrafast"})
        stream.width = stream.height = size
        stream.pix_fmt = "yuv420p"
        for _ in range(count):
            picture = np.full((size * 3 // 2, size), 128, np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="yuv420p")))
        container.mux(stream.encode(None))
