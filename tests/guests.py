"""Stand-ins for the libraries of guest cloners: their classes, argument names and shapes, and espeak-ng for a voice."""

from __future__ import annotations

import os
import sys
import tempfile
from contextlib import contextmanager
from fractions import Fraction
from importlib import import_module
from pathlib import Path
from types import ModuleType, SimpleNamespace

import numpy as np
import soundfile
import torch
import yaml
from safetensors.torch import save_file

from avsynth.audio.resample import resample
from avsynth.audio.stretch import stretch
from avsynth.core.media import Waveform
from avsynth.models import hub
from avsynth.text import espeak

RATE = 24_000
_REAL = {}
HEARD = {}  # seconds of the recording that each stand-in was given last
LIBRARIES = ("chatterbox", "omnivoice", "pocket", "speechbrain", "xtts")
_PACKAGES = {"chatterbox": "chatterbox", "omnivoice": "omnivoice", "pocket": "pocket_tts", "xtts": "TTS"}
_FILES = {
    "chatterbox": ("ve.pt", "s3gen.pt", "grapheme_mtl_merged_expanded_v1.json"),
    "omnivoice": (
        *("config.json", "tokenizer.json", "audio_tokenizer/config.json", "audio_tokenizer/model.safetensors"),
        "asr/config.json",
    ),
    "pocket": ("languages/english/tokenizer.json",),
    "xtts": ("config.json", "vocab.json"),
}
_CARDS = {
    "chatterbox": ("cloner/chatterbox",),
    "omnivoice": ("cloner/omnivoice",),
    "pocket": ("cloner/pocket-english",),
    "xtts": ("cloner/xtts",),
    "speechbrain": (),
}


def said(text, language, *, seconds=None):
    """Espeak's speech with 0.3 s of faint hiss before, behind and under it, ``(T,)`` at 24 kHz."""
    assert os.environ["HF_HUB_OFFLINE"] == "1"
    speech = resample(espeak.speak(text, language=language).waveform, RATE)
    if seconds is not None:
        speech = stretch(speech, Fraction(round(seconds * RATE), speech.samples.shape[1]))
    else:
        speech = Waveform(np.pad(speech.samples, ((0, 0), (7200, 7200))), RATE)
    return torch.from_numpy(speech.samples[0].copy()) + 1e-4 * torch.randn(speech.samples.shape[1])


class ChatterboxMultilingualTTS:
    sr = RATE

    @classmethod
    def from_local(cls, ckpt_dir, device):
        for name in ("t3_mtl23ls_v2.safetensors", *_FILES["chatterbox"]):
            assert (Path(ckpt_dir) / name).is_file()
        assert device == "cpu"
        return cls()

    def generate(self, text, language_id, audio_prompt_path=None, exaggeration=0.5, cfg_weight=0.5):
        HEARD["chatterbox"] = soundfile.info(audio_prompt_path).duration
        return said(text, language_id).unsqueeze(0)


class OmniVoice:
    sampling_rate = RATE

    @classmethod
    def from_pretrained(cls, pretrained_model_name_or_path, *args, **kwargs):
        assert (Path(pretrained_model_name_or_path) / "model.safetensors").is_file()
        return cls()

    def load_asr_model(self, model_name=None, device=None):
        assert (Path(model_name) / "config.json").is_file()

    def create_voice_clone_prompt(self, ref_audio, ref_text=None, preprocess_prompt=True):
        waveform, rate = ref_audio
        assert waveform.ndim == 2
        HEARD["omnivoice"] = waveform.shape[1] / rate
        return "prompt"

    def generate(self, text, language=None, voice_clone_prompt=None, duration=None, **kwargs):
        assert voice_clone_prompt == "prompt"
        assert not (duration is not None and kwargs["postprocess_output"])
        frames = None if duration is None else max(1, int(duration * 25)) / 25
        return [said(text, language, seconds=frames).numpy()]


class TTSModel:
    sample_rate = RATE

    @classmethod
    def load_model(cls, language=None, config=None):
        settings = yaml.safe_load(Path(config).read_text(encoding="utf-8"))
        assert Path(settings["weights_path"]).is_file()
        assert Path(settings["flow_lm"]["lookup_table"]["tokenizer_path"]).is_file()
        assert settings["weights_path_without_voice_cloning"] is None
        return cls()

    def get_state_for_audio_prompt(self, audio_conditioning, truncate=False):
        assert audio_conditioning.shape[0] == 1
        HEARD["pocket"] = audio_conditioning.shape[1] / RATE
        return {"state": audio_conditioning}

    def generate_audio(self, model_state, text_to_generate, max_tokens=50, frames_after_eos=None, copy_state=True):
        assert "state" in model_state
        return said(text_to_generate, "en")


class XttsConfig(SimpleNamespace):
    def __init__(self):
        super().__init__(gpt_cond_len=12, gpt_cond_chunk_len=4, top_k=50, top_p=0.85, temperature=0.85)
        self.length_penalty, self.repetition_penalty = 1.0, 2.0
        self.audio = SimpleNamespace(output_sample_rate=RATE)

    def load_json(self, file_name):
        assert Path(file_name).is_file()


