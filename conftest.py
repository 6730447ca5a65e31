"""What is not collected: modules of extras that are not installed."""

from importlib.util import find_spec

collect_ignore = [] if find_spec("ray") else ["avsynth/pipeline/backends/ray.py"]
