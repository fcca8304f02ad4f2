"""Kernels that are compiled are told of, those that are compiled already are not."""

import numba

from cleaner.runs.compiling import compiling_told


def test_a_kernel_is_told_of_when_its_compiling_begins() -> None:
    said: list[str] = []

    @numba.njit
    def inner(x: int) -> int:
        return x + 1

    @numba.njit
    def outer(x: int) -> int:
        return inner(x) * 2

    with compiling_told(said.append):
        assert outer(3) == 8
        assert said == ["compiling kernels (first run only): number 1"]
        outer(4)
    outer(1.5)
    assert len(said) == 1


def test_what_is_compiled_already_is_not_told_of() -> None:
    said: list[str] = []

    @numba.njit
    def twice(x: int) -> int:
        return 2 * x

    twice(1)
    with compiling_told(said.append):
        twice(2)
    assert said == []
