"""Engines come by name, built-in ones first, and nothing falls back."""

import sys
from importlib.metadata import EntryPoint

import pytest

from avsynth.core import registry
from avsynth.core.errors import MissingExtraError, UnknownEngineError
from avsynth.core.registry import Registry


def test_engines_are_imported_only_when_asked_for(tmp_path, monkeypatch):
    (tmp_path / "lazy_engine.py").write_text("class Engine: pass\n", encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    tools = Registry("tool", {"lazy": "lazy_engine:Engine", "a": "json:dumps"})
    assert tools.names() == ["a", "lazy"]
    assert "lazy_engine" not in sys.modules
    assert tools.get("lazy").__name__ == "Engine"


def test_an_unknown_name_lists_the_names():
    with pytest.raises(UnknownEngineError, match="no tool named 'c'; there are: a, b"):
        Registry("tool", {"b": "json:dumps", "a": "json:loads"}).get("c")


def test_a_missing_package_says_what_to_install():
    tools = Registry("tool", {"x": "absent_package.part:X", "y": "absent_package:Y"}, extras={"x": "ray"})
    with pytest.raises(MissingExtraError, match=r"'x' needs 'absent_package': pip install 'avsynth\[ray\]'"):
        tools.get("x")
    with pytest.raises(MissingExtraError, match="'y' needs 'absent_package': pip install absent_package"):
        tools.get("y")


def test_our_own_missing_module_is_not_called_an_extra():
    with pytest.raises(ModuleNotFoundError, match=r"avsynth\.absent") as caught:
        Registry("tool", {"x": "avsynth.absent:X"}).get("x")
    assert not isinstance(caught.value, MissingExtraError)


def test_plugins_add_names_but_take_none(monkeypatch):
    plugins = [
        EntryPoint("theirs", "json:JSONEncoder", "avsynth.tool"),
        EntryPoint("ours", "json:JSONEncoder", "avsynth.tool"),
    ]
    monkeypatch.setattr(registry, "entry_points", lambda group: plugins if group == "avsynth.tool" else [])
    tools = Registry("tool", {"ours": "json:JSONDecoder"})
    assert tools.names() == ["ours", "theirs"]
    assert tools.get("theirs").__name__ == "JSONEncoder"
    assert tools.get("ours").__name__ == "JSONDecoder"
    assert Registry("other", {}).names() == []
