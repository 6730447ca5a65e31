"""The cloner ``speechbrain``: SpeechBrain's zero-shot Tacotron 2 and HiFi-GAN, built here and not by a hub's YAML."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import torch
from speechbrain.inference.encoders import MelSpectrogramEncoder
from speechbrain.inference.vocoders import HIFIGAN
from speechbrain.lobes.models.ECAPA_TDNN import ECAPA_TDNN
from speechbrain.lobes.models.HifiGAN import HifiganGenerator
from speechbrain.lobes.models.MSTacotron2 import Tacotron2
from speechbrain.processing.features import InputNormalization
from speechbrain.utils.text_to_sequence import text_to_sequence

from avsynth.audio.resample import resample
from avsynth.core.errors import InputError, ModelError
from avsynth.core.media import Waveform
from avsynth.models.hub import load_into, load_state, obtain
from avsynth.models.phonemes import PHONES
from avsynth.models.redirects import quiet_redirects
from avsynth.text.espeak import phonemize
from avsynth.voice.backends.guests import Array, GuestCloner
from avsynth.voice.base import PROMPT_RATE
from avsynth.voice.phones import phones_of

quiet_redirects()

TACOTRON, VOCODER, SPEAKER = "cloner/speechbrain-tacotron", "cloner/speechbrain-hifigan", "cloner/speechbrain-speaker"
_RATE, _SPEAKER_RATE = 22_050, 16_000
_MOST_FRAMES = 1000  # of 256 samples: 11.6 s
# recipes/LibriTTS/TTS/mstacotron2 and recipes/VoxCeleb/SpeakerRec/train_ecapa_tdnn_mel_spec of SpeechBrain
_MELS = {
    "hop_length": 256,
    "win_length": 1024,
    "n_mel_channels": 80,
    "n_fft": 1024,
    "mel_fmin": 0.0,
    "mel_fmax": 8000.0,
    "mel_normalized": False,
    "power": 1,
    "norm": "slaney",
    "mel_scale": "slaney",
    "dynamic_range_compression": True,
}
# The letters that the network was trained with (ARPAbet without stress), by the sounds of ``PHONES``.
_LETTERS = (
    "P|B|T|D|K|G|M|N|NG|N Y|F|V|TH|DH|S|Z|SH|ZH|HH|HH|G|V|HH|R|T|R|R|L|L Y|Y|W|CH|JH|T S|"
    "IY|IH|EY|EH|AE|AA|AA|AH|AH|AH|ER|AO|OW|UW|UH|IH|UW|UH|ER|ER|AA N|AO N|AE N|EY|AY|AW|OW|OY"
)
_ARPABET = dict(zip(PHONES[1:], _LETTERS.split("|"), strict=True))


class SpeechBrainCloner(GuestCloner):
    """English in an imitated voice; three files, each added and verified by itself.

    Letters become phonemes by espeak-ng here; the published interface uses a network from the hub for that.

    Source:
        speechbrain 1.1.2, ``MSTacotron2.clone_voice`` in ``inference/TTS.py`` (its constructor fetches from the hub, so
        the networks are called here as it calls them), ``MelSpectrogramEncoder`` and ``HIFIGAN.decode_batch``; sizes
        from the recipes named above.
    """

    name = "speechbrain"
    codes = {"en": "en"}  # noqa: RUF012 - read only

    def _say(self, text: str, *, prompt: Array, code: str, seconds: float | None) -> tuple[Array, int]:
        networks = Networks.load()
        heard = resample(Waveform(prompt[None], PROMPT_RATE), _SPEAKER_RATE).samples
        speaker = networks.speaker.encode_waveform(torch.from_numpy(heard)).reshape(1, -1)
        letters = torch.tensor([text_to_sequence("{" + arpabet(text, language=code) + "}", ["english_cleaners"])])
        mel, frames, _ = networks.tacotron.infer(letters, speaker, torch.tensor([letters.shape[1]]))
        if int(frames[0]) >= _MOST_FRAMES:
            raise InputError(f"the cloner {self.name!r} speaks at most 11 s at once; cut the line in two")
        return np.asarray(networks.vocoder.decode_batch(mel)[0, 0], np.float32), _RATE


@dataclass(frozen=True)
class Networks:
    """What hears the person, writes the spectrogram and speaks it."""

    speaker: Any
    tacotron: Any
    vocoder: Any

    @classmethod
    def load(cls) -> Networks:
        """With the files that were added.

        Raises:
            ModelError: One is not here or does not fit.
        """
        return _networks()


@lru_cache(maxsize=1)
def _networks() -> Networks:
    for card in (TACOTRON, SPEAKER, VOCODER):
        obtain(card)  # refuses before anything is built
    networks = build()
    load_into(networks.tacotron, card=TACOTRON)
    load_into(networks.speaker.hparams.embedding_model, card=SPEAKER)
    # checkpoints from before torch's parametrizations call the two halves of a weight otherwise; torch reads both
    try:
        networks.vocoder.hparams.generator.load_state_dict(load_state(VOCODER))
    except RuntimeError as error:
        raise ModelError(f"{VOCODER} does not fit HifiganGenerator: {str(error).splitlines()[-1].strip()}") from None
    return networks


def build() -> Networks:
    """The networks in their published sizes, with random weights."""
    wide = [1024, 1024, 1024, 1024, 3072]
    embedding = ECAPA_TDNN(
        input_size=80, channels=wide, kernel_sizes=[5, 3, 3, 3, 1], dilations=[1, 2, 3, 4, 1], lin_neurons=192
    )
    normalizer = InputNormalization(norm_type="sentence", std_norm=False)
    parts = {"normalizer": normalizer, "embedding_model": embedding}
    speaker = MelSpectrogramEncoder(modules=parts, hparams={**_MELS, **parts, "sample_rate": _SPEAKER_RATE})
    generator = HifiganGenerator(
        in_channels=80,
        out_channels=1,
        resblock_type="1",
        resblock_dilation_sizes=[[1, 3, 5]] * 3,
        resblock_kernel_sizes=[3, 7, 11],
        upsample_kernel_sizes=[16, 16, 4, 4],
        upsample_initial_channel=512,
        upsample_factors=[8, 8, 2, 2],
    )
    vocoder = HIFIGAN(modules={"generator": generator}, hparams={"generator": generator})
    return Networks(speaker, Tacotron2(spk_emb_size=192, max_decoder_steps=_MOST_FRAMES).eval(), vocoder)


def arpabet(text: str, *, language: str) -> str:
    """The sounds of a text in ARPAbet.

    >>> arpabet("Hello world", language="en")
    'HH AH L OW W ER L D'
    """
    symbols = phonemize(text, language=language)
    return " ".join(_ARPABET[PHONES[phone]] for symbol in symbols for phone in phones_of(symbol))
