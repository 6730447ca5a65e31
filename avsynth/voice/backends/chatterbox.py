"""The cloner ``chatterbox``: Resemble AI's multilingual Chatterbox imitates a recording and marks what it says."""

from __future__ import annotations

import tempfile
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

from avsynth.core.errors import MissingExtraError
from avsynth.voice.backends.guests import Array, GuestCloner, weights_folder
from avsynth.voice.base import PROMPT_RATE

try:
    from chatterbox.mtl_tts import ChatterboxMultilingualTTS
except ModuleNotFoundError as error:  # its package pins an old torch, so no extra can install it
    raise MissingExtraError(
        f"cloner 'chatterbox' needs {error.name!r}: pip install 'avsynth[chatterbox]', then "
        "pip install --no-deps chatterbox-tts==0.1.7"
    ) from error

CARD = "cloner/chatterbox"
_MAIN = "t3_mtl23ls_v2.safetensors"
_OTHERS = "ve.pt", "s3gen.pt", "grapheme_mtl_merged_expanded_v1.json"
# Those of its 23 for which its tokenizer fetches nothing: Chinese and Hebrew need tables from elsewhere.
_LANGUAGES = (
    *("ar", "da", "de", "el", "en", "es", "fi", "fr", "hi", "it", "ja"),
    *("ko", "ms", "nl", "no", "pl", "pt", "ru", "sv", "sw", "tr"),
)


class ChatterboxCloner(GuestCloner):
    """Chatterbox multilingual, from the publisher's files in ``guests/chatterbox``.

    What it says carries its own Perth mark before ours. It speaks at most some forty seconds at once.

    Source:
        chatterbox-tts 0.1.7, ``chatterbox/mtl_tts.py``: ``from_local(ckpt_dir, device)`` and ``generate(text,
        language_id, audio_prompt_path)``, which gives ``(1, T)`` at ``sr``. Its pickles are read with
        ``weights_only``.
    """

    name = "chatterbox"
    codes = {code: code for code in _LANGUAGES}  # noqa: RUF012 - read only

    def _say(self, text: str, *, prompt: Array, code: str, seconds: float | None) -> tuple[Array, int]:
        model = _load(weights_folder(self.name, card=CARD, main=_MAIN, others=_OTHERS))
        with tempfile.TemporaryDirectory(prefix="avsynth-") as folder:
            path = Path(folder) / "prompt.wav"
            soundfile.write(path, prompt, PROMPT_RATE, subtype="PCM_16")
            sound = model.generate(text, code, audio_prompt_path=str(path))
        return np.asarray(sound[0].cpu(), np.float32), int(model.sr)


@lru_cache(maxsize=1)
def _load(folder: Path) -> Any:
    return ChatterboxMultilingualTTS.from_local(folder, "cpu")
