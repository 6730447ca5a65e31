"""Every value goes to JSON and comes back the same; nothing unknown gets in."""

import json
from dataclasses import dataclass, fields, is_dataclass, replace
from datetime import date
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from avsynth.core import face, media, speech
from avsynth.core.consent import KINDS, Consent, Evidence, VerifiedConsent, today
from avsynth.core.errors import ConsentError, InputError
from avsynth.core.plan import DEFAULT_ENGINES, DubPlan, PlannedFace, PlannedVoice
from avsynth.core.report import Check, QCReport
from avsynth.core.script import Script, Utterance
from avsynth.core.serial import from_json, from_plain, to_json, to_plain
from avsynth.core.span import Span

words = st.text(min_size=1, max_size=12).filter(str.strip)
fractions = st.fractions(min_value=0, max_value=10**6)
positive = st.fractions(min_value=Fraction(1, 10**6), max_value=10**6)
numbers = st.floats(allow_nan=False, allow_infinity=False)
counts = st.integers(0, 10**9)
paths = st.lists(st.text("abcñ -._", min_size=1, max_size=6).filter(lambda s: s.strip(".")), min_size=1, max_size=3)
paths = paths.map(lambda parts: Path(*parts))
dates = st.dates(date(1990, 1, 1), date(2090, 1, 1))
evidence = st.builds(Evidence, words, st.just("0" * 64))
spans = st.tuples(fractions, positive).map(lambda pair: Span(pair[0], pair[0] + pair[1]))


def array(shape, dtype=np.float32):
    count = int(np.prod(shape))
    values = st.integers(-1000, 1000) if dtype != np.uint8 else st.integers(0, 255)
    return st.lists(values, min_size=count, max_size=count).map(lambda v: np.array(v, dtype).reshape(shape))


@st.composite
def scripts(draw):
    edges = sorted(draw(st.lists(fractions, min_size=2, max_size=8, unique=True)))
    lines = [
        Utterance(
            str(i),
            Span(a, b),
            draw(st.sampled_from(["", "Ana", "Eva"])),
            draw(words),
            "es",
            draw(words),
            draw(st.booleans()),
        )
        for i, (a, b) in enumerate(zip(edges, edges[1:]))  # noqa: B905, RUF007
    ]
    return Script(tuple(lines))


@st.composite
def consents(draw, *, holds=False):
    first, last = (today(), today()) if holds else sorted((draw(dates), draw(dates)))
    return Consent(
        draw(words), draw(words), tuple(draw(st.sets(st.sampled_from(KINDS), min_size=1))), ("es", draw(words)),
        draw(words), draw(words), draw(words), first, last,
        None if holds else draw(st.none() | dates), tuple(draw(st.lists(evidence, max_size=2))),
    )  # fmt: skip


@st.composite
def plans(draw):
    script = draw(scripts())
    voices = tuple(PlannedVoice(name, draw(paths), draw(st.none() | paths)) for name in script.speakers)
    return DubPlan(
        draw(paths), "0" * 64, draw(paths), "es", script, voices,
        tuple(PlannedFace(v.speaker, draw(counts), draw(paths)) for v in voices[:1]),
        draw(st.dictionaries(st.sampled_from(sorted(DEFAULT_ENGINES)), words)),
        draw(st.none() | paths), tuple(draw(st.lists(paths, max_size=2))), draw(st.none() | words), draw(counts),
    )  # fmt: skip


@st.composite
def tracks(draw):
    count, layout = draw(st.integers(1, 3)), draw(layouts)
    return face.FaceTrack(
        draw(counts), draw(counts), layout, draw(array((count, layout.points, 3))),
        np.array(draw(st.lists(st.booleans(), min_size=count, max_size=count))),
        draw(array((count,))), draw(array((count, 3))),
    )  # fmt: skip


@st.composite
def timelines(draw):
    edges = sorted(draw(st.lists(fractions, max_size=8, unique=True)))
    pairs = zip(edges[::2], edges[1::2], strict=False)
    phonemes = tuple(speech.PhonemeSpan(draw(words), Span(a, b), draw(numbers)) for a, b in pairs)
    return speech.PhonemeTimeline(phonemes, Fraction(10**6))


