"""Scripts are read exactly, and what a display would forgive is an error that says where."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from avsynth.core.errors import ScriptError
from avsynth.core.span import Span
from avsynth.text.script import read_script

SRT = """1
00:00:01,040 --> 00:00:02,500
[Ana] ¿Qué <i>tal</i>?

2
00:00:02,000 --> 00:00:03,333
PEDRO: Muy bien,
gracias.

3
00:00:04,000 --> 00:00:05,000 X1:40 X2:600
{\\an8}♪ Vamos ♪ (se ríe)
"""

VTT = """WEBVTT - a title

STYLE
::cue { color: red }

NOTE Ana is angry here
00:00 is the start

intro
00:01.040 --> 00:02.500 align:start position:0%
<v.loud Ana Gómez>¿Qué <c.red>tal</c>? &amp; <00:00:02.000>más

01:00:02.000 --> 01:00:03.000
Name: no speaker
"""


@pytest.fixture
def read(tmp_path):
    def read(text, *, suffix=".srt", language="es", **options):
        path = tmp_path / f"script{suffix}"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return read_script(path, language=language, **options)

    return read


def test_srt(read):
    ana, pedro, song = read(SRT, default_speaker="coro").utterances
    assert (ana.id, ana.speaker, ana.text) == ("1", "Ana", "¿Qué tal?")
    assert ana.span == Span(Fraction(26, 25), Fraction(5, 2))
    assert (pedro.id, pedro.speaker, pedro.text) == ("2", "PEDRO", "Muy bien, gracias.")
    assert pedro.span.end == Fraction(3333, 1000)
    assert (song.id, song.speaker, song.text, song.language) == ("3", "coro", "Vamos", "es")


def test_vtt(read):
    first, second = read(VTT, suffix=".vtt").utterances
    assert (first.id, first.speaker, first.text) == ("intro", "Ana Gómez", "¿Qué tal? & más")
    assert first.span == Span(Fraction(26, 25), Fraction(5, 2))
    assert (second.id, second.speaker, second.text) == ("2", "", "Name: no speaker")
    assert second.span == Span(Fraction(3602), Fraction(3603))


@pytest.mark.parametrize("change", [lambda s: s.replace("\n", "\r\n"), lambda s: "\ufeff" + s])
def test_line_ends_and_byte_order_marks(read, change):
    assert [line.span for line in read(change(SRT)).utterances] == [line.span for line in read(SRT).utterances]


@given(st.integers(0, 3_599_000), st.integers(1, 100_000))
def test_every_millisecond_is_exact(tmp_path_factory, start, length):
    def stamp(ms):
        return f"{ms // 3_600_000:02}:{ms // 60_000 % 60:02}:{ms // 1000 % 60:02},{ms % 1000:03}"

    path = tmp_path_factory.getbasetemp() / "exact.srt"
    path.write_text(f"1\n{stamp(start)} --> {stamp(start + length)}\nhola\n", encoding="utf-8")
    (line,) = read_script(path, language="es").utterances
    assert line.span == Span(Fraction(start, 1000), Fraction(start + length, 1000))


@pytest.mark.parametrize(
    ("text", "speaker", "words"),
    [
        ("[Ana] hola", "Ana", "hola"),
        ("[ Ana María ]: hola", "Ana María", "hola"),
        ("ANA: hola", "ANA", "hola"),
        ("DR. LÓPEZ 2: hola", "DR. LÓPEZ 2", "hola"),
        ("- ANA: hola", "ANA", "hola"),
        ("Ana: hola", "x", "Ana: hola"),
        ("ANA:hola", "x", "ANA:hola"),
        ("A: hola", "x", "A: hola"),
        ("10: hola", "x", "10: hola"),
        ("hola [Ana]", "x", "hola"),
        ("son las 3: ANA: hola", "x", "son las 3: ANA: hola"),
        ("- hola", "x", "hola"),
        ("-5 grados", "x", "-5 grados"),
        ("<b>hola</b> 2 < 3 > 1", "x", "hola 2 < 3 > 1"),
    ],
)
def test_who_speaks(read, text, speaker, words):
    (line,) = read(f"00:00:01,000 --> 00:00:02,000\n{text}\n", default_speaker="x").utterances
    assert (line.speaker, line.text) == (speaker, words)


def test_lines_come_in_order_of_time(read):
    late, early = "7\n00:00:05,000 --> 00:00:06,000\ntarde\n", "8\n00:00:01,000 --> 00:00:02,000\npronto\n"
    assert [line.id for line in read(late + "\n" + early).utterances] == ["8", "7"]


def test_japanese_lines_join_without_a_space(read):
    text = "1\n00:00:01,000 --> 00:00:02,000\n<ruby>きょう<rt>kyou</rt></ruby>は\nいい\n"
    assert read(text, language="ja").utterances[0].text == "きょうはいい"


def test_two_speakers_may_overlap_and_touching_lines_do_not(read):
    text = "1\n00:00:01,000 --> 00:00:02,000\n[A] a b\n\n2\n00:00:02,000 --> 00:00:03,000\n[A] c\n\n"
    text += "3\n00:00:01,500 --> 00:00:02,500\n[B] d\n"
    assert read(text, film_duration=Fraction(3)).speakers == ("A", "B")


CUE = "1\n00:00:01,000 --> 00:00:02,000\nhola\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "no lines"),
        ("1\n00:00:02,000 --> 00:00:01,000\nhola\n", r"script.srt:2: .*ends at 1.0 s, not after its start at 2.0"),
        ("1\n00:00:02,000 --> 00:00:02,000\nhola\n", r"script.srt:2: .*not after its start"),
        ("1\n-00:00:02,000 --> 00:00:03,000\nhola\n", "script.srt:2: .*negative"),
        ("1\n00:00:02,000 --> 00:00:63,000\nhola\n", "script.srt:2: no time: '00:00:63,000'; write it like '00:01"),
        ("1\n00:00:02 --> 00:00:03,000\nhola\n", "script.srt:2: no time: '00:00:02'"),
        ("1\n00:00:02,00 --> 00:00:03,000\nhola\n", "script.srt:2: no time: '00:00:02,00'"),
        ("1\n00:00:02,000 -->\nhola\n", "script.srt:2: no time: ''"),
        (
            "1\n00:00:01,000 --> 00:00:02,000\n\nhola\n",
            "script.srt:4: text without a time: 'hola'; .*delete the empty line above",
        ),
        (f"{CUE}\nhola otra vez\n", "script.srt:5: text without a time: 'hola otra vez'"),
        ("1\n00:00:01,000 --> 00:00:02,000\n♪ (música) ♪\n", "script.srt:2: line 1 has no words to speak"),
        (CUE + CUE, "script.srt:5: two times in one cue"),
        ("a\nb\n00:00:01,000 --> 00:00:02,000\nhola\n", "script.srt:3: a time in the middle of a text"),
        (
            f"{CUE}\n{CUE.replace('01,', '05,').replace('02,', '06,')}",
            "script.srt:6: line '1' has the id of script.srt:2",
        ),
        (
            f"{CUE}\n2\n00:00:01,999 --> 00:00:03,000\nadiós\n",
            r"script.srt:6: line 2 .*starts at 1.999 s, before line 1 .script.srt:2. ends at 2.0 s",
        ),
        (f"{CUE}\n2\n00:00:09,000 --> 00:00:10,001\nadiós\n", r"script.srt:6: line 2 ends at 10.001 s, after the film"),
        ("1\n00:00:01,000 --> 00:00:02,000\n- hola\n- adiós\n", "script.srt:2: two turns in one cue"),
    ],
)
def test_errors_say_what_and_where(read, text, message):
    with pytest.raises(ScriptError, match=message):
        read(text, film_duration=Fraction(10))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (CUE, "script.vtt:1: a WebVTT file begins with"),
        ("WEBVTT\n00:01.000 --> 00:02.000\nhola\n", "put an empty line"),
        ("WEBVTT\n\n00:01,000 --> 00:02.000\nhola\n", "script.vtt:3: no time: '00:01,000'"),
        ("WEBVTT\n\n00:01.000 --> 00:02.000\n<v Ana>hola <v Pedro>adiós\n", "script.vtt:3: Ana and Pedro speak in one"),
    ],
)
def test_webvtt_errors(read, text, message):
    with pytest.raises(ScriptError, match=message):
        read(text, suffix=".vtt")


def test_files_that_cannot_be_read(read, tmp_path):
    with pytest.raises(ScriptError, match=r"cannot read \.txt; use \.srt, \.vtt"):
        read(CUE, suffix=".txt")
    with pytest.raises(ScriptError, match="no voice for language 'xx'"):
        read(CUE, language="xx")
    with pytest.raises(ScriptError, match="no UTF-8"):
        read("1\n00:00:01,000 --> 00:00:02,000\nseñor\n".encode("latin-1"))
    with pytest.raises(ScriptError, match=r"cannot read .*absent"):
        read_script(tmp_path / "absent.srt", language="es")


def test_the_end_of_the_film_is_exact(read):
    assert read(CUE, film_duration=Fraction(2)).utterances[0].span.end == 2
    with pytest.raises(ScriptError, match="after the film's end"):
        read(CUE, film_duration=Fraction(1999999, 1000000))
