"""A plan has a voice for every speaker and names only kinds of engines that exist."""

from dataclasses import replace
from pathlib import Path

import pytest

from avsynth.core.errors import InputError
from avsynth.core.plan import DEFAULT_ENGINES, DubPlan, PlannedVoice
from avsynth.core.script import Script, Utterance
from avsynth.core.span import Span

SCRIPT = Script((Utterance("1", Span(0, 1), "Ana", "hola", "es"), Utterance("2", Span(1, 2), "Eva", "sí", "es")))
VOICES = (PlannedVoice("Ana", Path("ana.json")), PlannedVoice("Eva", profile=Path("eva.voice")))
PLAN = DubPlan(Path("a.mp4"), "0" * 64, Path("b.mp4"), "es", SCRIPT, VOICES)


def test_defaults_are_not_shared():
    assert PLAN.engines == DEFAULT_ENGINES
    assert PLAN.engines is not DEFAULT_ENGINES


def test_every_speaker_has_a_voice():
    with pytest.raises(InputError, match="no voice for 'Eva'; give --voice"):
        replace(PLAN, voices=VOICES[:1])
    with pytest.raises(InputError, match="no voice for 'Ana', 'Eva'"):
        replace(PLAN, voices=())


def test_a_voice_comes_from_somewhere():
    with pytest.raises(InputError, match="'Ana' has neither a consent nor a profile"):
        PlannedVoice("Ana")


def test_kinds_of_engines():
    assert replace(PLAN, engines={"cloner": "mine"}).engines == {"cloner": "mine"}
    with pytest.raises(InputError, match="no kind of engine 'clonner'; there are: landmarker"):
        replace(PLAN, engines={"clonner": "world"})
