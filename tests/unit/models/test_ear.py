"""The ear: the folded network is the trained one, hears alike at every loudness, and tells speech from silence."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from avsynth.lipsync.prior import SoundPrior
from avsynth.models.ear import CLASSES, FRAME_RATE, MELS, Ear, Hearing, log_mel, normalized, sample
from avsynth.models.ear_network import EarNetwork, folded
from avsynth.text.espeak import speak
from avsynth.voice.forced import class_of


def stand_in() -> EarNetwork:
    """A network of the right shapes with random weights."""
    torch.manual_seed(0)
    network = EarNetwork(16)
    for name, buffer in network.named_buffers():
        if name.endswith(("running_mean", "running_var")):
            buffer.uniform_(0.5, 1.5)
    return network.eval()


def noise(seconds: float, *, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(round(16_000 * seconds)).astype(np.float32)


def test_folding_changes_nothing() -> None:
    network, sound = stand_in(), noise(3)
    with torch.no_grad():
        mel = torch.from_numpy(normalized(log_mel(sound)).T[None])
        truth = torch.softmax(network(mel), dim=1)[0].T.numpy()
    heard = Ear.of(folded(network)).hear(sound)
    assert heard.chance.shape == (301, len(CLASSES))
    assert np.abs(heard.chance - truth).max() < 1e-4


def test_long_sound_is_heard_in_blocks_without_seams(monkeypatch: pytest.MonkeyPatch) -> None:
    ear, sound = Ear.of(folded(stand_in())), noise(5)
    whole = ear.hear(sound)
    monkeypatch.setattr("avsynth.models.ear._BLOCK", 97)
    assert np.abs(ear.hear(sound).hidden - whole.hidden).max() < 1e-4


@pytest.mark.parametrize("gain", [0.01, 0.3, 3.0])
def test_loudness_does_not_matter(gain: float) -> None:
    ear, sound = Ear.of(folded(stand_in())), noise(2)
    assert np.abs(ear.hear(gain * sound).chance - ear.hear(sound).chance).max() < 1e-3


def test_mel_rows_lie_every_10_ms() -> None:
    click = np.zeros(16_000, np.float32)
    click[8000] = 1
    assert log_mel(click).shape == (FRAME_RATE + 1, MELS)
    assert abs(int(log_mel(click).sum(axis=1).argmax()) - 50) <= 1


def test_no_sound_is_refused() -> None:
    with pytest.raises(ValueError, match="no sound"):
        Ear.of(folded(stand_in())).hear(np.zeros(0, np.float32))


def test_rows_are_read_between_their_times() -> None:
    rows = np.arange(10, dtype=np.float32)[:, None]
    seen = sample(rows, times=np.array([0.025, 5.0, -1.0]), around=np.array([0.0, 0.01]))
    assert seen == pytest.approx(np.array([[2.5, 3.5], [9, 9], [0, 0]]))


def heard(text: str) -> tuple[Hearing, np.ndarray]:
    speech = speak(text, language="en")
    found = SoundPrior.load().hear(speech.waveform)
    truth = np.zeros(len(found), int)
    for phoneme in speech.phonemes:
        truth[round(float(phoneme.span.start) * 100) : round(float(phoneme.span.end) * 100)] = class_of(phoneme.symbol)
    return found, truth


def test_the_shipped_ear_tells_speech_from_silence_and_most_sounds_of_a_voice_it_never_heard() -> None:
    found, truth = heard("The boy was there when the sun rose. A pot of tea helps to pass the evening.")
    guess = found.chance.argmax(axis=1)
    assert ((guess == 0) == (truth == 0)).mean() > 0.85
    speech = truth > 0
    assert (guess[speech] == truth[speech]).mean() > 0.3  # a robot's voice; by chance it would be 0.07


def test_every_class_of_ipa_has_its_place() -> None:
    for symbol in ("ʁ", "y", "ø", "ɲ", "x", "q", "ħ", "ʕ", "ɕ", "ʈ", "ɯ", "ɓ", "ŋ", "ɸ", "β", "ɱ", "dʲ", "tɬ"):
        assert 0 < class_of(symbol) < len(CLASSES)
    assert class_of("sil") == 0
    assert CLASSES[class_of("ɓ")] == ("p", "b")
    assert CLASSES[class_of("bʲ")] == ("p", "b")
    assert CLASSES[class_of("ɱ")][0] in "mf"
