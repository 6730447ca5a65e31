"""Every base keeps the promises of ``BaseVoice``; Piper's speaks with a small network of its shape, drawn here.

A base whose package is not installed is skipped, and says so. Of Piper's own voices none is at hand: the stand-in hums
a tone a letter, so that its times can be heard.
"""

from __future__ import annotations

import itertools
import json
from functools import cache

import numpy as np
import onnx
import pytest
from onnx import TensorProto, numpy_helper
from onnx.helper import make_graph, make_model, make_node, make_opsetid, make_tensor_value_info
from scipy.signal import hilbert

from avsynth.core.errors import InputError, MissingExtraError, ModelError
from avsynth.metrics.edges import edge_levels
from avsynth.voice.backends.base_pitch import median_pitch
from avsynth.voice.bases import BASES, choose

TEXT = "The boats came back, and nobody was lost."
HUM, SILENT = 0.4, "^$.,!?"  # loudness of the stand-in's letters, and those that are silent
VOWELS, STOPS = set("aeiouæɑɐɒɔəɛɜɪʊʌ"), set("pbtdkɡ")


@pytest.fixture(scope="module", autouse=True)
def piper_folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("piper")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AVSYNTH_PIPER_VOICES", str(folder))
        if "piper" in installed():
            write_hum(folder / "en_US-hum-low.onnx")
        yield folder


@cache
def installed():
    found = {}
    for name in BASES.names():
        try:
            found[name] = BASES.get(name)()
        except MissingExtraError:
            continue
    return found


@pytest.fixture(scope="module", params=BASES.names())
def base(request):
    try:
        return BASES.get(request.param)()
    except MissingExtraError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="module")
def natural(base):
    return base.speak(TEXT, language="en")


def tone_of(number):
    """The stand-in's tone for a letter, in Hz."""
    return 200.0 + 15.0 * number


def hum_graph(letters):
    """A graph of a VITS's shape: durations by letter with noise on them, one ``Ceil``, then sound with noise on it."""
    size = max(numbers[0] for numbers in letters.values()) + 1
    frames, loud = np.full(size, 9.0, np.float32), np.full(size, HUM, np.float32)
    for letter, (number,) in letters.items():
        frames[number] = 0.2 if letter in "_ˈˌː " else 20.0 if letter in SILENT else 9.0
        loud[number] = 0.0 if letter in SILENT else HUM
    constants = {
        "frames": frames,
        "loud": loud,
        "turns": np.array([tone_of(i) / 22_050 for i in range(size)], np.float64),
        "i0": np.array(0),
        "i1": np.array(1),
        "i2": np.array(2),
        "one": np.array([1]),
        "zero": np.array([0]),
        "hop": np.array([1, 256]),
        "flat": np.array([-1]),
        "whole": np.array([1, 1, -1]),
        "tau": np.array(2 * np.pi, np.float64),
        "soft": np.array(0.01, np.float32),
    }
    nodes = [
        make_node("Gather", ["scales", "i0"], ["noise_scale"]),
        make_node("Gather", ["scales", "i1"], ["length_scale"]),
        make_node("Gather", ["scales", "i2"], ["noise_w"]),
        make_node("Gather", ["frames", "input"], ["w"]),
        make_node("Unsqueeze", ["w", "one"], ["w3"]),
        make_node("RandomNormalLike", ["w3"], ["z_w"]),
        make_node("Mul", ["z_w", "noise_w"], ["z_w2"]),
        make_node("Add", ["w3", "z_w2"], ["w4"]),
        make_node("Abs", ["w4"], ["w5"]),
        make_node("Mul", ["w5", "length_scale"], ["w6"]),
        make_node("Ceil", ["w6"], ["w_ceil"]),
        make_node("Reshape", ["w_ceil", "flat"], ["dur"]),
        make_node("Cast", ["dur"], ["dur_i"], to=TensorProto.INT64),
        make_node("CumSum", ["dur_i", "i0"], ["ends"]),
        make_node("ReduceSum", ["dur_i"], ["total"], keepdims=0),
        make_node("Range", ["i0", "total", "i1"], ["t"]),
        make_node("Unsqueeze", ["t", "one"], ["t2"]),
        make_node("GreaterOrEqual", ["t2", "ends"], ["past"]),
        make_node("Cast", ["past"], ["past_i"], to=TensorProto.INT64),
        make_node("ReduceSum", ["past_i", "one"], ["which"], keepdims=0),
        make_node("Reshape", ["input", "flat"], ["ids"]),
        make_node("Gather", ["ids", "which"], ["letter"]),
        make_node("Unsqueeze", ["letter", "one"], ["letter2"]),
        make_node("Tile", ["letter2", "hop"], ["letter3"]),
        make_node("Reshape", ["letter3", "flat"], ["letter4"]),
        make_node("Gather", ["turns", "letter4"], ["step"]),
        make_node("CumSum", ["step", "i0"], ["cycles"]),
        make_node("Mul", ["cycles", "tau"], ["phase"]),
        make_node("Sin", ["phase"], ["tone"]),
        make_node("Cast", ["tone"], ["tone32"], to=TensorProto.FLOAT),
        make_node("Gather", ["loud", "letter4"], ["gain"]),
        make_node("RandomNormalLike", ["tone32"], ["z"]),
        make_node("Mul", ["z", "noise_scale"], ["z2"]),
        make_node("Mul", ["z2", "soft"], ["z3"]),
        make_node("Add", ["tone32", "z3"], ["mixed"]),
        make_node("Mul", ["mixed", "gain"], ["sound"]),
        make_node("Reshape", ["sound", "whole"], ["output"]),
    ]
    return make_graph(
        nodes,
        "hum",
        [
            make_tensor_value_info("input", TensorProto.INT64, [1, "letters"]),
            make_tensor_value_info("input_lengths", TensorProto.INT64, [1]),
            make_tensor_value_info("scales", TensorProto.FLOAT, [3]),
        ],
        [make_tensor_value_info("output", TensorProto.FLOAT, [1, 1, "T"])],
        [numpy_helper.from_array(value, name) for name, value in constants.items()],
    )


