"""Make the hostile files and list them."""

import argparse
import secrets
from pathlib import Path

from octavia_samples.hostile import make_hostile


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("directory", type=Path)
    parser.add_argument("--seed", type=int, default=secrets.randbits(32), help="draws the damage; printed")
    parser.add_argument("--flips", type=int, default=2, help="damaged files of each container")
    arguments = parser.parse_args()
    print(f"seed {arguments.seed}")
    for file in make_hostile(arguments.directory, seed=arguments.seed, flips=arguments.flips):
        print(f"{file.path}\t{file.kind}\t{file.about}")


if __name__ == "__main__":
    main()