@st.composite
def profiles(draw):
    consent = VerifiedConsent(draw(consents(holds=True)))
    return speech.VoiceProfile(
        consent.speaker, np.array([0.6, -0.8], np.float32), draw(words), draw(statistics), ("0" * 64,),
        draw(numbers), consent,
    )  # fmt: skip


@st.composite
def speeches(draw):
    sound = draw(waveforms)
    return speech.Speech(sound, speech.PhonemeTimeline((), sound.duration), draw(words), draw(numbers))


@st.composite
def frames(draw):
    layout = media.PIXEL_FORMATS[draw(st.sampled_from(["gray", "yuv420p", "yuv422p10le"]))]
    planes = tuple(
        draw(array((1, *layout.plane_shape(p, 3, 4)), np.uint8)).astype(layout.dtype) for p in range(layout.planes)
    )
    return media.Frames(planes, layout.name, draw(counts), np.array([draw(counts)], np.int64), draw(colors))


colors = st.builds(media.ColorTags, *[st.integers(0, 12)] * 4)
waveforms = st.integers(0, 4).flatmap(lambda n: array((2, n))).map(lambda samples: media.Waveform(samples, 48_000))
layouts = st.builds(
    face.FaceLayout, words, st.integers(1, 4), *[st.just((0, 1))] * 2, st.just(((0, 1), (1, 2))), st.just((0, 1)),
    st.just((0, 1)), st.just((1,)), st.just(()),
)  # fmt: skip
statistics = st.builds(speech.VoiceStatistics, st.floats(50, 400), numbers, array((3,)), array((3,)))
videos = st.builds(
    media.VideoStream, words, counts, counts, positive, counts, positive, words, colors, st.booleans(), fractions,
    st.sampled_from([0, 90, 180, 270]), positive, st.none() | words,
)  # fmt: skip
sounds = st.builds(media.AudioStream, words, counts, counts, fractions, fractions, words)
checks = st.builds(Check, words, numbers, words, st.booleans(), words, words)
passed = st.builds(face.PassThrough, counts, counts, words)

VALUES = {
    Span: spans,
    Consent: consents(),
    VerifiedConsent: consents(holds=True).map(VerifiedConsent),
    Script: scripts(),
    DubPlan: plans(),
    QCReport: st.builds(QCReport, paths, st.tuples(checks), st.tuples(passed), st.tuples(words)),
    media.MediaInfo: st.builds(media.MediaInfo, paths, words, fractions, st.none() | videos, st.tuples(sounds)),
    media.ColorTags: colors,
    media.PixelFormat: st.sampled_from(list(media.PIXEL_FORMATS.values())),
    media.Waveform: waveforms,
    media.Frames: frames(),
    media.Shot: st.tuples(counts, st.integers(1, 99)).map(lambda p: media.Shot(p[0], p[0] + p[1])),
    face.FaceLayout: layouts,
    face.FaceTrack: tracks(),
    face.MouthMotion: st.builds(face.MouthMotion, words, array((2, 3)), positive, counts),
    face.FacePatch: st.builds(face.FacePatch, counts, array((2, 3, 3), np.uint8), array((2, 3)), counts, counts),
    speech.PhonemeTimeline: timelines(),
    speech.VoiceStatistics: statistics,
    speech.VoiceProfile: profiles(),
    speech.Speech: speeches(),
}


def same(a, b):
    """Equality that looks into arrays and asks for the same types."""
    if type(a) is not type(b) and not (isinstance(a, Path) and isinstance(b, Path)):
        return False
    if isinstance(a, np.ndarray):
        return a.dtype == b.dtype and np.array_equal(a, b)
    if is_dataclass(a):
        return all(same(getattr(a, f.name), getattr(b, f.name)) for f in fields(a))
    if isinstance(a, tuple):
        return len(a) == len(b) and all(map(same, a, b))
    return a == b


@pytest.mark.parametrize("kind", VALUES, ids=lambda kind: kind.__name__)
@settings(max_examples=40)
@given(data=st.data())
def test_every_value_comes_back(kind, data):
    value = data.draw(VALUES[kind])
    text = to_json(value)
    back = from_json(text, kind)
    assert same(back, value)
    assert to_json(back) == text
    assert next(iter(json.loads(text).items())) == ("schema", f"{kind.__name__}.1")