def write_hum(path, *, ceils=1):
    from piper.phoneme_ids import DEFAULT_PHONEME_ID_MAP as LETTERS

    graph = hum_graph(LETTERS)
    for extra in range(ceils - 1):
        graph.node.append(make_node("Ceil", ["w6"], [f"more_{extra}"]))
    onnx.save(make_model(graph, opset_imports=[make_opsetid("", 17)], ir_version=8), str(path))
    settings = {
        "audio": {"sample_rate": 22_050},
        "espeak": {"voice": "en-us"},
        "language": {"code": "en_US"},
        "phoneme_type": "espeak",
        "num_symbols": 256,
        "num_speakers": 1,
        "phoneme_id_map": LETTERS,
        "inference": {"noise_scale": 0.667, "length_scale": 1, "noise_w": 0.8},
    }
    path.with_name(f"{path.name}.json").write_text(json.dumps(settings), encoding="utf-8")


def symbols(speech):
    return [phoneme.symbol for phoneme in speech.timeline]


def power(speech, *, shift=0.0):
    """Mean power of the sound within each phoneme, looked up ``shift`` seconds later."""
    rate, sound = speech.waveform.sample_rate, speech.waveform.samples[0].astype(float)
    edges = [
        (round((float(p.span.start) + shift) * rate), round((float(p.span.end) + shift) * rate))
        for p in speech.timeline
    ]
    return np.array([np.square(sound[max(a, 0) : b]).mean() if b > max(a, 0) else 0.0 for a, b in edges])


def test_the_shape_of_speech(base, natural):
    assert natural.waveform.samples.shape[0] == 1
    assert natural.waveform.sample_rate == base.sample_rate
    assert np.isfinite(natural.waveform.samples).all()
    assert 0.05 < np.abs(natural.waveform.samples).max() < 1.0
    assert natural.timeline.duration == natural.waveform.duration
    assert (natural.language, natural.stretch) == ("en", 1.0)


def test_tags_and_voices_can_be_asked_for(base):
    tags = base.languages()
    assert tags == tuple(sorted(set(tags)))
    assert all(tag == tag.lower() for tag in tags)
    assert "en" in tags
    for tag in ("en", "EN_us"):
        names = [voice.name for voice in base.voices(tag)]
        assert len(names) == len(set(names)) > 0


