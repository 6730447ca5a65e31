"""The base ``hibari``: a small network of Kokoro's school that speaks English clearly; its times are aligned."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from itertools import accumulate, pairwise
from typing import Any

import numpy as np
import onnx
import onnxruntime
from hibari import Hibari, dsp
from numpy.typing import NDArray

from avsynth.core.errors import InputError, ModelError
from avsynth.core.media import Waveform
from avsynth.core.speech import PhonemeSpan, Speech
from avsynth.models.hub import obtain
from avsynth.text.espeak import find_voice
from avsynth.text.normalize import normalize
from avsynth.text.writing import check_writing
from avsynth.voice.align import align_phonemes
from avsynth.voice.backends.base_pieces import Piece, joined
from avsynth.voice.backends.base_pitch import stock, voices_of
from avsynth.voice.backends.base_tokens import Token, phonemes_from_tokens
from avsynth.voice.bases import Voice, require_pace, required_language, required_voice

_CARD = "base/hibari"
_TICK = 600  # samples of one unit of duration, at 24 kHz
# The network was taught by one whose sound comes before its letters' time. Found as the shift at which the letters
# tell most of the spectrum (share of variance) on the first two lists of the Harvard sentences; espeak-ng's exact
# times give 0.9 ms by the same method.
_LEAD = 1300  # samples, 54 ms
_EDGE = "#"  # the silent letter at both ends of a sentence
# The alphabet of misaki, whose capital letters are diphthongs, where it is not IPA.
_SPELLING = {
    "A": "eɪ",
    "I": "aɪ",
    "O": "oʊ",
    "Q": "əʊ",
    "W": "aʊ",
    "Y": "ɔɪ",
    "T": "ɾ",
    "ᵊ": "ə",
    "ʣ": "dz",
    "ʥ": "dʑ",
    "ʦ": "ts",
    "ʨ": "tɕ",
    "ꭧ": "ʈʂ",
}


class HibariBase:
    """The voice of hibari's wheel: a woman's, General American whatever kind of English is asked for."""

    name = "hibari"
    sample_rate = 24_000
    knows_phonemes = True

    def languages(self) -> tuple[str, ...]:
        """English."""
        return "en", "en-us"

    def voices(self, language: str) -> tuple[Voice, ...]:
        """Its one voice.

        Raises:
            InputError: Another language than English.
        """
        required_language(self, language)
        return voices_of(self.name)

    def speak(self, text: str, *, language: str, voice: str = "", pace: float = 1.0) -> Speech:
        """Speak ``text``; pace divides the durations inside the network, a unit of which is 25 ms.

        Raises:
            InputError: As ``BaseVoice.speak`` says.
            ModelError: The installed weights are of another make.
        """
        required_language(self, language)
        required_voice(self, voice=voice, names=stock(self.name))
        require_pace(pace)
        clean = normalize(text, language=language)
        check_writing(clean, voice=find_voice("en-us"))
        engine, session = _load()
        sentences = [ids for letters in engine.phonemize(clean) if (ids := _letters(engine, letters))]
        pieces = [_say(session, engine, letters, pace) for letters in sentences]
        if not any(piece.phonemes for piece in pieces):
            raise InputError(f"there is nothing to say in {text!r}; give words")
        return joined(pieces, sample_rate=self.sample_rate, language=language)


@lru_cache(maxsize=1)
def _load() -> tuple[Any, Any]:
    """The front end of hibari, and its network with the durations as one more output."""
    path = obtain(_CARD)
    graph = onnx.load_model_from_string(path.read_bytes())
    clips = [node for node in graph.graph.node if node.op_type == "Clip"]
    if len(clips) != 1:
        raise ModelError(f"the network of {_CARD} has {len(clips)} places that could hold durations, expected one")
    graph.graph.output.append(onnx.helper.make_tensor_value_info(clips[0].output[0], onnx.TensorProto.FLOAT, None))
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1  # sums in one order: the same bytes each time
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(graph.SerializeToString(), options, providers=["CPUExecutionProvider"])
    return Hibari(model=str(path)), session


def _letters(engine: Any, phonemes: str) -> str:
    """What the network can say of a sentence; nothing where that is only punctuation."""
    known = "".join(letter for letter in phonemes if letter in engine.vocab)
    return known if any(letter.isalpha() for letter in known) else ""


def _say(session: Any, engine: Any, letters: str, pace: float) -> Piece:
    ids = np.array([engine.ids(letters)], np.int64)
    *spectra, durations = session.run(None, {"ids": ids, "speed": np.array([pace], np.float32)})
    samples = dsp.synth(*(part[0] for part in spectra), np.random.default_rng(0))
    meant = phonemes_from_tokens(
        _tokens(letters, durations=durations, length=len(samples)),
        samples=samples,
        sample_rate=HibariBase.sample_rate,
        spelling=_SPELLING,
    )
    return Piece(samples, _heard(samples, meant))


def _heard(samples: NDArray[np.float32], meant: tuple[PhonemeSpan, ...]) -> tuple[PhonemeSpan, ...]:
    """The phonemes where they sound: the network's durations are multiples of 25 ms, and only about what is heard."""
    try:
        found = align_phonemes(
            Waveform(samples[None], HibariBase.sample_rate), symbols=[phoneme.symbol for phoneme in meant]
        ).phonemes
    except InputError:  # too fast for one frame each, or nothing to hear
        return meant
    if len(found) < len(meant):
        return meant
    return tuple(replace(own, span=other.span) for own, other in zip(meant, found, strict=True))


def _tokens(letters: str, *, durations: NDArray[np.float32], length: int) -> list[Token]:
    ends = [int(end) * _TICK for end in accumulate(durations.ravel())]
    if ends[-1] != length:
        raise ModelError(f"the durations of {_CARD} give {ends[-1]} samples, its sound has {length}")
    edges = [0, *(min(max(end - _LEAD, 0), length) for end in ends[:-1]), length]
    return [
        Token(letter, start, end)
        for letter, (start, end) in zip([_EDGE, *letters, _EDGE], pairwise(edges), strict=True)
    ]
