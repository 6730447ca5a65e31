"""Importing the package is light, and its names are what it says they are."""

import subprocess
import sys

import pytest

HEAVY = ("torch", "torchaudio", "librosa", "speechbrain", "face_alignment", "moviepy", "onnxruntime", "perth", "scipy")


def modules_after(statement: str) -> set[str]:
    program = f"import sys\n{statement}\nprint('\\n'.join(sys.modules))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return set(done.stdout.split("\n"))


def test_importing_avsynth_imports_nothing_heavy():
    loaded = modules_after("import avsynth")
    assert "avsynth" in loaded
    assert not loaded & {*HEAVY, "av", "cv2", "numpy"}


@pytest.mark.parametrize("room", ["core.plan", "core.speech", "text.script", "text.articulation"])
def test_light_rooms_import_nothing_heavy(room):
    loaded = modules_after(f"import avsynth.{room}")
    assert f"avsynth.{room}" in loaded
    assert not loaded & {*HEAVY, "av", "cv2"}


def test_an_unknown_name_says_what_there_is():
    import avsynth

    with pytest.raises(AttributeError, match="avsynth has no 'dubb'; it has dub"):
        _ = avsynth.dubb


def test_the_function_that_is_called_like_a_room_can_be_called_more_than_once(tmp_path):
    import avsynth
    import avsynth.lipsync.visemes
    from avsynth.core.errors import InputError

    for _ in range(2):
        with pytest.raises(InputError, match=r"\.txt"):
            avsynth.lipsync("a.mp4", audio="b.wav", language="en", consent="c.json", output=tmp_path / "d.txt")
