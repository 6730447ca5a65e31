"""The one door for weights: find the card, obtain the file, check its hash, load it without executing anything."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import torch
from filelock import FileLock
from platformdirs import user_cache_path

from avsynth.core.errors import ModelError, OutputError
from avsynth.core.files import sha256, whole_file
from avsynth.core.progress import Progress, silent
from avsynth.models.card import Card, cards, find_card, folder_of
from avsynth.models.checkpoint import read_tensors
from avsynth.models.fetch import fetch_hub, fetch_url, fetch_wheel, installed_member
from avsynth.models.terms import accept, accepted, refuse

__all__ = [
    "Card",
    "accept_license",
    "add",
    "cache_home",
    "cards",
    "fetchable",
    "find_card",
    "is_present",
    "load_into",
    "load_state",
    "obtain",
    "require",
    "verify",
]

_COUNTER = ".num_batches_tracked"
_FETCHERS: dict[str, Callable[[Card, Path], None]] = {
    "wheel": fetch_wheel,
    "url": fetch_url,
    "hub": fetch_hub,
}


def cache_home() -> Path:
    """The folder of everything that can be obtained again: ``$AVSYNTH_HOME``, or the user's cache folder."""
    home = os.environ.get("AVSYNTH_HOME")
    return Path(home).expanduser() if home else user_cache_path("avsynth", appauthor=False)


def obtain(card: Card | str, *, progress: Progress = silent) -> Path:
    """Give a local file that is the one its card describes, fetching it on first use.

    Two processes that ask at once fetch it once. Nothing is fetched where ``$AVSYNTH_OFFLINE`` is ``1``.

    Args:
        card: The card or its name.
        progress: Told when a file is fetched.

    Raises:
        ModelError: No such card, the file cannot be fetched, or what came is not what the card describes.
    """
    card = require(card)
    place = _place(card)
    if _is_right(card, place):
        return place
    if card.source.kind not in _FETCHERS:
        raise ModelError(_wrong(card, place))
    with _locked(place):
        if _is_right(card, place):  # another process was faster
            return place
        progress(f"fetch {card.name}", 0, card.bytes)
        with whole_file(place) as temporary:
            _fill(card, temporary)
            if not _is_right(card, temporary):
                raise ModelError(_wrong(card, temporary))
        progress(f"fetch {card.name}", card.bytes, card.bytes)
    return place


def require(card: Card | str) -> Card:
    """Refuse weights whose license was not accepted here, and files that only the user can bring and has not brought.

    Nothing is fetched or hashed, so a job can ask before its work begins.

    Returns:
        The card, with the hash and size of the user's own file where the card itself does not know them.

    Raises:
        ModelError: No such card, or what must be done first.
    """
    card = find_card(card) if isinstance(card, str) else card
    if not card.restricted and card.sha256:
        return card
    record = accepted(card, home=cache_home())
    if record is None:
        raise refuse(card)
    known = replace(card, sha256=record.sha256, bytes=record.bytes)
    if card.source.kind == "user" and not _place(known).is_file():
        raise refuse(card)
    return known


def accept_license(card: Card | str) -> None:
    """Write down that the license of weights was accepted, which ``obtain`` can then fetch.

    Raises:
        ModelError: Only the user can bring the file; see ``add``.
    """
    card = find_card(card) if isinstance(card, str) else card
    if not card.sha256:
        raise refuse(card)
    accept(card, home=cache_home(), sha256=card.sha256, size=card.bytes)


def add(card: Card | str, file: Path, *, license_accepted: bool = False) -> Path:
    """Hand over a weight file that was got elsewhere, and write down that its license was accepted.

    The file is opened once, so that a broken download is refused now, and copied into ``cache_home()``. From then on
    it is this very file, by its hash, that is loaded.

    Args:
        card: The card or its name.
        file: The file.
        license_accepted: That the person has read and accepts the license; needed where the card is restricted.

    Returns:
        Where the copy lies.

    Raises:
        ModelError: The license is not accepted, or the file holds no tensors or is not the one the card describes.
        OutputError: The copy cannot be written.
    """
    card = find_card(card) if isinstance(card, str) else card
    if card.restricted and not license_accepted:
        raise refuse(card)
    if card.source.kind in ("repo", "path"):
        raise ModelError(f"the file of {card.name} has its own place; there is nothing to add")
    if not file.is_file():
        raise ModelError(f"there is no file {file}")
    if card.format == "pt":
        read_tensors(file, key=card.state_key)
    known = replace(card, sha256=card.sha256 or sha256(file), bytes=card.bytes or file.stat().st_size)
    if not _is_right(known, file):
        raise ModelError(f"{file} is not what the card {card.name} describes (its sha256 is {sha256(file)[:12]}...)")
    place = _place(known)
    with _locked(place), whole_file(place) as temporary:
        shutil.copyfile(file, temporary)
    if card.restricted or not card.sha256:
        accept(card, home=cache_home(), sha256=known.sha256, size=known.bytes)
    return place


def fetchable() -> tuple[Card, ...]:
    """The cards that are fetched (or taken from an installed package) without asking: restricted ones are not."""
    return tuple(card for card in cards() if card.source.kind in _FETCHERS and not card.restricted)


