"""Union-find gives scipy's components, named by their smallest member, in any order of pairs."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from cleaner.kernels.dedup.unionfind import flatten, unite

EDGES = st.lists(st.tuples(st.integers(0, 29), st.integers(0, 29)), max_size=40)


def roots(pairs: list[tuple[int, int]], kind: type = np.int64) -> list[int]:
    parents = np.arange(30, dtype=kind)
    edges = np.array(pairs, np.int64).reshape(-1, 2)
    unite(parents, edges[:, 0].copy(), edges[:, 1].copy())
    flatten(parents)
    return parents.tolist()


@settings(deadline=None)
@given(pairs=EDGES)
def test_components_are_those_of_scipy(pairs: list[tuple[int, int]]) -> None:
    edges = np.array(pairs, np.int64).reshape(-1, 2)
    graph = coo_array((np.ones(len(pairs)), (edges[:, 0], edges[:, 1])), (30, 30))
    labels = connected_components(graph, directed=False)[1]
    assert roots(pairs) == [int(np.flatnonzero(labels == label)[0]) for label in labels]


@settings(deadline=None)
@given(pairs=EDGES, data=st.data())
def test_the_order_of_pairs_does_not_matter(pairs: list, data: st.DataObject) -> None:
    shuffled = [pair[::-1] for pair in data.draw(st.permutations(pairs))]
    assert roots(pairs, np.uint32) == roots(shuffled, np.int64)