def test_a_voice_has_the_pitch_that_is_written_of_it(base):
    if base.name == "piper":
        pytest.skip("a voice of the user's is measured while one asks for it")
    text = "The old man walked slowly along the river and looked at the boats. Nobody knew where he had come from."
    voice = base.voices("en")[0]
    spoken = median_pitch(base.speak(text, language="en", voice=voice.name))
    assert spoken == pytest.approx(voice.f0_median_hz, rel=0.03)


def test_sound_is_where_the_phonemes_are(natural):
    rate, sound = natural.waveform.sample_rate, natural.waveform.samples[0]
    inside = np.zeros(len(sound), bool)
    for phoneme in natural.timeline:
        inside[round(phoneme.span.start * rate) : round(phoneme.span.end * rate)] = True
    level = np.square(sound, dtype=np.float64)
    assert level[inside].mean() > 30 * level[~inside].mean()


def test_vowels_are_loud_where_the_timeline_says(base):
    """They are louder than stops there, and louder than what sounds 60 ms earlier or later."""
    if base.name == "piper":
        pytest.skip("the stand-in hums every letter alike; its times are heard by their tones below")
    text = "Peter picked a ticket. Bob could talk to Kate about a cup of tea. Pack a paper kite, Daddy."
    speech = base.speak(text, language="en")
    vowel = np.array([symbol[0] in VOWELS for symbol in symbols(speech)])
    stop = np.array([symbol in STOPS for symbol in symbols(speech)])
    now, before, after = (10 * np.log10(power(speech, shift=shift) + 1e-9) for shift in (0, -0.06, 0.06))
    assert now[vowel].mean() > now[stop].mean() + 3
    assert now[vowel].mean() > max(before[vowel].mean(), after[vowel].mean())


def test_the_same_arguments_give_the_same_bytes(base, natural):
    base.speak("Something else in between.", language="en")
    again = base.speak(TEXT, language="en")
    assert again.waveform.samples.tobytes() == natural.waveform.samples.tobytes()
    assert again.timeline == natural.timeline


def test_pace_makes_speech_faster_and_says_the_same(base, natural):
    slow, fast = (base.speak(TEXT, language="en", pace=pace) for pace in (0.7, 1.6))
    ratio = [float(speech.waveform.duration / natural.waveform.duration) for speech in (slow, fast)]
    assert ratio[0] == pytest.approx(1 / 0.7, rel=0.2)
    assert ratio[1] == pytest.approx(1 / 1.6, rel=0.2)
    assert symbols(slow) == symbols(fast) == symbols(natural)


def test_long_text_is_spoken_to_its_end(base, natural):
    speech = base.speak(" ".join([TEXT] * 8), language="en")
    assert len(speech.timeline) == 8 * len(natural.timeline)
    last = float(speech.waveform.duration - speech.timeline.phonemes[-1].span.end)
    assert last < 1.0
    assert float(speech.waveform.duration) == pytest.approx(8 * float(natural.waveform.duration), rel=0.15)


def test_a_tag_it_does_not_know_is_shortened(base, natural):
    speech = base.speak(TEXT, language="en-US-x-none")
    assert speech.waveform.samples.tobytes() == natural.waveform.samples.tobytes()
    assert speech.language == "en-US-x-none"


@pytest.mark.parametrize("text", ["", "  \n ", "..."])
def test_nothing_to_say_is_an_error(base, text):
    with pytest.raises(InputError, match="nothing to say"):
        base.speak(text, language="en")


def test_what_it_does_not_have_is_an_error(base):
    with pytest.raises(InputError, match="'qq'"):
        base.speak(TEXT, language="qq")
    with pytest.raises(InputError, match="has no voice 'nobody'"):
        base.speak(TEXT, language="en", voice="nobody")
    with pytest.raises(InputError, match="pace"):
        base.speak(TEXT, language="en", pace=3)


def test_letters_of_another_script_are_refused(base):
    with pytest.raises(InputError, match="cannot read 'П'"):
        base.speak("Hello Привет", language="en")


