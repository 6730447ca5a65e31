"""The cloner ``xtts``: Coqui's XTTS v2, which imitates a recording in seventeen languages; not for commercial use."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from TTS.tts.configs.xtts_config import XttsConfig
from TTS.tts.models.xtts import Xtts

from avsynth.core.errors import InputError
from avsynth.voice.backends.guests import Array, GuestCloner, weights_folder
from avsynth.voice.base import PROMPT_RATE

CARD = "cloner/xtts"
_LANGUAGES = "ar", "cs", "de", "en", "es", "fr", "hi", "hu", "it", "ja", "ko", "nl", "pl", "pt", "ru", "tr"

_SETTINGS = "temperature", "length_penalty", "repetition_penalty", "top_k", "top_p"


class XttsCloner(GuestCloner):
    """XTTS v2, from ``model.pth`` as it was added and the publisher's small files in ``guests/xtts``.

    The conditioning takes the sound itself, so that no decoder of sound files is needed.

    Source:
        coqui-tts 0.28.0, ``TTS/tts/models/xtts.py``: ``Xtts.init_from_config``, ``load_checkpoint(config,
        checkpoint_path, vocab_path)``, ``get_gpt_cond_latents(audio (1, T), sr, length, chunk_length)``,
        ``get_speaker_embedding(audio, sr)`` and ``inference(text, language, gpt_cond_latent, speaker_embedding)``,
        which gives ``{"wav": (T,)}``. Reading its file with ``weights_only`` is what ``avsynth models add`` tries.
    """

    name = "xtts"
    codes = {tag: tag for tag in _LANGUAGES} | {"zh": "zh-cn", "zh-cn": "zh-cn"}

    def _say(self, text: str, *, prompt: Array, code: str, seconds: float | None) -> tuple[Array, int]:
        folder = weights_folder(self.name, card=CARD, main="model.pth", others=("config.json", "vocab.json"))
        model, config = _load(folder)
        sound = torch.from_numpy(prompt.copy())[None]
        latents = model.get_gpt_cond_latents(
            sound, PROMPT_RATE, length=config.gpt_cond_len, chunk_length=config.gpt_cond_chunk_len
        )
        speaker = model.get_speaker_embedding(sound, PROMPT_RATE)
        wanted = {setting: getattr(config, setting) for setting in _SETTINGS}
        try:  # its splitting of long texts needs spaCy and its languages
            said = model.inference(text, code, latents, speaker, enable_text_splitting=False, **wanted)
        except AssertionError:  # this is how it says so
            raise InputError(
                f"the cloner {self.name!r} speaks at most 400 tokens at once; cut the line in two"
            ) from None
        return np.asarray(said["wav"], np.float32), int(config.audio.output_sample_rate)


@lru_cache(maxsize=1)
def _load(folder: Path) -> tuple[Any, Any]:
    config = XttsConfig()
    config.load_json(str(folder / "config.json"))
    model = Xtts.init_from_config(config)
    model.load_checkpoint(
        config,
        checkpoint_path=str(folder / "model.pth"),
        vocab_path=str(folder / "vocab.json"),
        speaker_file_path=str(folder / "none"),  # its stock voices are a pickle that nobody needs
    )
    return model, config
