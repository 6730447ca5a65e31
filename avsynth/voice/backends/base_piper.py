"""The base ``piper``: voices of the user's own in Piper's format, with the durations their networks compute."""

from __future__ import annotations

import json
import os
import re
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
from onnx import numpy_helper
from piper import PiperVoice, SynthesisConfig
from piper.config import PhonemeType, PiperConfig

from avsynth.core.errors import InputError, ModelError
from avsynth.core.speech import Speech
from avsynth.models.hub import cache_home
from avsynth.text.espeak import find_voice
from avsynth.text.normalize import normalize
from avsynth.text.writing import check_writing
from avsynth.voice.backends.base_pieces import Piece, joined
from avsynth.voice.backends.base_pitch import measure
from avsynth.voice.backends.base_tokens import Token, phonemes_from_tokens
from avsynth.voice.bases import Voice, match_language, require_pace, required_language, required_voice

_FOLDER = "AVSYNTH_PIPER_VOICES"
_NOISE_VALUES = 999_983  # a prime, so that the noise does not repeat with the frames
_READABLE = (PhonemeType.ESPEAK, PhonemeType.TEXT)  # the others fetch dictionaries or need more packages


class PiperBase:
    """The voices in the folder ``$AVSYNTH_PIPER_VOICES``, or ``piper`` in ``$AVSYNTH_HOME``.

    A voice is a file ``de_DE-name-medium.onnx`` with its ``.onnx.json`` beside it, as Piper's makers publish them;
    its language is read from there. Another speaker than the first of such a file is called ``file:speaker``.

    Attributes:
        sample_rate: Every voice's speech has its own rate; this is what most have.
    """

    name = "piper"
    sample_rate = 22_050
    knows_phonemes = True

    def languages(self) -> tuple[str, ...]:
        """Those of the voices in the folder, and each without its region."""
        tags = {_language(path) for path in _files()}
        return tuple(sorted(tags | {tag.partition("-")[0] for tag in tags}))

    def voices(self, language: str) -> tuple[Voice, ...]:
        """The voices of a language, each with its first speaker, measured while they are read about.

        Raises:
            InputError: There is no voice for the language, or its file is not one of Piper's.
        """
        return tuple(Voice(path.stem, _pitch(path, path.stat().st_mtime_ns)) for path in self._paths(language))

    def speak(self, text: str, *, language: str, voice: str = "", pace: float = 1.0) -> Speech:
        """Speak ``text``; pace divides the durations inside the network, a unit of which is one frame.

        Raises:
            InputError: As ``BaseVoice.speak`` says.
        """
        paths = {path.stem: path for path in self._paths(language)}
        file, _, speaker = voice.partition(":")
        path = paths[required_voice(self, voice=file, names=tuple(paths))]
        engine = _load(path, path.stat().st_mtime_ns)
        settings = SynthesisConfig(
            speaker_id=_speaker(engine.config, speaker, path),
            length_scale=engine.config.length_scale / require_pace(pace),
            normalize_audio=False,
        )
        clean = normalize(text, language=language).replace("[[", "[").replace("]]", "]")  # else: letters of Piper's
        if engine.config.phoneme_type == PhonemeType.ESPEAK:
            check_writing(clean, voice=find_voice(engine.config.espeak_voice))
        pieces = [
            _piece(chunk, path)
            for chunk in engine.synthesize(clean, settings, include_alignments=True)
            if any(letter.isalpha() for letter in chunk.phonemes)
        ]
        if not any(piece.phonemes for piece in pieces):
            raise InputError(f"there is nothing to say in {text!r}; give words")
        return joined(pieces, sample_rate=engine.config.sample_rate, language=language)

    def _paths(self, language: str) -> list[Path]:
        """Files of the language, those of the very region first."""
        files = _files()
        if not files:
            raise InputError(
                f"there is no Piper voice in {_folder()}; put a voice's .onnx and .onnx.json there, or name their "
                f"folder in ${_FOLDER}"
            )
        tag = required_language(self, language)
        same = [path for path in files if match_language(_language(path), among=(tag, tag.partition("-")[0]))]
        return sorted(same, key=lambda path: (_language(path) != tag, path.name))


def _folder() -> Path:
    named = os.environ.get(_FOLDER)
    return Path(named).expanduser() if named else cache_home() / "piper"


def _files() -> list[Path]:
    return [path for path in sorted(_folder().glob("*.onnx")) if path.with_name(f"{path.name}.json").is_file()]


