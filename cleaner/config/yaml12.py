"""Files that people write: YAML 1.2 into plain values, with the place of each."""

import re
from collections.abc import Callable
from typing import Any

import yaml

from cleaner.errors import JobError

Path = tuple[str | int, ...]
Place = tuple[int, int]

# The core schema of YAML 1.2 (yaml.org/spec/1.2.2, section 10.3.2); `_` between digits is ours.
WORDS: dict[str, Any] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **dict.fromkeys((".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"), float("inf")),
    **dict.fromkeys(("-.inf", "-.Inf", "-.INF"), float("-inf")),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), float("nan")),
}
INTEGER = re.compile(r"[-+]?[0-9]+(_[0-9]+)*")
OTHER_BASE = re.compile(r"0o[0-7]+|0x[0-9a-fA-F]+")
NUMBER = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(_[0-9]+)*(\.[0-9]*)?)([eE][-+]?[0-9]+)?")

MOST_NODES = 1_000_000  # aliases of aliases unfold without end; no honest file is this long


def load_own(data: str | bytes) -> Any:
    """Return what a file says that we wrote ourselves, by libyaml where there is one."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)(data)
    try:
        return loader.get_single_data()
    finally:
        loader.dispose()


def scalar(text: str) -> Any:
    """Return what a plain scalar means.

    >>> [scalar(text) for text in ("no", "1e-3", "100_000_000", "0x1f", "~", "True", "1:30")]
    ['no', 0.001, 100000000, 31, None, True, '1:30']
    """
    if text in WORDS:
        return WORDS[text]
    if len(text) > 100:  # int() refuses over 4,300 digits; no number anyone means is this long
        return text
    if INTEGER.fullmatch(text):
        return int(text)
    if OTHER_BASE.fullmatch(text):
        return int(text, 0)
    if NUMBER.fullmatch(text):
        return float(text)
    return text


PLAIN = "plain"


class _Nodes(yaml.SafeLoader):
    """Parses to nodes and leaves every plain scalar's meaning to `scalar`."""

    def resolve(self, kind: type[yaml.Node], value: Any, implicit: Any) -> str:
        """Return the tag of a node that was written without one."""
        if kind is yaml.ScalarNode:
            return PLAIN if implicit[0] else "tag:yaml.org,2002:str"
        return super().resolve(kind, value, implicit)


READ: dict[str, Callable[[str], Any]] = {
    PLAIN: scalar,
    "tag:yaml.org,2002:str": str,
    **dict.fromkeys(
        (f"tag:yaml.org,2002:{name}" for name in ("int", "float", "bool", "null")), scalar
    ),
}


def load(text: str, path: str) -> tuple[Any, dict[Path, Place]]:
    """Return the value of a YAML document and where in the text each part of it stands.

    A part is known by its keys, `("stages", 3, "language", "keep")`; its place is line and column
    of its key, or of the item in a list, counted from 1. `path` only names the file in errors.

    >>> load("stages:\\n  - filter: no\\n", "job.yaml")
    ({'stages': [{'filter': 'no'}]}, {(): (1, 1), ('stages',): (1, 1), \
('stages', 0): (2, 5), ('stages', 0, 'filter'): (2, 5)})
    """
    try:
        loader = _Nodes(text)
        root = loader.get_single_node()
        places: dict[Path, Place] = {(): (1, 1)}
        return (None if root is None else _value(root, (), path, places)), places
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        problem = ", ".join(part for part in (error.context, error.problem) if part)
        raise JobError(f"{at(path, _place(mark) if mark else (1, 1))}: {problem}") from None
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        column = error.position - (text.rfind("\n", 0, error.position) + 1) + 1
        raise JobError(f"{at(path, (line, column))}: {error.reason}") from None
    except RecursionError:
        raise JobError(f"{path}: nested too deep to read") from None


def at(path: str, place: Place) -> str:
    """Return `path` with line and column, as editors and terminals make a link of it.

    >>> at("job.yaml", (3, 5))
    'job.yaml:3:5'
    """
    return f"{path}:{place[0]}:{place[1]}"


def _place(mark: yaml.Mark) -> Place:
    return mark.line + 1, mark.column + 1


def _value(node: yaml.Node, keys: Path, path: str, places: dict[Path, Place]) -> Any:
    here = _place(node.start_mark)
    if len(places) > MOST_NODES:
        raise JobError(f"{at(path, here)}: unfolds to over {MOST_NODES:,} values")
    if node.tag not in (*READ, "tag:yaml.org,2002:seq", "tag:yaml.org,2002:map"):
        raise JobError(f"{at(path, here)}: the tag {node.tag} means nothing here")
    if isinstance(node, yaml.ScalarNode):
        return READ[node.tag](node.value)
    if isinstance(node, yaml.SequenceNode):
        items = []
        for index, item in enumerate(node.value):
            places[(*keys, index)] = _place(item.start_mark)
            items.append(_value(item, (*keys, index), path, places))
        return items
    assert isinstance(node, yaml.MappingNode)
    mapping: dict[Any, Any] = {}
    for key_node, value_node in node.value:
        place = _place(key_node.start_mark)
        if not isinstance(key_node, yaml.ScalarNode):
            raise JobError(f"{at(path, place)}: a key must be a word, not a list or a mapping")
        key = _value(key_node, keys, path, places)
        if key in mapping:
            first = at(path, places[(*keys, key)])
            raise JobError(f"{at(path, place)}: {key!r} stands twice; the first is at {first}")
        places[(*keys, key)] = place
        mapping[key] = _value(value_node, (*keys, key), path, places)
    return mapping