def test_hibari_says_these_phonemes():
    hibari = installed().get("hibari") or pytest.skip("hibari-tts is not installed")
    spoken = symbols(hibari.speak("My boy saw the judge go out.", language="en"))
    assert spoken == ["m", "aɪ", "b", "ɔɪ", "s", "ɔ", "ð", "ə", "dʒ", "ʌ", "dʒ", "ɡ", "oʊ", "aʊ", "t"]


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("es-MX", "El perro come pan."),
        ("fr", "Le chat dort ici."),
        ("de-AT", "Der Hund bellt laut."),
        ("it", "Il gatto beve il latte."),
    ],
)
def test_nanotts_is_preferred_in_its_languages(language, text):
    nanotts = installed().get("nanotts") or pytest.skip("py-nanotts is not installed")
    assert choose(language) == "nanotts"
    speech = nanotts.speak(text, language=language)
    assert 1.0 < float(speech.waveform.duration) < 4.0
    assert len(speech.timeline) > 9


@pytest.mark.parametrize(
    ("language", "text"),
    [("de", "Die junge Ärztin dankte uns herzlich und schloss die schwere Tür."), ("fr", "Il fait froid, voilà tout.")],
)
def test_nanotts_is_not_heard_after_its_last_phoneme(language, text):
    """Or a cloner, which keeps a twentieth of a second more, would cut the phoneme off."""
    nanotts = installed().get("nanotts") or pytest.skip("py-nanotts is not installed")
    speech = nanotts.speak(text, language=language)
    assert edge_levels(speech.waveform, timeline=speech.timeline).after_db < -40


def test_markup_is_words_to_nanotts():
    nanotts = installed().get("nanotts") or pytest.skip("py-nanotts is not installed")
    plain = nanotts.speak("one two three", language="en")
    marked = nanotts.speak("one <two> three", language="en")
    assert symbols(marked) == symbols(plain)


@pytest.fixture
def piper():
    return installed().get("piper") or pytest.skip("piper-tts is not installed: pip install 'avsynth[piper]'")


def test_each_of_piper_s_phonemes_sounds_at_its_time(piper):
    from piper.phoneme_ids import DEFAULT_PHONEME_ID_MAP as LETTERS

    speech = piper.speak("Pack it, Bob. Two men sat.", language="en")
    rate, sound = speech.waveform.sample_rate, speech.waveform.samples[0]
    heard = np.diff(np.unwrap(np.angle(hilbert(sound)))) * rate / (2 * np.pi)
    assert len(speech.timeline) > 14
    for phoneme, after in itertools.pairwise(speech.timeline):
        if after.span.start > phoneme.span.end:  # before a pause it may last into the mark's own tone
            continue
        start, end = float(phoneme.span.start) * rate, float(phoneme.span.end) * rate
        middle = heard[round(start + 0.3 * (end - start)) : round(end - 0.3 * (end - start))]
        assert np.median(middle) == pytest.approx(tone_of(LETTERS[phoneme.symbol[0]][0]), abs=4)


def test_piper_without_voices_says_where_they_belong(piper, tmp_path, monkeypatch):
    monkeypatch.setenv("AVSYNTH_PIPER_VOICES", str(tmp_path))
    assert piper.languages() == ()
    with pytest.raises(InputError, match=r"no Piper voice in .* put a voice's \.onnx"):
        piper.speak(TEXT, language="en")


def test_files_that_are_no_piper_voices_are_refused(piper, tmp_path, monkeypatch):
    monkeypatch.setenv("AVSYNTH_PIPER_VOICES", str(tmp_path))
    voice = tmp_path / "en_US-odd-low.onnx"
    write_hum(voice, ceils=2)
    with pytest.raises(ModelError, match="2 places that could hold durations"):
        piper.speak(TEXT, language="en")
    voice.write_bytes(b"not a graph")
    with pytest.raises(ModelError, match="no Piper voice"):
        piper.speak(TEXT, language="en")
    voice.with_name(f"{voice.name}.json").write_text("[]", encoding="utf-8")
    with pytest.raises(ModelError, match="not the description of a Piper voice"):
        piper.languages()