def _settings(path: Path) -> dict[str, Any]:
    beside = path.with_name(f"{path.name}.json")
    try:
        plain = json.loads(beside.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ModelError(f"cannot read {beside}: {error}; take it from where the voice came from") from None
    if not isinstance(plain, dict):
        raise ModelError(f"{beside} is not the description of a Piper voice; take it from where the voice came from")
    return plain


def _language(path: Path) -> str:
    """From the description, else from the file's name, else espeak-ng's name of the voice."""
    plain = _settings(path)
    named = plain.get("language") or {}
    code = named.get("code") if isinstance(named, dict) else None
    if not code and (found := re.match(r"[a-z]{2,3}_[A-Z]{2}(?=-)", path.name)):
        code = found[0]
    return str(code or (plain.get("espeak") or {}).get("voice") or "und").lower().replace("_", "-")


@lru_cache(maxsize=4)
def _load(path: Path, changed: int) -> PiperVoice:
    """Piper's own engine on the user's network, whose durations are shown and whose noise is always the same."""
    plain = _settings(path)
    try:
        config = PiperConfig.from_dict(plain)
        graph = onnx.load(str(path), load_external_data=False)
        show_durations(graph)
        fix_noise(graph)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        session = onnxruntime.InferenceSession(graph.SerializeToString(), options, providers=["CPUExecutionProvider"])
    except ModelError as error:
        raise ModelError(f"{path}: {error}") from None
    except Exception as error:  # noqa: BLE001 - a foreign file: protobuf, KeyError and ONNX Runtime's own classes
        raise ModelError(f"{path} is no Piper voice ({str(error).splitlines()[0]}); get it again") from None
    if config.phoneme_type not in _READABLE:
        raise ModelError(f"{path} takes {config.phoneme_type.value!r} letters; voices that take espeak's are read here")
    return PiperVoice(session=session, config=config)


def show_durations(graph: onnx.ModelProto) -> None:
    """Make the frames that each letter lasts the network's second output: what its only ``Ceil`` gives.

    Raises:
        ModelError: It is another kind of network.
    """
    ceils = [node for node in graph.graph.node if node.op_type == "Ceil"]
    if len(ceils) != 1:
        raise ModelError(f"its network has {len(ceils)} places that could hold durations; a VITS of Piper's has one")
    shown = ceils[0].output[0]
    del graph.graph.output[1:]
    graph.graph.output.append(onnx.helper.make_tensor_value_info(shown, onnx.TensorProto.FLOAT, None))


def fix_noise(graph: onnx.ModelProto) -> None:
    """Put stored noise in the place of every node that draws it, so that the same text gives the same bytes.

    A node's ``seed`` would not do: it is read once, and every run after goes on from there.
    """
    nodes = list(graph.graph.node)
    drawn = [node for node in nodes if node.op_type in ("RandomNormalLike", "RandomNormal")]
    if not drawn:
        return
    values = np.random.default_rng(0).standard_normal(_NOISE_VALUES, dtype=np.float32)
    constants = {
        "avsynth_noise": values,
        "avsynth_count": np.array(_NOISE_VALUES, np.int64),
        "avsynth_zero": np.array(0, np.int64),
        "avsynth_one": np.array(1, np.int64),
    }
    graph.graph.initializer.extend(numpy_helper.from_array(value, name) for name, value in constants.items())
    del graph.graph.node[:]
    for node in nodes:
        graph.graph.node.extend(_stored_noise(node) if node in drawn else [node])


def _stored_noise(node: onnx.NodeProto) -> list[onnx.NodeProto]:
    """``out = mean + scale * noise[0, 1, ...]`` in the shape that the node would have given."""
    make, out = onnx.helper.make_node, node.output[0]
    given = {item.name: onnx.helper.get_attribute_value(item) for item in node.attribute}
    numbers = np.array([given.get("scale", 1.0), given.get("mean", 0.0)], np.float32)
    if node.op_type == "RandomNormal":
        shape = make("Constant", [], [f"{out}_shape"], value_ints=list(given["shape"]))
    else:
        shape = make("Shape", [node.input[0]], [f"{out}_shape"])
    return [
        shape,
        make("ReduceProd", [f"{out}_shape"], [f"{out}_size"], keepdims=0),
        make("Range", ["avsynth_zero", f"{out}_size", "avsynth_one"], [f"{out}_places"]),
        make("Mod", [f"{out}_places", "avsynth_count"], [f"{out}_within"]),
        make("Gather", ["avsynth_noise", f"{out}_within"], [f"{out}_flat"], axis=0),
        make("Reshape", [f"{out}_flat", f"{out}_shape"], [f"{out}_unit"]),
        make("Constant", [], [f"{out}_scale"], value_float=float(numbers[0])),
        make("Constant", [], [f"{out}_mean"], value_float=float(numbers[1])),
        make("Mul", [f"{out}_unit", f"{out}_scale"], [f"{out}_scaled"]),
        make("Add", [f"{out}_scaled", f"{out}_mean"], [out]),
    ]


def _speaker(config: PiperConfig, speaker: str, path: Path) -> int | None:
    if not speaker:
        return None
    if speaker not in config.speaker_id_map:
        some = ", ".join(list(config.speaker_id_map)[:8]) or "only one, so leave the name away"
        raise InputError(f"{path.name} has no speaker {speaker!r}; it has: {some}")
    return int(config.speaker_id_map[speaker])


def _piece(chunk: Any, path: Path) -> Piece:
    if chunk.phoneme_alignments is None:
        raise ModelError(f"{path} gives no durations for its letters; its .onnx.json may belong to another voice")
    samples = np.asarray(chunk.audio_float_array, np.float32).reshape(-1)
    tokens, edge = [], 0
    for letter in chunk.phoneme_alignments:
        end = min(edge + int(letter.num_samples), len(samples))
        tokens.append(Token(letter.phoneme, edge, end))
        edge = end
    spans = phonemes_from_tokens(tokens, samples=samples, sample_rate=chunk.sample_rate, spelling={})
    return Piece(samples, spans)


@lru_cache(maxsize=64)
def _pitch(path: Path, changed: int) -> float:
    return measure(PiperBase(), voice=path.stem, language=_language(path))
