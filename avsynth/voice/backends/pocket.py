"""The cloner ``pocket``: Kyutai's Pocket TTS, a small network that imitates a recording faster than time on a CPU."""

from __future__ import annotations

import tempfile
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
import yaml

from avsynth.core.errors import ModelError
from avsynth.voice.backends.guests import Array, GuestCloner, weights_folder

_threads = torch.get_num_threads()
from pocket_tts import TTSModel  # noqa: E402 - importing it gives torch one thread, for everybody
from pocket_tts.utils.config import CONFIGS_DIR  # noqa: E402

torch.set_num_threads(_threads)

_NAMES = {
    **{"de": "german", "en": "english", "es": "spanish", "fr": "french"},
    **{"it": "italian", "nl": "dutch", "pt": "portuguese"},
}


class PocketCloner(GuestCloner):
    """Pocket TTS, from the publisher's files in ``guests/pocket``, one folder a language.

    Source:
        pocket-tts 4.0.1, ``pocket_tts/models/tts_model.py``: ``TTSModel.load_model(config=YAML)``,
        ``get_state_for_audio_prompt((1, T))`` at ``sample_rate`` and ``generate_audio(state, text)``, which gives
        ``(T,)``. The package's own settings of the language are taken with the files' places in them, since those
        it comes with name a hub.
    """

    name = "pocket"
    codes = _NAMES

    def _say(self, text: str, *, prompt: Array, code: str, seconds: float | None) -> tuple[Array, int]:
        folder = weights_folder(
            self.name,
            card=f"cloner/pocket-{code}",
            main=f"languages/{code}/model.safetensors",
            others=(f"languages/{code}/tokenizer.json",),
        )
        model = _load(folder / "languages" / code)
        state = model.get_state_for_audio_prompt(torch.from_numpy(prompt.copy())[None])
        return np.asarray(model.generate_audio(state, text), np.float32).reshape(-1), int(model.sample_rate)


@lru_cache(maxsize=2)
def _load(folder: Path) -> Any:
    settings = yaml.safe_load((Path(CONFIGS_DIR) / f"{folder.name}.yaml").read_text(encoding="utf-8"))
    settings["weights_path"] = str(folder / "model.safetensors")
    settings["weights_path_without_voice_cloning"] = None  # else it would fall back to a network that cannot
    settings["flow_lm"]["lookup_table"]["tokenizer_path"] = str(folder / "tokenizer.json")
    with tempfile.TemporaryDirectory(prefix="avsynth-") as scratch:
        path = Path(scratch) / f"{folder.name}.yaml"
        path.write_text(yaml.safe_dump(settings), encoding="utf-8")
        try:
            model = TTSModel.load_model(config=path)
        except (RuntimeError, OSError, AssertionError) as error:
            raise ModelError(
                f"{folder} does not fit this pocket-tts ({str(error).splitlines()[0]}); get the files that its own "
                f"settings {folder.name}.yaml name"
            ) from None
    return model
