"""The cloner ``omnivoice``: k2-fsa's OmniVoice imitates a recording in very many languages, as long as asked."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from omnivoice import OmniVoice
from omnivoice.utils.lang_map import LANG_IDS

from avsynth.text import espeak
from avsynth.voice.backends.guests import Array, GuestCloner, weights_folder
from avsynth.voice.base import PROMPT_RATE

CARD = "cloner/omnivoice"
_MAIN = "model.safetensors"
_OTHERS = (
    *("config.json", "tokenizer.json", "audio_tokenizer/config.json", "audio_tokenizer/model.safetensors"),
    "asr/config.json",  # a Whisper model in the same format: the engine must know what the recording says
)
_LONGEST_PROMPT_SECONDS = 10  # its makers recommend 3 to 10 s


class OmniVoiceCloner(GuestCloner):
    """OmniVoice, from the publisher's files in ``guests/omnivoice`` and a Whisper model in ``guests/omnivoice/asr``.

    It is asked for the wished length itself; ``fit`` corrects the rest. Of its languages, those are offered whose
    phonemes espeak-ng can write, which the aligner needs. Its weights may not be used commercially.

    Source:
        omnivoice 0.2.1, ``omnivoice/models/omnivoice.py``: ``from_pretrained(folder)``, ``load_asr_model(folder)``,
        ``create_voice_clone_prompt((waveform (1, T), rate))`` and ``generate(text, language, voice_clone_prompt,
        duration, postprocess_output)``, which gives a list of ``(T,)`` at ``sampling_rate``. With a duration it
        speaks whole frames of 1/25 s, and its post-processing would cut pauses out of them.
    """

    name = "omnivoice"
    codes = {tag: tag for tag in sorted(set(LANG_IDS) & set(espeak.languages()))}  # noqa: RUF012 - read only
    paces = True

    def _say(self, text: str, *, prompt: Array, code: str, seconds: float | None) -> tuple[Array, int]:
        model = _load(weights_folder(self.name, card=CARD, main=_MAIN, others=_OTHERS))
        heard = torch.from_numpy(prompt[: _LONGEST_PROMPT_SECONDS * PROMPT_RATE].copy())[None]
        voice = model.create_voice_clone_prompt((heard, PROMPT_RATE))
        sounds = model.generate(
            text, language=code, voice_clone_prompt=voice, duration=seconds, postprocess_output=seconds is None
        )
        return np.asarray(sounds[0], np.float32), int(model.sampling_rate)


@lru_cache(maxsize=1)
def _load(folder: Path) -> Any:
    model = OmniVoice.from_pretrained(str(folder), use_safetensors=True)
    model.load_asr_model(str(folder / "asr"))
    return model
