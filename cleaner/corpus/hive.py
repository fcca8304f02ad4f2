"""Columns that stand in a path, as Hive and Spark write them: `dump=2024-10/part-0.parquet`."""

from urllib.parse import unquote

_NULL = "__HIVE_DEFAULT_PARTITION__"


def keys_of(path: str) -> dict[str, str | None]:
    """Return the columns of the folders of a path; the innermost of a name stands.

    >>> keys_of("s3://b/dump=2024-10/lang=zh%20CN/a=b.parquet")
    {'dump': '2024-10', 'lang': 'zh CN'}
    """
    found: dict[str, str | None] = {}
    for folder in path.split("/")[:-1]:
        name, mark, value = folder.partition("=")
        if mark and name:
            found[unquote(name)] = None if value == _NULL else unquote(value)
    return found
