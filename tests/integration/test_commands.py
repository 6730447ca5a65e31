"""The smaller commands: enroll, say, consent, models, inspect, lipsync, and their exit codes."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from jobs import Outcome, Sample, grant, silence

import avsynth
from avsynth.media.probe import probe, require_video
from avsynth.media.read import read_audio
from avsynth.pipeline.demo import LINES
from avsynth.pipeline.enroll import EnrollOptions

Run = Callable[..., Outcome]
UNFITTED = EnrollOptions(fit=False)


@pytest.fixture(scope="module")
def profile(sample: Sample, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("voices") / "demo.voice.json"
    made = avsynth.enroll(sample.voice, speaker="Demo", consent=sample.consent, output=path, options=UNFITTED)
    assert made.profile.speech_seconds > 3
    return path


def test_enroll_prints_where_the_profile_is(run: Run, sample: Sample, tmp_path: Path) -> None:
    path = tmp_path / "demo.voice.json"
    outcome = run("enroll", sample.voice, "--speaker", "Demo", "--consent", sample.consent, "-o", path)
    assert (outcome.code, outcome.out) == (0, f"{path}\n")


def test_enroll_refuses_another_persons_consent(run: Run, sample: Sample, tmp_path: Path) -> None:
    path = tmp_path / "bob.voice.json"
    outcome = run("enroll", sample.voice, "--speaker", "Bob", "--consent", sample.consent, "-o", path)
    assert outcome.code == 3
    assert not path.exists()


def test_enroll_says_how_much_speech_it_found(run: Run, sample: Sample, tmp_path: Path) -> None:
    quiet, path = silence(tmp_path / "quiet.wav", seconds=5), tmp_path / "x.voice.json"
    outcome = run("enroll", quiet, "--speaker", "Demo", "--consent", sample.consent, "-o", path)
    assert outcome.code == 2
    assert "speech" in outcome.err
    assert not path.exists()


def test_say_lasts_exactly_as_long_as_asked(run: Run, profile: Path, tmp_path: Path) -> None:
    output, phonemes = tmp_path / "line.wav", tmp_path / "line.json"
    outcome = run(
        "say", "Buenos días", "-l", "es", "--voice", profile, "-o", output, "--duration", "2.4", "--phonemes", phonemes
    )
    assert (outcome.code, outcome.out) == (0, f"{output}\n"), outcome.err
    sound = read_audio(output)
    assert sound.samples.shape[1] * 10 == 24 * sound.sample_rate
    timeline = json.loads(phonemes.read_text(encoding="utf-8"))
    assert [set(item) for item in timeline] == [{"symbol", "start", "end"}] * len(timeline)
    assert timeline[0]["symbol"] == "b"
    assert all(a["end"] <= b["start"] for a, b in itertools.pairwise(timeline))
    assert timeline[-1]["end"] <= 2.4


def test_what_is_said_is_marked(run: Run, profile: Path, tmp_path: Path) -> None:
    output = tmp_path / "line.wav"
    assert run("say", "Buenos días, amigos míos", "-l", "es", "--voice", profile, "-o", output).code == 0
    found = json.loads(run("inspect", output, "--json").out)
    assert found["audio"]["score"] > 0.5
    assert found["credentials"]["valid"]


def test_a_language_outside_the_consent_is_refused(run: Run, sample: Sample, tmp_path: Path) -> None:
    consent, path, output = tmp_path / "en.json", tmp_path / "en.voice.json", tmp_path / "line.wav"
    grant(consent, languages=("en",))
    avsynth.enroll(sample.voice, speaker="Demo", consent=consent, output=path, options=UNFITTED)
    assert run("say", "Bonjour", "-l", "fr", "--voice", path, "-o", output).code == 3
    assert not output.exists()


def test_a_revoked_voice_speaks_no_more(
    run: Run, sample: Sample, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    consent, path, output = grant(tmp_path / "c.json"), tmp_path / "c.voice.json", tmp_path / "line.wav"
    avsynth.enroll(sample.voice, speaker="Demo", consent=consent, output=path, options=UNFITTED)
    assert run("consent", "verify", consent).code == 0
    assert run("consent", "revoke", consent, "--reason", "a test").code == 0
    assert run("consent", "verify", consent).code == 3
    assert run("say", "Hola", "-l", "es", "--voice", path, "-o", output).code == 3
    assert not output.exists()


def test_consent_new_writes_what_verify_reads(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "ada.json"
    made = run(
        "consent", "new", "--speaker", "Ada", "--kind", "voice,likeness", "--language", "es,fr",
        "--project", "Hamlet", "--expires", "2030-01-01", "-o", path,
    )  # fmt: skip
    assert (made.code, made.out) == (0, f"{path}\n"), made.err
    record = json.loads(run("consent", "verify", path, "--json").out)
    assert (record["speaker"], record["kinds"], record["holds"]) == ("Ada", ["voice", "likeness"], True)


@pytest.mark.parametrize(
    ("option", "value"), [("--kind", "soul"), ("--expires", "soon"), ("--expires", "2001-01-01"), ("--speaker", " ")]
)
def test_consent_new_refuses_nonsense(run: Run, tmp_path: Path, option: str, value: str) -> None:
    terms = {
        "--speaker": "Ada", "--kind": "voice", "--language": "es", "--project": "any", "--expires": "2030-01-01",
    }  # fmt: skip
    terms[option] = value
    path = tmp_path / "ada.json"
    outcome = run("consent", "new", *(part for pair in terms.items() for part in pair), "-o", path)
    assert outcome.code in (2, 3)
    assert outcome.err.startswith("error: ")
    assert not path.exists()


def test_models_are_listed_and_verified(run: Run) -> None:
    rows = json.loads(run("models", "list", "--json").out)
    assert {"landmarks/attention-mesh", "speaker_encoder/ge2e"} <= {row["name"] for row in rows}
    assert run("models", "verify").code == 0


@pytest.mark.parametrize("text", [None, " ".join(LINES["en"])], ids=["sound", "words"])
def test_lipsync_keeps_the_film_and_takes_the_sound(run: Run, sample: Sample, tmp_path: Path, text: str | None) -> None:
    output = tmp_path / "out.mp4"
    words = [] if text is None else ["--text", text]
    outcome = run(
        "lipsync", sample.film, sample.voice, "-l", "en", "--consent", sample.consent, "-o", output,
        "--work", sample.work, *words,
    )  # fmt: skip
    assert (outcome.code, outcome.out) == (0, f"{output}\n"), outcome.err
    before, after = require_video(probe(sample.film)), require_video(probe(output))
    assert (after.frame_count, after.frame_rate) == (before.frame_count, before.frame_rate)


def test_help_names_every_command(run: Run) -> None:
    shown = run("--help").out
    for command in ("demo", "dub", "lipsync", "say", "enroll", "consent", "inspect", "models"):
        assert command in shown


def test_usage_errors_exit_with_two(run: Run) -> None:
    assert run("dub").code == 2
    assert run("dance").code == 2
