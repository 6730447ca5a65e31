"""``python -m avsynth``."""

from avsynth.cli import main

if __name__ == "__main__":
    main()
