"""A file is written whole or not at all."""

import hashlib
import os

import pytest

from avsynth.core.errors import InputError, OutputError
from avsynth.core.files import read_text, sha256, whole_file, write_text


def test_success_leaves_only_the_file(tmp_path):
    target = tmp_path / "new" / "film.mp4"
    with whole_file(target) as temporary:
        assert temporary.suffix == ".mp4"
        assert temporary.parent == target.parent
        temporary.write_bytes(b"whole")
        assert not target.exists()
    assert [p.name for p in target.parent.iterdir()] == ["film.mp4"]
    assert target.read_bytes() == b"whole"


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, OutputError])
def test_an_error_leaves_nothing_behind(tmp_path, error):
    def fail():
        with whole_file(tmp_path / "film.mp4") as temporary:
            temporary.write_bytes(b"half")
            raise error("stop")

    with pytest.raises(error, match="stop"):
        fail()
    assert list(tmp_path.iterdir()) == []


def test_an_error_keeps_the_old_file(tmp_path):
    target = tmp_path / "film.mp4"
    target.write_bytes(b"old")

    def fail():
        with whole_file(target) as temporary:
            temporary.write_bytes(b"half")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert target.read_bytes() == b"old"
    assert len(list(tmp_path.iterdir())) == 1


def test_a_file_never_written_is_an_error(tmp_path):
    with pytest.raises(OutputError, match=r"cannot write .*film\.mp4"), whole_file(tmp_path / "film.mp4"):
        pass
    assert list(tmp_path.iterdir()) == []


def test_anothers_missing_file_is_not_blamed_on_the_output(tmp_path):
    with pytest.raises(FileNotFoundError, match="absent"), whole_file(tmp_path / "out.txt"):
        (tmp_path / "absent").read_bytes()


def test_a_full_disk_is_an_output_error(tmp_path):
    with pytest.raises(OutputError, match=r"cannot write .*out\.txt: No space left"), whole_file(tmp_path / "out.txt"):
        raise OSError(28, os.strerror(28))


def test_folders_that_cannot_be(tmp_path):
    (tmp_path / "file").write_text("x", encoding="utf-8")
    with pytest.raises(OutputError, match="cannot make the folder"), whole_file(tmp_path / "file" / "out.txt"):
        pass
    with pytest.raises(OutputError, match="is a folder"), whole_file(tmp_path):
        pass


def test_text(tmp_path):
    write_text(tmp_path / "a.txt", "señor ♪")
    assert read_text(tmp_path / "a.txt") == "señor ♪"
    (tmp_path / "b.txt").write_bytes(b"\xef\xbb\xbfhola")
    assert read_text(tmp_path / "b.txt") == "hola"
    (tmp_path / "c.txt").write_bytes(b"se\xf1or")
    with pytest.raises(InputError, match="no UTF-8 text; save it as UTF-8"):
        read_text(tmp_path / "c.txt")
    with pytest.raises(InputError, match=r"cannot read .*absent"):
        read_text(tmp_path / "absent")


def test_sha256(tmp_path):
    (tmp_path / "a").write_bytes(b"abc" * 100_000)
    assert sha256(tmp_path / "a") == hashlib.sha256(b"abc" * 100_000).hexdigest()
    with pytest.raises(InputError, match="cannot read"):
        sha256(tmp_path / "absent")
