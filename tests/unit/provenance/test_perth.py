import sys

import pytest

from avsynth.core.errors import MissingExtraError, ModelError
from avsynth.provenance.backends import perth


def test_it_needs_no_pkg_resources_and_does_not_run_the_package(monkeypatch):
    for name in ("perth", "pkg_resources"):
        monkeypatch.setitem(sys.modules, name, None)  # importing either would fail now
    # find_spec() would ask sys.modules, so it is told where the package lies
    monkeypatch.setattr(perth, "_package_folder", lambda folder=perth._package_folder: FOLDER)
    perth.Perth()


FOLDER = perth._package_folder()


def test_weights_come_through_the_hub_which_checks_them(monkeypatch):
    def refuse(card):
        raise ModelError(f"{card} is not the file its card describes")

    monkeypatch.setattr(perth, "load_state", refuse)
    with pytest.raises(ModelError, match="audio_watermark/perth"):
        perth.Perth()


def test_without_the_package_the_error_tells_what_to_install(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(MissingExtraError, match="pip install resemble-perth"):
        perth.Perth()
