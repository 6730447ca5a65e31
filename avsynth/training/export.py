"""A trained network as a file with its card: what it is, what it was trained on, and its hash."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from avsynth.core.errors import InputError
from avsynth.core.files import read_text, sha256, whole_file, write_text
from avsynth.core.serial import from_plain
from avsynth.models.card import Card


def export(network: Any, *, card: Path, output: Path, figures: Sequence[str] = (), half: bool = False) -> Card:
    """Write ``<name>.safetensors`` and ``<name>.toml`` into a folder.

    Put both into ``pretrained/<task>/`` to have the network found by its name.

    Args:
        network: A torch module; its state dict is written.
        card: A card in TOML without file, hash and size; they are added.
        output: The folder.
        figures: What was measured of it, one line each; added to the card's own.
        half: Whether to write 16 bits a weight, which are read as 32 again.

    Raises:
        InputError: The card lacks something, or says something unknown.
        OutputError: The folder cannot be written.
    """
    from safetensors.torch import save

    try:
        plain = tomllib.loads(read_text(card))
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"{card} is no TOML: {error}") from None
    stem = str(plain.get("name", "")).rpartition("/")[2]
    if not stem:
        raise InputError(f'{card} does not name what it describes; add: name = "task/name"')
    weights = output / f"{stem}.safetensors"
    state = {name: value.detach().cpu().contiguous().clone() for name, value in network.state_dict().items()}
    if half:
        state = {name: value.half() if value.is_floating_point() else value for name, value in state.items()}
    with whole_file(weights) as temporary:
        temporary.write_bytes(save(state))
    plain |= {"format": "safetensors", "source": {"kind": "repo", "file": weights.name}}
    plain |= {"sha256": sha256(weights), "bytes": weights.stat().st_size}
    plain["figures"] = [*plain.get("figures", ()), *figures]
    described = from_plain(plain, Card, source=str(card))
    write_text(output / f"{stem}.toml", to_toml(plain))
    return described


def to_toml(table: Mapping[str, Any]) -> str:
    r"""Write a card's content as TOML: plain values first, then tables, then lists of tables.

    Example:
        >>> to_toml({"name": "a/b", "source": {"kind": "repo"}, "inputs": [{"name": "x", "shape": ["B"]}]})
        'name = "a/b"\n\n[source]\nkind = "repo"\n\n[[inputs]]\nname = "x"\nshape = ["B"]\n'
    """
    tables = {key: value for key, value in table.items() if isinstance(value, Mapping)}
    lists = {key: value for key, value in table.items() if _is_list_of_tables(value)}
    lines = [f"{key} = {_value(value)}" for key, value in table.items() if key not in tables and key not in lists]
    for key, value in tables.items():
        lines += ["", f"[{key}]", *(f"{name} = {_value(item)}" for name, item in value.items())]
    for key, values in lists.items():
        for entry in values:
            lines += ["", f"[[{key}]]", *(f"{name} = {_value(item)}" for name, item in entry.items())]
    return "\n".join(lines) + "\n"


def _is_list_of_tables(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(item, Mapping) for item in value)


def _value(value: Any) -> str:
    """JSON's strings, numbers, booleans and lists of them are TOML's."""
    return json.dumps(value, ensure_ascii=False)
