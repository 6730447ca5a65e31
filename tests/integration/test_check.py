"""`avsynth check` on drawn films whose sync, softness and changes were planted."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import pytest
from jobs import Outcome, silence
from synth import draw_film, write_film

import avsynth
from avsynth.core.consent import Consent, VerifiedConsent, today
from avsynth.core.media import Waveform
from avsynth.core.span import Span
from avsynth.core.speech import PhonemeTimeline, VoiceProfile
from avsynth.lipsync.animate import animate
from avsynth.media.color import region_rgb
from avsynth.media.read import read_frames
from avsynth.media.sound import write_audio
from avsynth.pipeline.result import Timelines
from avsynth.text.espeak import speak
from avsynth.voice.base import ENCODERS
from avsynth.voice.profile import save_profile
from avsynth.voice.statistics import measure

pytestmark = pytest.mark.weights
Run = Callable[..., Outcome]
SECONDS = 14
WORDS = """Buenos días, amigos míos. Este mapa pequeño es para usted, porque mañana vamos a la bahía. Nadie sabe dónde
está el barco viejo, pero mi padre quiere abrir la ventana y respirar. Mi madre también vive en el pueblo."""
SIZE, SCALE = (320, 288), 80.0


@dataclass(frozen=True)
class Drawn:
    """A film in sync, the sounds it might have had, and where work is kept."""

    film: Path
    moved: Path
    sound: Waveform
    work: Path


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Drawn:
    folder = tmp_path_factory.mktemp("drawn")
    said = speak(WORDS, language="es")
    count = SECONDS * 25
    sound = said.waveform.cut(Span(Fraction(0), Fraction(SECONDS)))
    motion = animate(PhonemeTimeline(said.phonemes, said.waveform.duration), frame_rate=Fraction(25), frame_count=count)
    film = folder / "film.mkv"
    draw_film(film, openings=0.22 * motion.coefficients[:, 0], size=SIZE, scale_px=SCALE, audio=sound)
    moved = folder / "moved.wav"
    write_audio(moved, Waveform(np.roll(sound.samples, round(0.3 * sound.sample_rate), axis=1), sound.sample_rate))
    return Drawn(film, moved, sound, folder / "work")


@pytest.fixture
def checked(run: Run, drawn: Drawn) -> Run:
    """Runs `avsynth check` on the drawn film with more options."""
    return lambda *more, film=None: run("check", film or drawn.film, "--work", drawn.work, *more)


def values(outcome: Outcome) -> dict[str, dict[str, object]]:
    return {check["name"]: check for check in json.loads(outcome.out)["checks"]}


def test_a_film_in_sync_passes_and_says_what_was_measured(checked: Run) -> None:
    outcome = checked()
    assert outcome.code == 0, outcome.err
    told = {line.split()[0]: line.split()[1:] for line in outcome.out.splitlines()}
    assert {"sync_confidence", "sync_offset", "content_credentials_found", "mouth_sharpness_over_eyes"} <= told.keys()
    assert "ok" in told["sync_confidence"]
    assert abs(float(told["sync_offset"][0])) < 0.09


def test_known_words_tell_how_many_lips_close(checked: Run) -> None:
    outcome = checked("--text", WORDS, "-l", "es", "--json")
    assert outcome.code == 0, outcome.err
    found = values(outcome)["bilabial_closure"]
    assert found["unit"] == "of 21 sounds"
    assert float(found["value"]) > 0.8  # type: ignore[arg-type]  # drawn to close at each; their times are aligned anew


def test_a_sound_that_comes_late_fails(checked: Run, drawn: Drawn) -> None:
    outcome = checked("--audio", drawn.moved, "--json")
    assert outcome.code == 1
    found = values(outcome)
    assert not found["sync_offset"]["passed"]
    assert float(found["sync_offset"]["value"]) == pytest.approx(-0.3, abs=0.1)  # type: ignore[arg-type]
    assert "failed: sync_offset face 0" in outcome.err


def test_the_same_film_as_its_original_keeps_everything_and_the_report_is_written(
    checked: Run, drawn: Drawn, tmp_path: Path
) -> None:
    outcome = checked("--original", drawn.film, "--report", tmp_path / "report", "--json")
    assert outcome.code == 0, outcome.err
    found = values(outcome)
    assert found["frame_count"]["value"] == SECONDS * 25
    assert found["psnr_outside_lower_faces"]["value"] == 100
    assert found["mouth_sharpness_kept"]["value"] == 1
    written = json.loads((tmp_path / "report" / "qc.json").read_text(encoding="utf-8"))
    assert written["checks"] == json.loads(outcome.out)["checks"]
    assert cv2.imread(str(tmp_path / "report" / "strip-0-0.png")) is not None


def test_a_soft_mouth_and_a_changed_wall_fail_by_their_numbers(checked: Run, drawn: Drawn, tmp_path: Path) -> None:
    soft = tmp_path / "soft.mkv"

    def pictures() -> object:
        for frames in read_frames(drawn.film, chunk=8):
            for index in range(len(frames)):
                picture = region_rgb(frames, index, left=0, top=0, width=SIZE[0], height=SIZE[1])
                mouth = picture[150:225, 110:210]
                mouth[:] = cv2.GaussianBlur(mouth, (0, 0), 4)
                picture[:, :40] = np.clip(picture[:, :40].astype(int) + 40, 0, 255).astype(np.uint8)
                yield picture

    write_film(soft, pictures(), frame_rate=25, audio=drawn.sound)  # type: ignore[arg-type]
    outcome = checked("--original", drawn.film, "--json", film=soft)
    assert outcome.code == 1
    found = values(outcome)
    assert float(found["mouth_sharpness_kept"]["value"]) < 0.5  # type: ignore[arg-type]
    # 40 code values of luma, by 219/255 in limited range, over an eighth of the picture less the lower face
    assert float(found["psnr_outside_lower_faces"]["value"]) == pytest.approx(26, abs=1.5)  # type: ignore[arg-type]
    assert not found["mouth_sharpness_kept"]["passed"]
    assert not found["psnr_outside_lower_faces"]["passed"]
    assert found["frame_count"]["passed"]


def test_python_gives_the_same_report(drawn: Drawn) -> None:
    report = avsynth.check(drawn.film, options=avsynth.CheckOptions(work=drawn.work))
    assert report.passed
    assert report.output == drawn.film


def test_a_film_without_a_face_or_a_voice_says_so(run: Run, drawn: Drawn, tmp_path: Path) -> None:
    wall = tmp_path / "wall.mp4"
    write_film(wall, (np.full((128, 128, 3), 90, np.uint8) for _ in range(6)), frame_rate=25)
    outcome = run("check", wall, "--work", drawn.work)
    assert outcome.code == 0
    assert "no face was measured" in outcome.err
    quiet = run("check", drawn.film, "--audio", silence(tmp_path / "quiet.wav", seconds=2), "--work", drawn.work)
    assert quiet.code == 0
    assert "nobody speaks" in quiet.err


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--text", "papa"), "--language"),
        (("--text", "papa", "--script", "a.srt", "-l", "en"), "--script or --text"),
        (("--original", "nothing.mp4"), "nothing.mp4"),
        (("--audio", "nothing.wav"), "nothing.wav"),
        (("--script", "nothing.srt", "-l", "en"), "nothing.srt"),
        (("--engine", "landmarker=magic"), "magic"),
    ],
)
def test_bad_input_is_one_line_and_code_2(checked: Run, options: tuple[str, ...], told: str) -> None:
    outcome = checked(*options)
    assert outcome.code == 2
    assert told in outcome.err
    assert outcome.out == ""
    assert len(outcome.err.strip().splitlines()) == 1


def test_no_film_is_one_line_and_code_2(run: Run, tmp_path: Path) -> None:
    (tmp_path / "text.mp4").write_text("no film")
    for name in ("absent.mp4", "text.mp4"):
        outcome = run("check", tmp_path / name)
        assert (outcome.code, outcome.out) == (2, "")
        assert name in outcome.err


def test_a_report_folder_that_cannot_be_made(checked: Run, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    outcome = checked("--report", tmp_path / "file" / "report")
    assert outcome.code == 2
    assert "report folder" in outcome.err


def test_phonemes_are_held_against_the_timelines_of_the_dub(checked: Run, drawn: Drawn, tmp_path: Path) -> None:
    """Said to be elsewhere, they are found that far away; in silence they are not looked for."""
    said = speak(WORDS, language="es")
    kept = [phoneme for phoneme in said.phonemes if phoneme.span.end < SECONDS - 1]
    late = PhonemeTimeline(tuple(kept), Fraction(SECONDS - 1)).place(Fraction(1, 8), Fraction(SECONDS))
    timelines = tmp_path / "timelines.json"
    Timelines({"Ana": late}).write(tmp_path)
    found = values(checked("--timelines", timelines, "--json"))["phonemes_off"]
    assert found["where"] == "speaker Ana"
    assert found["value"] == pytest.approx(0.125, abs=0.05)  # at the ends of a piece it cannot be heard that far away
    quiet = tmp_path / "quiet.wav"
    write_audio(quiet, Waveform(np.zeros_like(drawn.sound.samples), drawn.sound.sample_rate))
    outcome = checked("--timelines", timelines, "--audio", quiet, "--json")
    assert "phonemes_off" not in values(outcome)
    assert any("nothing of what should be said" in note for note in json.loads(outcome.out)["notes"])


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("1\n00:00:00,000 --> 00:00:01,000\nHola\n", "holds no timelines"),
        (Timelines({"Ana": PhonemeTimeline((), Fraction(60))}), "give the timelines of this film"),
    ],
)
def test_timelines_that_are_none_or_anothers(checked: Run, tmp_path: Path, text: str | Timelines, told: str) -> None:
    path = tmp_path / "timelines.json"
    text.write(tmp_path) if isinstance(text, Timelines) else path.write_text(text)
    outcome = checked("--timelines", path)
    assert outcome.code == 2
    assert told in outcome.err


def test_voices_are_held_against_their_profiles(checked: Run, drawn: Drawn, tmp_path: Path) -> None:
    """The voice that speaks is like its own profile, and less like another's; what has no line is refused."""
    other = speak(WORDS, language="es", voice_variant="f2").waveform
    profiles = {}
    for name, sound in (("Ana", drawn.sound), ("Eva", other)):
        profiles[name] = tmp_path / f"{name}.voice.json"
        save_profile(profiles[name], enrolled(name, sound))
    likeness = {}
    for name, path in profiles.items():
        found = values(checked("--text", WORDS, "-l", "es", "--voice", f"{name}={path}", "--json"))
        assert found["voice_similarity"]["where"] == f"speaker {name}"
        likeness[name] = found["voice_similarity"]["value"]
    assert likeness["Ana"] > 0.9
    assert likeness["Eva"] < likeness["Ana"] - 0.1
    several = checked(*(part for name, path in profiles.items() for part in ("--voice", f"{name}={path}")))
    assert several.code == 2
    assert "--script" in several.err


def enrolled(name: str, sound: Waveform) -> VoiceProfile:
    record = Consent("t", name, ("voice",), ("any",), "any", name, "a test", today(), today())
    vector = ENCODERS.get("ge2e")().embed(sound)
    return VoiceProfile(name, vector, "ge2e", measure(sound), ("00",), 10.0, VerifiedConsent(record))
