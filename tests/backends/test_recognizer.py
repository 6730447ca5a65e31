"""Every recognizer keeps the promises of ``Recognizer``; those whose weights are not here are run with a stand-in."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest

from avsynth.core.errors import InputError, MissingExtraError, ModelError
from avsynth.core.media import Waveform
from avsynth.metrics.base import RECOGNIZERS
from avsynth.metrics.words import recognizers, word_errors
from avsynth.text.espeak import speak

TEXT = "We will meet again in the morning."


@pytest.fixture(scope="module")
def said() -> Waveform:
    return speak(TEXT, language="en").waveform


@pytest.fixture(scope="module", params=RECOGNIZERS.names())
def recognizer(request: pytest.FixtureRequest):
    ready, absent = recognizers()
    if request.param in absent:
        pytest.skip(absent[request.param])
    return ready[request.param]


def test_words_are_understood(recognizer, said: Waveform) -> None:
    heard = recognizer.transcribe(said, language="en")
    assert word_errors(TEXT, heard=heard, language="en").errors <= 4  # of 7: PocketSphinx hardly knows espeak-ng
    assert word_errors("Nothing of the kind was ever mentioned here.", heard=heard, language="en").rate > 0.8


def test_what_was_heard_before_does_not_matter(recognizer, said: Waveform) -> None:
    first = recognizer.transcribe(said, language="en-GB")
    recognizer.transcribe(speak("Rice is often served in round bowls.", language="en").waveform, language="en")
    assert recognizer.transcribe(said, language="en-GB") == first


def test_a_language_it_does_not_know_is_an_error(recognizer, said: Waveform) -> None:
    assert recognizer.understands("en-US")
    assert not recognizer.understands("tlh")
    with pytest.raises(InputError, match="tlh"):
        recognizer.transcribe(said, language="tlh")


@pytest.mark.parametrize("name", RECOGNIZERS.names())
def test_a_missing_package_names_the_extra(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    target = RECOGNIZERS._targets()[name].partition(":")[0]
    monkeypatch.delitem(sys.modules, target, raising=False)
    monkeypatch.setitem(sys.modules, {"pocketsphinx": "pocketsphinx", "faster-whisper": "faster_whisper"}[name], None)
    with pytest.raises(MissingExtraError, match=r"avsynth\[judges\]"):
        RECOGNIZERS.get(name)
    sys.modules.pop(target, None)


class StandIn:
    """What of ``faster_whisper.WhisperModel`` is used, with a memory of how."""

    supported_languages = ("en", "fr")

    def __init__(self, folder: str, **options: object) -> None:
        if Path(folder, "broken").exists():
            raise RuntimeError("Unsupported model binary version\nmore")
        self.options, self.asked = options, {}

    def transcribe(self, sound: np.ndarray, **asked: object):
        self.asked = asked | {"seconds": len(sound) / 16_000, "kind": sound.dtype}
        return iter([SimpleNamespace(text=" Bonjour,"), SimpleNamespace(text=" le monde.")]), None


@pytest.fixture
def whisper(monkeypatch: pytest.MonkeyPatch):
    module = ModuleType("faster_whisper")
    module.WhisperModel = StandIn  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "faster_whisper", module)
    monkeypatch.delitem(sys.modules, "avsynth.metrics.backends.whisper", raising=False)
    yield RECOGNIZERS.get("faster-whisper")
    sys.modules.pop("avsynth.metrics.backends.whisper", None)


def test_whisper_hears_at_its_rate_and_fetches_nothing(whisper, tmp_path: Path, monkeypatch) -> None:
    (tmp_path / "model.bin").touch()
    monkeypatch.setenv("AVSYNTH_WHISPER", str(tmp_path))
    engine = whisper()
    sound = Waveform(np.zeros((2, 44_100), np.float32), 44_100)
    assert engine.transcribe(sound, language="fr-CA") == "Bonjour, le monde."
    assert engine._model.options["local_files_only"] is True
    asked = engine._model.asked
    assert (asked["language"], asked["seconds"], asked["kind"]) == ("fr", 1.0, np.float32)
    assert (asked["beam_size"], asked["temperature"]) == (1, 0.0)  # nothing random


def test_whisper_without_a_model_says_how_to_name_one(whisper, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.delenv("AVSYNTH_WHISPER", raising=False)
    with pytest.raises(ModelError, match="AVSYNTH_WHISPER"):
        whisper()
    (tmp_path / "model.bin").touch()
    (tmp_path / "broken").touch()
    with pytest.raises(ModelError, match=r"Unsupported model binary version$"):
        whisper(tmp_path)
