"""Where a page holds anything but scripts and style sheets, which nobody reads."""

from typing import Any

import numpy as np

from cleaner.kernels import inlined, jit
from cleaner.kernels.eight_bytes import next_place

_SCRIPT, _STYLE = (np.frombuffer(name, np.uint8) for name in (b"script", b"style"))


def shown_spans(page: bytes) -> np.ndarray:
    """Return start and end of each part of a page that is not within `<script>` or `<style>`.

    One that is not closed, and one that begins in another, count as shown: an attribute or a
    comment may have spoken of it, and what a parser takes for text must not be missing.

    >>> page = b"<script type=a>x</script><p>y<style>z"
    >>> [page[start:end] for start, end in shown_spans(page)]
    [b'<script type=a>', b'</script><p>y<style>z']
    """
    return _spans(np.frombuffer(page, np.uint8), _SCRIPT, _STYLE)


@inlined
def _is_named(data: Any, at: Any, letters: Any) -> Any:
    """Say whether the name of an element is at a place, whole."""
    end = at + len(letters)
    if end >= len(data):
        return False
    if data[end] > 32 and data[end] != 47 and data[end] != 62:
        return False
    same = 0
    while same < len(letters) and data[at + same] | 32 == letters[same]:
        same += 1
    return same == len(letters)


@jit
def _spans(data: np.ndarray, script: np.ndarray, style: np.ndarray) -> np.ndarray:
    spans = np.empty((64, 2), np.int64)
    count = begin = at = 0
    content, of_script = -1, False  # where that of an open one begins
    length = len(data)
    while at < length:
        at = next_place(data, at, 60) + 1  # <
        if (
            content < 0
            and at + 2 < length
            and data[at] == 33
            and data[at + 1] == data[at + 2] == 45
        ):
            at = next_place(data, at + 3, 62)  # a comment ends at its -->
            while at < length and not (data[at - 1] == 45 and data[at - 2] == 45):
                at = next_place(data, at + 1, 62)
            continue
        closes = at < length and data[at] == 47
        name = at + closes
        if name >= length or data[name] | 32 != 115:
            continue
        is_script = _is_named(data, name, script)
        if not is_script and not _is_named(data, name, style):
            continue
        if closes:
            if content >= 0 and is_script == of_script:
                if count + 1 == len(spans):
                    spans = np.concatenate((spans, np.empty_like(spans)))
                spans[count] = begin, content
                count += 1
                begin, content = at - 1, -1
            continue
        end = next_place(data, at, 62)  # >
        if data[end - 1] != 47:  # in a drawing, `<style/>` is closed
            content, of_script = min(end + 1, length), is_script
    spans[count] = begin, length
    return spans[: count + 1]
