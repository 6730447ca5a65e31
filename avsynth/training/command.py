"""The command lines that every recipe's prepare.py and train.py have, and how they end."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from avsynth.core.errors import AvsynthError, InputError
from avsynth.training.manifest import Item, Manifest, write_manifest


@dataclass(frozen=True)
class Run:
    """What a training was asked for.

    Attributes:
        hparams: Its settings, YAML.
        manifest: What ``prepare.py`` wrote.
        output: Folder of checkpoints, logs and weights; a broken run there is gone on with.
        seed: Of everything random.
        threads: Of the CPU.
    """

    hparams: Path
    manifest: Path
    output: Path
    seed: int = 0
    threads: int = 1


def command(train: Callable[[Run], None], *, about: str, arguments: Sequence[str] | None = None) -> int:
    """Read the command line, train, and give the exit code.

    Args:
        train: The recipe.
        about: What ``--help`` says first.
        arguments: Instead of the process's own.

    Example:
        >>> command(lambda run: print(run.seed), about="a recipe", arguments="a.yaml --manifest m --output o".split())
        0
        0
    """
    parser = argparse.ArgumentParser(description=about, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("hparams", type=Path)
    parser.add_argument("--manifest", type=Path, required=True)
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=1)
    given = parser.parse_args(arguments)
    try:
        train(Run(given.hparams, given.manifest, given.output, given.seed, given.threads))
    except AvsynthError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    return 0


def prepare(
    items: Callable[[Path, Path], Iterable[Item]],
    arguments: Sequence[str] | None = None,
    *,
    about: str,
    corpus: str,
    wanted: str,
) -> int:
    """Read the command line, make the items of a manifest, write it, and give the exit code.

    Args:
        items: Makes them, of the folder of media and the manifest's name.
        arguments: Instead of the process's own.
        about: What ``--help`` says first.
        corpus: What the media are, all of them under CC BY 4.0.
        wanted: What the folder was found not to hold, where there is no item: "neither a nor b".
    """
    parser = argparse.ArgumentParser(description=about, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("media", type=Path)
    parser.add_argument("-o", "--output", type=Path, required=True)
    given = parser.parse_args(arguments)
    try:
        made = tuple(items(given.media, given.output))
        if not made:
            raise InputError(f"{given.media} holds {wanted}; name the corpus's folder")
        write_manifest(given.output, Manifest(corpus, "CC-BY-4.0", made))
    except AvsynthError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    return 0


def report(step: str, done: int, total: int) -> None:
    """A listener for progress: one line to stderr each time."""
    sys.stderr.write(f"{step} {done}/{total}\n")
    sys.stderr.flush()
