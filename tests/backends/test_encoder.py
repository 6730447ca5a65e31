"""Every speaker encoder keeps the promises of ``SpeakerEncoder``."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from avsynth.audio.resample import resample
from avsynth.core.errors import InputError, ModelError
from avsynth.core.media import Waveform
from avsynth.models.ecapa import Ecapa
from avsynth.text.espeak import speak
from avsynth.voice.backends.ecapa import FILE_NAME, FOLDER, EcapaEncoder
from avsynth.voice.base import ENCODERS


@pytest.fixture(scope="module", params=ENCODERS.names())
def encoder(request, tmp_path_factory):
    if request.param == "ecapa":  # its weights are the user's; tiny random ones of the right shapes stand in
        torch.manual_seed(0)
        path = tmp_path_factory.mktemp("ecapa") / FILE_NAME
        torch.save(Ecapa(16).network.state_dict(), path)
        return EcapaEncoder(path, channels=16)
    return ENCODERS.get(request.param)()


@pytest.fixture(scope="module")
def said():
    return speak("The birch canoe slid on the smooth planks.", language="en").waveform


def test_a_unit_vector_of_the_promised_size(encoder, said):
    vector = encoder.embed(said)
    assert vector.shape == (encoder.dimension,)
    assert vector.dtype == np.float32
    assert np.linalg.norm(vector) == pytest.approx(1, abs=1e-4)
    assert ENCODERS.get(encoder.name) is type(encoder)


def test_the_same_sound_gives_the_same_bytes(encoder, said):
    assert encoder.embed(said).tobytes() == encoder.embed(said).tobytes()


def test_rate_and_channels_do_not_matter(encoder, said):
    vector = encoder.embed(said)
    assert encoder.embed(resample(said, 48_000)) @ vector > 0.99
    stereo = Waveform(np.repeat(said.samples, 2, axis=0), said.sample_rate)
    assert encoder.embed(stereo) @ vector > 0.9999


def test_silence_around_and_between_hardly_matters(encoder, said):
    still = np.zeros((1, 2 * said.sample_rate), np.float32)
    padded = Waveform(np.concatenate([still, said.samples, still], axis=1), said.sample_rate)
    assert encoder.embed(padded) @ encoder.embed(said) > 0.97


@pytest.mark.parametrize(("samples", "problem"), [(np.ones((1, 7000)), "too short"), (np.zeros((1, 48_000)), "silent")])
def test_what_holds_no_voice_is_an_error(encoder, samples, problem):
    with pytest.raises(InputError, match=problem):
        encoder.embed(Waveform(samples.astype(np.float32), 16_000))


def test_ge2e_tells_voices_and_not_words_apart(said):
    encoder = ENCODERS.get("ge2e")()
    text = "Rice is often served in round bowls, and a large size is hard to sell."
    man, woman = (speak(text, language="en", voice_variant=v).waveform for v in (None, "f2"))
    own = encoder.embed(said) @ encoder.embed(man)
    assert own > 0.742  # between one speaker's .88 and two speakers' .54: where errors are equal
    assert own > encoder.embed(said) @ encoder.embed(woman) + 0.1


def test_ecapa_without_weights_says_where_to_put_them(home):
    with pytest.raises(ModelError, match=FILE_NAME) as failure:
        EcapaEncoder()
    assert str(home / FOLDER) in str(failure.value)


def test_ecapa_refuses_other_files(tmp_path):
    path = tmp_path / FILE_NAME
    path.write_bytes(b"not weights")
    with pytest.raises(ModelError, match="no file of weights"):
        EcapaEncoder(path)
    torch.save({"fc.weight": torch.zeros(3)}, path)
    with pytest.raises(ModelError, match="not an ECAPA-TDNN of 16 channels"):
        EcapaEncoder(path, channels=16)
    torch.save([1, 2], path)
    with pytest.raises(ModelError, match="no state dict"):
        EcapaEncoder(path)


class Bomb:
    """What a hostile pickle holds."""

    def __reduce__(self):
        return (Bomb.explode, ())

    @staticmethod
    def explode():
        raise AssertionError("code in the weights was run")


def test_ecapa_runs_no_code_of_its_file(tmp_path):
    path = tmp_path / FILE_NAME
    torch.save({"fc.weight": Bomb()}, path)
    with pytest.raises(ModelError, match="no file of weights"):
        EcapaEncoder(path)
