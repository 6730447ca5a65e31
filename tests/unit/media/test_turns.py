"""The interpreter's interval is short while anybody needs it, and what it was afterwards."""

import sys

import pytest

from avsynth.media.turns import short_turns


def test_the_interval_comes_back_when_the_last_has_left() -> None:
    before = sys.getswitchinterval()
    with short_turns():
        short = sys.getswitchinterval()
        with short_turns():
            assert sys.getswitchinterval() == short
        assert sys.getswitchinterval() == short < before
    assert sys.getswitchinterval() == before


def test_it_comes_back_after_an_error() -> None:
    before = sys.getswitchinterval()
    with pytest.raises(ValueError, match="broken"), short_turns():
        raise ValueError("broken")
    assert sys.getswitchinterval() == before
