"""The measurement of cloners, on one whose truth is known: it gives everybody their own voice, or the other's."""

from __future__ import annotations

import importlib.util
import shutil
import sys
from argparse import Namespace
from fractions import Fraction
from operator import attrgetter
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from avsynth.core.media import Waveform
from avsynth.core.span import Span
from avsynth.core.speech import PhonemeSpan, PhonemeTimeline, Speech, VoiceProfile, VoiceStatistics
from avsynth.media.read import read_audio
from avsynth.media.sound import write_audio
from avsynth.metrics import words
from avsynth.metrics.edges import EdgeLevels
from avsynth.text.espeak import speak
from avsynth.training.results import ORIGIN, read_results, table
from avsynth.voice.base import CLONERS, ENCODERS

RECIPES = Path(__file__).parents[2] / "recipes" / "LibriSpeech"
VOICES = {"p1": None, "p2": "f2"}
TEXTS = ("The birch canoe slid on the smooth planks.", "Rice is often served in round bowls, with salt.")


@pytest.fixture(scope="module")
def evaluate() -> ModuleType:
    spec = importlib.util.spec_from_file_location("voice_cloner_evaluate", RECIPES / "VoiceCloner" / "evaluate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def people(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two voices of espeak-ng, laid out like the corpus: a prompt, the same file among the others, and another one."""
    media = tmp_path_factory.mktemp("media")
    for name, variant in VOICES.items():
        for number, text in enumerate(TEXTS):
            target = media / "speech" / "yourtts_gt" / "VCTK" / name / f"{name}_{number:03d}.flac"
            target.parent.mkdir(parents=True, exist_ok=True)
            write_audio(target, speak(text, language="en", voice_variant=variant).waveform)
        prompt = media / "speech" / "yourtts_ref" / f"{name}_000.flac"
        prompt.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(target.with_name(prompt.name), prompt)
    (media / "speech" / "yourtts_gt" / "VCTK" / "p3").mkdir()  # nobody's
    return media


def test_a_prompt_is_never_what_is_judged_by(evaluate: ModuleType, people: Path) -> None:
    found = evaluate.unseen(people)
    assert [person.name for person in found] == ["p1", "p2"]
    for person in found:
        assert [path.name for path in person.reference] == [f"{person.name}_000.flac"]
        assert [path.name for path in person.real] == [f"{person.name}_001.flac"]
    assert [person.name for person in evaluate.unseen(people, count=1)] == ["p1"]
    with pytest.raises(evaluate.InputError, match="yourtts"):
        evaluate.unseen(people / "speech" / "yourtts_gt" / "VCTK")


class Mimic:
    """Says what the person once said, whatever is asked for."""

    name = "mimic"
    sample_rate = 22_050
    swapped = False

    def clone(self, text: str, *, profile: VoiceProfile, **rest: object) -> Speech:
        name = {"p1": "p2", "p2": "p1"}[profile.speaker] if self.swapped else profile.speaker
        sound = speak(TEXTS[1], language="en", voice_variant=VOICES[name]).waveform
        whole = PhonemeSpan("a", Span(Fraction(0), sound.duration))  # where there is no phoneme, it would be silenced
        return Speech(sound, PhonemeTimeline((whole,), sound.duration), "en")


class Scribe:
    """Hears one word too many."""

    name = "scribe"

    def understands(self, language: str) -> bool:
        return language == "en"

    def transcribe(self, waveform: Waveform, *, language: str) -> str:
        return self.text + " indeed"


@pytest.fixture
def stage(evaluate: ModuleType, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    statistics = VoiceStatistics(120.0, 0.2, np.zeros(4, np.float32), np.ones(4, np.float32))

    def enrolled(person):
        vector = ENCODERS.get("ge2e")().embed(read_audio(person.reference[0]))
        consent = evaluate.consent_of(person.name)
        return VoiceProfile(person.name, vector, "ge2e", statistics, ("0" * 64,), 3.0, consent)

    monkeypatch.setattr(evaluate, "enrolled", enrolled)
    monkeypatch.setattr(evaluate, "JUDGES", ("ge2e",))
    monkeypatch.setattr(CLONERS, "get", lambda name: Mimic)
    monkeypatch.setattr(evaluate, "choose", lambda language: "espeak")
    Scribe.text = evaluate.SENTENCES["en"][0]
    monkeypatch.setattr(words, "recognizers", lambda: ({"scribe": Scribe()}, {}))
    monkeypatch.setattr(evaluate, "recognizers", lambda: ({"scribe": Scribe()}, {}))
    return evaluate


@pytest.mark.weights
def test_the_right_voices_are_told_from_the_wrong(
    stage: ModuleType, people: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = ["--media", str(people), "--sentences", "1", "--cloner", "mimic"]
    rows = list(stage.measure(stage.read_arguments(given)))
    assert [row["what"] for row in rows] == ["the people themselves", "base espeak, not converted", "mimic"]
    themselves, base, made = rows
    assert (made["people"], made["lines"], made["language"], made["reference"]) == ("2", "2", "en", "3")
    assert made["ge2e_hit"] == "100"
    assert float(made["ge2e_own"]) > 0.95  # the very utterance that is judged by, brought to another level
    assert float(made["ge2e_own"]) > float(themselves["ge2e_own"]) > float(made["ge2e_others"])
    assert (made["wrong_words"], made["recognizer"]) == (f"{100 / 14:.1f}", "scribe")
    assert base["wrong_words"] == made["wrong_words"]
    assert made["duration_error"] == "0"
    assert 1 < float(made["mos"]) < 5
    assert not themselves.get("wrong_words")  # nobody knows for sure what they say
    monkeypatch.setattr(Mimic, "swapped", True)
    bench = stage.Bench(stage.unseen(people), recognizer=None)
    profiles = {person.name: stage.enrolled(person) for person in bench.people}
    made = stage.clone(bench, profiles, cloner="mimic", language="en", sentences=stage.SENTENCES["en"][:1])
    assert made.words == []
    each = {name: [bench.encoders["ge2e"].embed(sound) for sound in sounds] for name, sounds in made.sounds.items()}
    assert stage.speaker_similarity(each, real=bench.real["ge2e"]).hit == 0


@pytest.mark.weights
def test_beside_more_speech_stands_what_the_person_reaches(
    stage: ModuleType, people: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = sorted((people / "speech" / "yourtts_gt" / "VCTK" / "p2").glob("*.flac"))
    monkeypatch.setattr(stage, "talkative", lambda media: iter([("p2", files[:1], tuple(files[1:]))]))
    enrolled, names = stage.enrolled, list[str]()
    monkeypatch.setattr(stage, "enrolled", lambda person: names.append(person.name) or enrolled(person))
    given = ["--media", str(people), "--sentences", "1", "--cloner", "mimic", "--speakers", "1", "--languages", ""]
    rows = list(stage.measure(stage.read_arguments([*given, "--adapt-seconds", "1,2"])))
    assert [row["what"] for row in rows] == ["the people themselves, p2", "mimic, p2", "mimic, p2"]
    assert [row["reference"] for row in rows[1:]] == ["1", "2"]
    assert 0.7 < float(rows[0]["ge2e_own"]) < 0.95 < float(rows[1]["ge2e_own"])  # the mimic says what is judged by
    assert rows[0]["ge2e_hit"] == "100"
    assert names == ["p2", "p2"]  # nobody else speaks, so nobody else has to be fitted


def test_voices_are_fitted_at_the_same_time_and_keep_their_names(
    evaluate: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(evaluate, "adapt", attrgetter("speaker"))
    people = {name: Namespace(speaker=name.upper()) for name in ("b", "a", "c")}
    for jobs in ("1", "2"):
        fitted = evaluate.as_spoken(people, given=evaluate.read_arguments(["--jobs", jobs]))
        assert list(fitted.items()) == [("b", "B"), ("a", "A"), ("c", "C")]
    assert evaluate.as_spoken(people, given=evaluate.read_arguments(["--no-fit"])) == people


def test_rows_are_printed_and_written_only_where_told_to(
    evaluate: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    row = {"what": "mimic", "language": "en", "reference": "14", "ge2e_own": "0.812"}
    monkeypatch.setattr(evaluate, "measure", lambda given: iter([row]))
    monkeypatch.setattr(evaluate, "FOLDER", tmp_path)
    (tmp_path / "README.md").write_text("<!-- results.csv begins -->\n<!-- results.csv ends -->\n")
    assert evaluate.main([]) == 0
    assert "| mimic | en | 14 |" in capsys.readouterr().out
    assert not (tmp_path / "results.csv").exists()
    assert evaluate.main(["--write"]) == 0
    (written,) = read_results(tmp_path)
    assert {name: written[name] for name in row} == row
    assert written["judge_own"] == ""
    assert "| mimic | en | 14 |" in (tmp_path / "README.md").read_text()


def test_without_a_recognizer_nothing_is_said_of_words(
    evaluate: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(evaluate, "recognizers", lambda: ({}, {"scribe": "needs 'quill': pip install quill"}))
    assert evaluate.choose_recognizer("") is None
    assert "word errors are not measured" in capsys.readouterr().err
    with pytest.raises(evaluate.InputError, match="pip install quill"):
        evaluate.choose_recognizer("scribe")
    with pytest.raises(evaluate.InputError, match="no recognizer named 'clerk'; there are: scribe"):
        evaluate.choose_recognizer("clerk")


def test_a_reference_is_as_long_as_it_says(evaluate: ModuleType, people: Path, tmp_path: Path) -> None:
    files = sorted((people / "speech" / "yourtts_gt").rglob("p1_*.flac"))
    path = tmp_path / "reference.wav"
    assert evaluate.first_seconds(files, seconds=4, target=path) == 4
    assert read_audio(path).duration == 4
    whole = sum(read_audio(file).duration for file in files)
    assert evaluate.first_seconds(files, seconds=300, target=path) == pytest.approx(float(whole))


def test_lines_are_joined_with_short_pauses(evaluate: ModuleType) -> None:
    sound = Waveform(np.ones((2, 1000), np.float32), 10_000)
    joined = evaluate.join([sound, sound])
    assert joined.samples.shape == (1, 4000)
    assert joined.samples[0, 1000:3000].max() == 0
    assert joined.duration == Fraction(4, 10)


def test_rows_that_are_measured_again_take_the_old_ones_place(evaluate: ModuleType) -> None:
    old = [{"what": "a", "language": "en", "reference": "5"}, {"what": "a", "language": "fr", "reference": "5"}]
    new = [{"what": "a", "language": "fr", "reference": "5", "mos": "3"}]
    assert evaluate.merged(old, new) == [old[0], new[0]]


def test_what_is_typed_can_be_typed_again(evaluate: ModuleType) -> None:
    given = evaluate.read_arguments(
        ["--media", "somewhere", "--languages", "en,fr", "--adapt-seconds", "5,10", "--no-fit"]
    )
    command = evaluate.command_of(given)
    again: Namespace = evaluate.read_arguments(command.split()[2:])
    assert {**vars(again), "media": given.media, "write": False} == vars(given)
    assert "somewhere" not in command
    with pytest.raises(SystemExit):
        evaluate.read_arguments(["--languages", "tlh"])


def test_what_only_some_have_the_band_for_is_no_missing_end(evaluate: ModuleType) -> None:
    """A line that ends in a tone of 3 kHz, once with ten times as much at 10 kHz above it, and once without its end."""
    rate, third = 48_000, Fraction(1, 3)
    time = np.arange(rate) / rate
    spans = [Span(third * n, third * (n + 1)) for n in range(3)]
    timeline = PhonemeTimeline(tuple(PhonemeSpan("a", span) for span in spans), Fraction(1))

    def ends(hz_10000: float, loud: float) -> EdgeLevels:
        tones = np.sin(2 * np.pi * 3000 * time), np.sin(2 * np.pi * 10_000 * time)
        sound = np.where(time < 2 / 3, 1.0, loud) * (tones[0] + hz_10000 * (time >= 2 / 3) * tones[1])
        return evaluate.ends_of(Speech(Waveform(sound[None].astype(np.float32) / 20, rate), timeline, "en"))

    full = ends(10.0, 1.0)
    assert ends(0.0, 1.0).fainter_than(full) == pytest.approx(0, abs=0.1)
    assert ends(0.0, 0.1).fainter_than(full) == pytest.approx(20 - 10 * np.log10(3 / 2), abs=0.3)


def test_sentences_are_of_words_and_as_many_in_each_language(evaluate: ModuleType) -> None:
    for language, sentences in evaluate.SENTENCES.items():
        assert len(sentences) == len(set(sentences)) == 10
        for sentence in sentences:
            said = words.normalize_words(sentence, language=language)
            assert not any(character.isdigit() for character in sentence)
            assert 10 <= len(said) <= 20


@pytest.mark.parametrize("recipe", ["SpeakerEncoder", "VoiceCloner"])
def test_the_readmes_table_is_the_results(recipe: str) -> None:
    folder = RECIPES / recipe
    if not (folder / "results.csv").exists():
        pytest.skip("not measured yet")
    rows = read_results(folder)
    columns = [name for name in rows[0] if name not in ORIGIN]
    body = table(rows, columns={name: name for name in columns}).partition("\n")[2]
    assert body in (folder / "README.md").read_text(encoding="utf-8")
    assert all(row["command"].startswith(f"python recipes/LibriSpeech/{recipe}/evaluate.py") for row in rows)
