"""Errors can be caught by their root, by their kind, or as what Python calls them; each ends with its code."""

import inspect

import pytest

from avsynth.core import errors

ERRORS = [value for _, value in inspect.getmembers(errors, inspect.isclass) if issubclass(value, Exception)]


@pytest.mark.parametrize("kind", [e for e in ERRORS if e is not errors.AvsynthWarning], ids=lambda e: e.__name__)
def test_every_error_has_the_root_and_a_code(kind):
    assert issubclass(kind, errors.AvsynthError)
    assert kind.exit_code == (3 if kind is errors.ConsentError else 2)


@pytest.mark.parametrize(
    ("kind", "python"),
    [
        (errors.InputError, ValueError),
        (errors.ScriptError, errors.InputError),
        (errors.MediaError, errors.InputError),
        (errors.ConsentError, PermissionError),
        (errors.UnknownEngineError, LookupError),
        (errors.MissingExtraError, ImportError),
        (errors.OutputError, OSError),
    ],
)
def test_pythons_names_catch_them_too(kind, python):
    with pytest.raises(python, match="why"):
        raise kind("why")


def test_the_message_is_what_was_said():
    for kind in ERRORS:
        assert str(kind("one line")) == "one line"