class Xtts:
    @classmethod
    def init_from_config(cls, config):
        return cls()

    def load_checkpoint(self, config, checkpoint_dir=None, checkpoint_path=None, vocab_path=None, **kwargs):
        assert Path(checkpoint_path).is_file()
        assert Path(vocab_path).is_file()
        assert not Path(kwargs["speaker_file_path"]).exists()

    def get_gpt_cond_latents(self, audio, sr, length=30, chunk_length=6):
        HEARD["xtts"] = audio.shape[1] / sr
        return torch.zeros(1, 1024, 32)

    def get_speaker_embedding(self, audio, sr):
        assert audio.ndim == 2
        return torch.zeros(1, 512, 1)

    def inference(
        self, text, language, gpt_cond_latent, speaker_embedding, *, temperature, length_penalty, repetition_penalty,
        top_k, top_p, enable_text_splitting=False,
    ):  # fmt: skip
        assert gpt_cond_latent.shape[1] == 1024
        return {"wav": said(text, language).numpy(), "speaker_embedding": speaker_embedding}


class _Speaker:
    def encode_waveform(self, wav):
        HEARD["speechbrain"] = wav.shape[1] / 16_000
        return torch.zeros(1, 1, 192)


class _Tacotron:
    def infer(self, inputs, spk_embs, input_lengths):
        assert inputs.shape == (1, int(input_lengths[0]))
        assert spk_embs.shape == (1, 192)
        return torch.zeros(1, 80, 200), torch.tensor([200]), None


class _Vocoder:
    def decode_batch(self, spectrogram, mel_lens=None, hop_len=None):
        assert spectrogram.shape[:2] == (1, 80)
        speech = Waveform(said("We met again, and nobody cared.", "en").numpy()[None], RATE)
        return torch.from_numpy(resample(speech, 22_050).samples)[None]


def _modules(name, configs):
    return {
        "chatterbox": {"chatterbox.mtl_tts": {"ChatterboxMultilingualTTS": ChatterboxMultilingualTTS}},
        "omnivoice": {
            "omnivoice": {"OmniVoice": OmniVoice},
            "omnivoice.utils.lang_map": {"LANG_IDS": {"en", "es", "hi", "aae"}},
        },
        "pocket": {"pocket_tts": {"TTSModel": TTSModel}, "pocket_tts.utils.config": {"CONFIGS_DIR": configs}},
        "xtts": {"TTS.tts.configs.xtts_config": {"XttsConfig": XttsConfig}, "TTS.tts.models.xtts": {"Xtts": Xtts}},
        "speechbrain": {},
    }[name]


def _adapter(name):
    return f"avsynth.voice.backends.{name}" + ("_tts" if name == "speechbrain" else "")


@contextmanager
def _swapped(modules, adapter):
    """Other modules in ``sys.modules`` for a while, and the adapter imported anew with them."""
    before = dict(sys.modules)
    sys.modules.pop(adapter, None)
    sys.modules.update(modules)
    try:
        yield
    finally:
        for name in {*modules, adapter}:
            sys.modules.pop(name, None)
            if name in before:
                sys.modules[name] = before[name]


@contextmanager
def installed(name):
    """As if the library of a guest were installed."""
    with tempfile.TemporaryDirectory() as folder:
        configs = Path(folder)
        plain = {"weights_path": "hf://a/b", "flow_lm": {"lookup_table": {"tokenizer_path": "hf://a/c"}}}
        (configs / "english.yaml").write_text(yaml.safe_dump(plain), encoding="utf-8")
        modules = {}
        for path, names in _modules(name, configs).items():
            parts = path.split(".")
            for end in range(1, len(parts) + 1):
                modules.setdefault(".".join(parts[:end]), ModuleType(".".join(parts[:end])))
            vars(modules[path]).update(names)
        adapter = _adapter(name)
        if name != "speechbrain":
            with _swapped(modules, adapter):
                yield
            return
        real = import_module(adapter)  # SpeechBrain is installed: only its weights are not
        load = _REAL[name] = real._networks
        real._networks = lambda: real.Networks(_Speaker(), _Tacotron(), _Vocoder())
        try:
            yield
        finally:
            real._networks = load


@contextmanager
def absent(name):
    """As if the library of a guest were not installed."""
    package = _PACKAGES[name]
    parts = {part for part in sys.modules if part.startswith(f"{package}.")}
    with _swapped(dict.fromkeys({package, *parts}), _adapter(name)):
        yield


def add_weights(name):
    """Hand over small files in the place of the weights, as ``avsynth models add`` does."""
    with tempfile.TemporaryDirectory() as folder:
        for card in _CARDS[name]:
            if hub.find_card(card).format == "pt":
                file = Path(folder) / "main.pth"
                torch.save({"model": {"a": torch.zeros(1)}, "config": {}}, file)
            else:
                file = Path(folder) / "main.safetensors"
                save_file({"a": torch.zeros(1)}, file)
            hub.add(card, file, license_accepted=True)
    for file in _FILES.get(name, ()):
        place = hub.cache_home() / "guests" / name / file
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(b"{}")


def forget(name, patch):
    """Put SpeechBrain's real loader back, which asks for its files; the others ask by themselves."""
    if name == "speechbrain":
        patch.setattr(import_module(_adapter(name)), "_networks", _REAL[name])