SHOT = '{"schema": "Shot.1", "start": 1, "end": 2}'


@pytest.mark.parametrize(
    ("text", "kind", "message"),
    [
        ("{", media.Shot, "a.json is no JSON"),
        ("[1]", media.Shot, "a.json holds no Shot"),
        ('{"start": 1, "end": 2}', media.Shot, "schema None, expected 'Shot.1'"),
        (SHOT, Span, "schema 'Shot.1', expected 'Span.1'"),
        (SHOT.replace(".1", ".2"), media.Shot, "schema 'Shot.2'"),
        (SHOT.replace("end", "ned"), media.Shot, "unknown key 'ned'; did you mean 'end'"),
        (SHOT.replace("end", "x"), media.Shot, "unknown key 'x'; there are: start, end"),
        (SHOT.replace(', "end": 2', ""), media.Shot, "'end' is missing"),
        (SHOT.replace("2", "2.5"), media.Shot, r"a\.json\.end: expected int, got 2\.5"),
        (SHOT.replace("2", "true"), media.Shot, r"end: expected int, got True"),
        (SHOT.replace("2", '"2"'), media.Shot, r"end: expected int, got '2'"),
        (SHOT.replace("2", "0"), media.Shot, r"a\.json: a shot must hold a frame"),
        ('{"schema": "Span.1", "start": "1/3", "end": 0.5}', Span, r"end: expected Fraction, got 0\.5"),
        ('{"schema": "Span.1", "start": "1/0", "end": 5}', Span, "start: '1/0' is no Fraction"),
        ('{"schema": "Span.1", "start": "x", "end": 5}', Span, "start: 'x' is no Fraction"),
        ('{"schema": "Script.1", "utterances": {}}', Script, "utterances: expected a list"),
        ('{"schema": "Script.1", "utterances": [3]}', Script, r"utterances\[0\]: expected a table for Utterance"),
        ('{"schema": "Script.1", "utterances": []}', Script, "the script has no lines"),
    ],
)
def test_errors_say_where(text, kind, message):
    with pytest.raises(InputError, match=message):
        from_json(text, kind, source="a.json")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"kinds": ["voice", "soul"]}, r"kinds\[1\]: 'soul' is not one of voice, likeness"),
        ({"issued": "2026-13-01"}, "issued: '2026-13-01' is no date"),
        ({"issued": 3}, "issued: 3 is no date"),
        ({"revoked": "soon"}, "revoked: 'soon' is no date"),
        ({"evidence": [{"name": "x"}]}, r"evidence\[0\]: 'sha256' is missing"),
    ],
)
def test_consent_files_are_strict(consent_of, change, message):
    plain = to_plain(consent_of()) | change
    with pytest.raises(InputError, match=message):
        from_plain(plain, Consent)


def test_a_stored_permission_is_checked_again_when_read(verified, consent_of):
    text = to_json(verified("Ana"))
    expired = to_plain(replace(consent_of("Ana"), issued=date(2001, 1, 1), expires=date(2002, 1, 1)))
    plain = json.loads(text) | {"consent": expired}
    with pytest.raises(ConsentError, match="expired"):
        from_json(json.dumps(plain), VerifiedConsent)


@dataclass(frozen=True)
class _Holder:
    values: np.ndarray


@pytest.mark.parametrize(
    "plain",
    [
        3,
        {"dtype": "float32", "shape": [2]},
        {"dtype": "float32", "shape": [3], "base64": "AAAAAAAAAAA="},
        {"dtype": "float32", "shape": [2], "base64": "%%%"},
        {"dtype": "nonsense", "shape": [2], "base64": "AAAAAAAAAAA="},
    ],
)
def test_broken_arrays(plain):
    with pytest.raises(InputError, match="values: no array"):
        from_plain({"values": plain}, _Holder)


def test_arrays_of_objects_cannot_be_smuggled_in():
    with pytest.raises(InputError, match="no array"):
        from_plain({"values": {"dtype": "object", "shape": [1], "base64": "AAAAAAAAAAA="}}, _Holder)


def test_what_has_no_json_is_refused():
    with pytest.raises(TypeError, match="cannot write set as JSON"):
        to_plain({1, 2})
