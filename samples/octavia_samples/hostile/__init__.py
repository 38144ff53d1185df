"""Files that strangers send on purpose, made again at will: `python -m octavia_samples.hostile DIRECTORY`."""

from pathlib import Path

from octavia_samples.hostile.bombs import add_bombs
from octavia_samples.hostile.broken import add_broken, make_good
from octavia_samples.hostile.catalogue import Bait, HostileFile, Shelf
from octavia_samples.hostile.late import add_late
from octavia_samples.hostile.metadata import add_compressed, add_metadata
from octavia_samples.hostile.pixels import add_pixels
from octavia_samples.hostile.playlists import add_playlists

__all__ = ["Bait", "HostileFile", "make_hostile"]


def make_hostile(directory: Path, *, seed: int, flips: int = 2) -> list[HostileFile]:
    """Fill a directory with hostile files, and with the ordinary ones in `good` that some are made of.

    `seed` draws the damage, `flips` is how many files of each container get it. What the files try to
    reach lies in the directory too: a good video called `secret.mp4`, that no program may open.
    """
    good = make_good(directory / "good")
    secret = directory / "secret.mp4"
    secret.write_bytes(good["good.mp4"].read_bytes())
    shelf = Shelf(directory / "hostile")
    add_playlists(shelf, Bait(secret))
    add_pixels(shelf)
    add_bombs(shelf)
    add_metadata(shelf)
    add_compressed(shelf)
    add_late(shelf, good)
    add_broken(shelf, good, seed, flips)
    return shelf.files