def is_present(card: Card | str) -> bool:
    """Whether a file is here and may be used, without fetching it; ``verify`` says whether it is the right one."""
    try:
        return _place(require(card)).is_file()
    except ModelError:
        return False


def verify(card: Card | str) -> Path:
    """Hash the file that is here, whole and anew, and give its path.

    Raises:
        ModelError: It is absent, not the one its card describes, or its license is not accepted.
    """
    card = require(card)
    place = _place(card)
    if not place.is_file():
        raise ModelError(f"the weights of {card.name} are not here; run: avsynth models fetch {card.name}")
    if sha256(place) != card.sha256:
        raise ModelError(_wrong(card, place))
    return place


def load_state(card: Card | str) -> dict[str, torch.Tensor]:
    """Load a network's tensors by name. Pickled code is never run.

    Raises:
        ModelError: The file cannot be obtained, or holds no state dict.
    """
    card = find_card(card) if isinstance(card, str) else card
    path = obtain(card)
    if card.format == "pt":
        return read_tensors(path, key=card.state_key)
    if card.format == "safetensors":
        from safetensors.torch import load_file

        state: Any = load_file(path)
    else:
        raise ModelError(f"{card.name} is {card.format}, which holds no state dict; obtain() gives the file")
    if card.state_key:
        state = state.get(card.state_key) if isinstance(state, Mapping) else None
    if not isinstance(state, Mapping) or not all(isinstance(v, torch.Tensor) for v in state.values()):
        raise ModelError(f"{path} holds no state dict{f' under {card.state_key!r}' if card.state_key else ''}")
    return dict(state)


def load_into(network: torch.nn.Module, *, card: Card | str, ignore: tuple[str, ...] = ()) -> None:
    """Load the weights of ``card`` into a network, after checking every name and shape.

    Args:
        network: It is changed in place and put into evaluation mode.
        card: The card or its name.
        ignore: Tensors of the file that the network does not need.

    Raises:
        ModelError: A tensor is missing, left over, or of another shape.
    """
    card = find_card(card) if isinstance(card, str) else card
    state = {name: value for name, value in load_state(card).items() if name not in ignore}
    own = network.state_dict()
    for name in own:
        if name.endswith(_COUNTER):  # old files lack it, and evaluation does not look at it
            state.setdefault(name, own[name])
    wanted = {name: tuple(value.shape) for name, value in own.items()}
    given = {name: tuple(value.shape) for name, value in state.items()}
    for name in sorted(wanted.keys() | given.keys()):
        if wanted.get(name) != given.get(name):
            raise ModelError(
                f"{card.name} does not fit {type(network).__name__}: {name} is {given.get(name, 'absent')} in the "
                f"file and {wanted.get(name, 'absent')} in the network"
            )
    network.load_state_dict(state)
    network.eval()


def _place(card: Card) -> Path:
    if card.source.kind == "path":
        return Path(card.source.file).expanduser()
    if card.source.kind == "repo":
        folder = folder_of(card)
        if folder is None:
            raise ModelError(f"{card.name} lies beside its card, but the card is not one of this installation's")
        return folder / card.source.file
    filename = f"weights.{card.format}" if card.source.kind == "user" else card.source.filename
    return cache_home() / "weights" / card.name / f"{card.sha256[:12]}-{filename}"


def _is_right(card: Card, path: Path) -> bool:
    if not path.is_file():
        return False
    status = path.stat()
    return status.st_size == card.bytes and _hash_of(path, status.st_mtime_ns, status.st_size) == card.sha256


@lru_cache(maxsize=256)
def _hash_of(path: Path, changed: int, size: int) -> str:
    """Hash once a process, as long as the file does not change."""
    return sha256(path)


def _wrong(card: Card, path: Path) -> str:
    if card.source.kind == "user":
        return str(refuse(card)) if not path.is_file() else f"{path} has changed since it was added; add it again"
    if not path.is_file():
        return f"the weights of {card.name} are not at {path}; reinstall avsynth or mend the card's source"
    return (
        f"the file of {card.name} is not what its card describes (sha256 {sha256(path)[:12]}..., expected "
        f"{card.sha256[:12]}...); delete {path} if it is there and run: avsynth models fetch {card.name}"
    )


def _fill(card: Card, target: Path) -> None:
    if installed_member(card, target):
        return
    if os.environ.get("AVSYNTH_OFFLINE") == "1":
        raise ModelError(
            f"the weights of {card.name} are not here and AVSYNTH_OFFLINE=1 forbids to fetch them; "
            "run `avsynth models fetch` without it, while online"
        )
    _FETCHERS[card.source.kind](card, target)


@contextmanager
def _locked(place: Path) -> Iterator[None]:
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        lock = FileLock(str(place.with_name(f".{place.name}.lock")))
        lock.acquire()
    except OSError as error:
        raise OutputError(
            f"cannot write {place.parent}: {error.strerror}; set AVSYNTH_HOME to a folder that can be written"
        ) from None
    try:
        yield
    finally:
        lock.release()
