"""The default listener hears everything and does nothing."""

from avsynth.core.progress import Progress, silent


def test_silent_is_a_listener(capsys):
    listener: Progress = silent
    assert listener("step", 1, 2) is None
    assert capsys.readouterr() == ("", "")
