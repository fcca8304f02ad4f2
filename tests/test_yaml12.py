"""YAML 1.2 scalars, places, and what a file may not say."""

import math
from pathlib import Path

import pytest

from cleaner.config.yaml12 import load
from cleaner.errors import JobError


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("no", "no"),
        ("on", "on"),
        ("yes", "yes"),
        ("true", True),
        ("1e-3", 0.001),
        ("1E3", 1000.0),
        (".5", 0.5),
        ("-1.", -1.0),
        ("100_000_000", 100_000_000),
        ("1_000.5", 1000.5),
        ("1__0", "1__0"),
        ("_1", "_1"),
        ("010", 10),
        ("0o10", 8),
        ("0x1F", 31),
        ("1:30", "1:30"),
        ("2026-01-02", "2026-01-02"),
        ("~", None),
        ("", None),
        ("-.inf", -math.inf),
        ("'12'", "12"),
        ("!!str 12", "12"),
        ("<<", "<<"),
        ("9" * 5000, "9" * 5000),
    ],
)
def test_scalars_are_those_of_yaml_1_2(text: str, value: object) -> None:
    data, _ = load(f"key: {text}\n", "f.yaml")
    assert data == {"key": value}
    assert type(data["key"]) is type(value)


def test_every_part_has_its_place() -> None:
    data, places = load("stages:\n  - exact_dedup: {}\n  - language: {keep: [zh, en]}\n", "f.yaml")
    assert data == {"stages": [{"exact_dedup": {}}, {"language": {"keep": ["zh", "en"]}}]}
    assert places[("stages", 1, "language", "keep")] == (3, 16)
    assert places[("stages", 1, "language", "keep", 1)] == (3, 27)
    assert places[("stages", 0)] == (2, 5)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: 1\nb: 2\na: 3", "f.yaml:3:1: 'a' stands twice; the first is at f.yaml:1:1"),
        ("a: [1", "f.yaml:1:6: while parsing a flow sequence, expected ',' or ']'"),
        ("a: !python/name:os.system x", "f.yaml:1:4: the tag !python/name:os.system means nothing"),
        ("[1]: 2", "f.yaml:1:1: a key must be a word, not a list or a mapping"),
        ("a: *b", "f.yaml:1:4: found undefined alias 'b'"),
        ("a: \x07", "f.yaml:1:4: special characters are not allowed"),
        ("a: 1\n---\nb: 1", "f.yaml:2:1: expected a single document"),
        ("[" * 5000, "f.yaml: nested too deep to read"),
    ],
)
def test_an_error_names_the_place(text: str, message: str) -> None:
    with pytest.raises(JobError) as error:
        load(text, "f.yaml")
    assert str(error.value).startswith(message)


def test_aliases_do_not_unfold_without_end() -> None:
    lines = ["a0: &a0 [x, x]"]
    lines += [f"a{i}: &a{i} [*a{i - 1}, *a{i - 1}, *a{i - 1}, *a{i - 1}]" for i in range(1, 40)]
    with pytest.raises(JobError, match="unfolds to over"):
        load("\n".join(lines), "f.yaml")


def test_every_yaml_file_we_ship_loads() -> None:
    root = Path(__file__).parents[1]
    for folder in ("filters", "jobs", "tests/filters"):
        for path in sorted((root / folder).rglob("*.yaml")):
            load(path.read_text(encoding="utf-8"), str(path))
