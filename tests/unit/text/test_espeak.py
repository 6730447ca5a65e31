"""espeak-ng says the same thing in the same bytes, with phonemes exactly inside the sound."""

from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction

import numpy as np
import pytest

from avsynth.core.errors import InputError
from avsynth.text.espeak import find_voice, languages, phonemize, speak

TEXT = "The quick brown fox jumps over the lazy dog. Hello, world!"


@pytest.mark.parametrize("variant", [None, "f2", "whisper"])  # the last two add noise
def test_same_text_same_bytes_whatever_was_said_between(variant):
    first = speak(TEXT, language="en", voice_variant=variant)
    speak("Otra cosa, muy distinta.", language="es", words_per_minute=300)
    again = speak(TEXT, language="en", voice_variant=variant)
    assert first.waveform.samples.tobytes() == again.waveform.samples.tobytes()
    assert first.phonemes == again.phonemes


def test_threads_do_not_mix_voices():
    texts = [("Hello there", "en"), ("Hola amigos", "es"), ("Guten Tag", "de")] * 4
    alone = [speak(text, language=language).phonemes for text, language in texts]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda item: speak(item[0], language=item[1]).phonemes, texts))
    assert alone == together


@pytest.mark.parametrize("language", ["en", "es", "fr", "de", "pt-BR", "ru"])
def test_phonemes_lie_in_order_inside_the_sound(language):
    text = "Привет, мир. Как дела?" if language == "ru" else "Ana, Pedro. Otto?"
    spoken = speak(text, language=language)
    assert spoken.waveform.sample_rate == 22_050
    assert spoken.waveform.samples.shape[0] == 1
    edge = Fraction(0)
    for phoneme in spoken.phonemes:
        assert edge <= phoneme.span.start < phoneme.span.end
        assert (phoneme.span.end * 22_050).denominator == 1
        edge = phoneme.span.end
    assert edge <= spoken.waveform.duration
    assert spoken.timeline.duration == spoken.waveform.duration
    assert tuple(p.symbol for p in spoken.phonemes) == phonemize(text, language=language)


def test_timing_is_where_the_sound_is():
    """Vowels are loud; the closures of plosives before them and the pause between sentences are quiet."""
    spoken = speak("Papa. Papa.", language="es")
    samples = spoken.waveform.samples[0]

    def level(span):
        part = samples[span.samples(22_050).start : span.samples(22_050).stop]
        return float(np.sqrt(np.mean(part**2)))

    assert [p.symbol for p in spoken.phonemes] == ["p", "a", "p", "a"] * 2
    vowels = [level(p.span) for p in spoken.phonemes if p.symbol == "a"]
    plosives = [level(p.span) for p in spoken.phonemes if p.symbol == "p"]
    assert min(vowels) > 2 * max(plosives)
    pause = samples[int(spoken.phonemes[3].span.end * 22_050) : int(spoken.phonemes[4].span.start * 22_050)]
    assert len(pause) > 2_000
    assert float(np.abs(pause[-1_000:]).max()) < 0.01


def test_rate_and_pitch():
    slow, fast = (speak(TEXT, language="en", words_per_minute=rate).waveform.duration for rate in (120, 240))
    assert Fraction(17, 10) < slow / fast < Fraction(23, 10)

    def period(pitch):  # in samples, by autocorrelation of what lies below 300 Hz
        spoken = speak("mamá", language="es", pitch=pitch)
        inside = spoken.phonemes[-1].span.samples(22_050)
        spectrum = np.fft.rfft(spoken.waveform.samples[0, inside.start : inside.stop])
        spectrum[int(300 * len(inside) / 22_050) :] = 0
        sound = np.fft.irfft(spectrum)[200:2_200]
        match = np.correlate(sound, sound, "full")[len(sound) - 1 :]
        return 55 + int(np.argmax(match[55:368]))

    periods = [period(pitch) for pitch in (10, 50, 90)]
    assert periods[0] > 1.2 * periods[1] > 1.2**2 * periods[2]


def test_stress_is_kept_only_when_asked():
    assert phonemize("la niña", language="es") == ("l", "a", "n", "i", "ɲ", "a")
    assert phonemize("la niña", language="es", stress=True) == ("l", "a", "n", "ˈi", "ɲ", "a")


def test_numbers_are_read_in_the_language():
    assert phonemize("23", language="es") == phonemize("veintitrés", language="es")
    assert phonemize("23", language="en") == phonemize("twenty three", language="en")


def test_one_spelling():
    assert "ɡ" in phonemize("go", language="en")
    assert "g" not in phonemize("go", language="en")
    assert phonemize("吃", language="zh")[0] == "ʈʂʰ"


def test_a_long_text_is_spoken_whole():
    one = phonemize("The quick brown fox jumps over the lazy dog.", language="en")
    assert phonemize("The quick brown fox jumps over the lazy dog. " * 60, language="en") == one * 60


@pytest.mark.parametrize(
    ("tag", "voice"),
    [
        ("en", "gmw/en-US"),
        ("en-GB", "gmw/en"),
        ("EN_us", "gmw/en-US"),
        ("pt", "roa/pt"),
        ("pt-BR", "roa/pt-BR"),
        ("pt-AO", "roa/pt"),
        ("es", "roa/es"),
        ("es-AR", "roa/es-419"),
        ("fr-CA", "roa/fr"),
        ("fr-CH", "roa/fr-CH"),
        ("zh", "sit/cmn"),
        ("zh-Hans-CN", "sit/cmn"),
        ("zh-HK", "sit/yue"),
        ("de-AT", "gmw/de"),
        ("no", "gmq/nb"),
    ],
)
def test_language_tags(tag, voice):
    assert find_voice(tag) == voice


def test_every_listed_language_speaks():
    tags = languages()
    assert len(tags) > 120
    assert list(tags) == sorted(set(tags))
    assert {find_voice(tag) for tag in ("ja", "ko", "hi", "ar", "tr")} == {
        "jpx/ja", "ko", "inc/hi", "sem/ar", "trk/tr"
    }  # fmt: skip
    for tag in tags:
        assert len(speak("a", language=tag).phonemes) > 0, tag


@pytest.mark.parametrize(
    ("text", "options", "message"),
    [
        ("hola", {"language": "tlh"}, "no voice for language 'tlh'; near it: .*t"),
        ("hola", {"language": ""}, "no voice for language ''; give a BCP 47 tag"),
        ("...", {"language": "en"}, "nothing to say"),
        ("", {"language": "en"}, "nothing to say"),
        ("漢字", {"language": "ja"}, "kana"),
        ("hola", {"language": "es", "words_per_minute": 10}, "80 to 450, got 10"),
        ("hola", {"language": "es", "pitch": 100}, "0 to 99, got 100"),
        ("hola", {"language": "es", "voice_variant": "f9"}, "no variant 'f9'; near it: f"),
    ],
)
def test_what_cannot_be_said_is_an_error(text, options, message):
    with pytest.raises(InputError, match=message):
        speak(text, **options)
