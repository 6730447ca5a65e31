"""Pictures per second of Wav2Lip's generator network alone: no film, no face, no sound, random weights, 32-bit floats.

    python benchmarks/wav2lip.py [--seconds 10] [--batch 16] [--threads N]

The baseline beside which `benchmarks/lipsync.py` is read.
"""

from __future__ import annotations

import argparse
import json
import time


def network_fps(*, seconds: float = 10.0, batch: int = 16) -> float:
    """Draw batches for at least `seconds`, after one to warm up, and count the faces drawn in a second."""
    import torch

    from avsynth.models.wav2lip import Wav2Lip, example_inputs

    torch.manual_seed(0)
    network, (mels, faces) = Wav2Lip(), example_inputs(batch)
    with torch.inference_mode():
        network(mels, faces)
        begin, drawn = time.perf_counter(), 0
        while (elapsed := time.perf_counter() - begin) < seconds:
            network(mels, faces)
            drawn += batch
    return drawn / elapsed


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--threads", type=int, help="else what torch chooses")
    options = parser.parse_args()
    import torch

    if options.threads:
        torch.set_num_threads(options.threads)
    fps = network_fps(seconds=options.seconds, batch=options.batch)
    print(
        json.dumps(
            {"network": "wav2lip", "fps": round(fps, 2), "batch": options.batch, "threads": torch.get_num_threads()}
        )
    )


if __name__ == "__main__":
    main()
