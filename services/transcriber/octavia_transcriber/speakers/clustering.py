"""Groups voices: which of many embeddings are of one speaker."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]
"""Embeddings of length 1, one a row."""

Labels = NDArray[np.int64]


@dataclass(frozen=True)
class ClusterRules:
    """When voices are two."""

    distance: float = 0.5
    """Mean cosine distance from which two groups are two speakers. Models differ: it is a setting."""
    most: int = 20
    """Most speakers of a source."""
    least_share: float = 0.02
    """A group with less of the speech than this, where nobody said how many speak, is a noise or a laugh."""
    compared: int = 2_000
    """Most embeddings that are compared pair by pair (16 MB); of more, evenly chosen ones decide."""


def cluster(vectors: Vectors, speakers: int | None, rules: ClusterRules) -> Labels:
    """A label for each vector, from 0; `speakers` where their number is known (never more than vectors)."""
    from scipy.cluster.hierarchy import fcluster, linkage
    from scipy.spatial.distance import pdist

    count = len(vectors)
    if count < 2 or speakers == 1:
        return np.zeros(count, np.int64)
    chosen = vectors[np.unique(np.linspace(0, count - 1, min(count, rules.compared)).astype(int))]
    tree = linkage(np.clip(pdist(chosen, "cosine"), 0, 2), "average")
    if speakers is not None:
        found = fcluster(tree, speakers, "maxclust")
    else:
        found = fcluster(tree, rules.distance, "distance")
        found = _without_scraps(np.asarray(found), rules)
    centres = _centres(chosen, np.asarray(found))
    return np.asarray(np.argmax(vectors @ centres.T, axis=1), np.int64)


def _without_scraps(found: Labels, rules: ClusterRules) -> Labels:
    """Labels with those of small groups, or beyond the most speakers, set to -1; the largest always stays."""
    names, sizes = np.unique(found, return_counts=True)
    order = np.argsort(-sizes, kind="stable")
    keep = [
        names[n] for place, n in enumerate(order)
        if place == 0 or (place < rules.most and sizes[n] >= rules.least_share * len(found))
    ]  # fmt: skip
    return np.where(np.isin(found, keep), found, -1)


def _centres(vectors: Vectors, found: Labels) -> Vectors:
    means = [vectors[found == label].mean(axis=0) for label in np.unique(found[found >= 0])]
    return unit(np.stack(means))


def unit(vectors: Vectors) -> Vectors:
    """The same directions with length 1."""
    return np.asarray(vectors / (np.linalg.norm(vectors, axis=-1, keepdims=True) + 1e-9), np.float32)
