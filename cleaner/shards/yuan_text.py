"""Shards as Yuan reads text: one document a line, its newlines as `<n>`.

Yuan's script changes what it reads: it takes `<n>` for a newline and `[SEP]` for `<sep>`, deletes
U+2583 and carriage returns, strips white space and one `<n>` in front, skips blank lines, and its
tokenizer takes `<eod>` and its like for control tokens. So that a model sees what the document
says, a character that shows nothing, U+200B, is put where that would happen; the reader here takes
it out again. It is written as ^ below, and there may be any number of them in the text already:

    <n>  <eod>  [SEP]        <^n>  <^eod>  [^SEP]      one more behind the first character
    newline, CR, CR newline  <n>  <n>^  <n>^^          and three for each that follows in the text
    U+2583                   U+2584^                   and two for each; U+2584 itself has none
    white space, <n> or nothing in front: one more before it; white space at the end: one behind it
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

import numpy as np
import polars as pl
import pyarrow as pa

from cleaner.shards.base import Expected, Format, scanned, wanted_in

_GUARD = "\u200b"
# What Yuan's tokenizer finds in a text before anything else, and what its script replaces.
CONTROLS = (
    "<n>", "[SEP]", "<eod>", "<sep>", "<pad>", "<mask>", "<predict>", "<FIM_SUFFIX>",
    "<FIM_PREFIX>", "<FIM_MIDDLE>", "<commit_before>", "<commit_msg>", "<commit_after>",
    "<jupyter_start>", "<jupyter_text>", "<jupyter_code>", "<jupyter_output>", "<empty_output>",
    "<unk>", "<s>", "</s>", "<bod>",
)  # fmt: skip
_HIDDEN, _NEAR = "\u2583", "\u2584"
_ROWS = 10_000  # lines written, or read, at a time
_BLOCK = 1 << 20  # bytes of a file read at a time


def _rests(opening: str) -> str:
    return "|".join(re.escape(one[1:]) for one in CONTROLS if one[0] == opening)


_CONTROL = "|".join(f"(?<={re.escape(one)})(?={_GUARD}*(?:{_rests(one)}))" for one in "<[")
_ADD_CONTROL = re.compile(_CONTROL)
_TAKE_CONTROL = re.compile(
    "|".join(f"(?<={re.escape(one)}){_GUARD}(?={_GUARD}*(?:{_rests(one)}))" for one in "<[")
)
_BREAK = re.compile(f"(\r\n|\r|\n)({_GUARD}*)")
_BREAKS = ("\n", "\r", "\r\n")
_WRITTEN_BREAK = re.compile(f"<n>({_GUARD}*)")
_BLOCK_SIGN = re.compile(f"([{_HIDDEN}{_NEAR}])({_GUARD}*)")
_WRITTEN_BLOCK = re.compile(f"{_NEAR}({_GUARD}+)")
# Python's strip is what Yuan's script strips by; `\s` is the same set of characters.
_FRONT = re.compile(rf"(?={_GUARD}*(?:\s|<n>|\Z))")
_WRITTEN_FRONT = re.compile(rf"{_GUARD}(?={_GUARD}*(?:\s|<n>|\Z))")
_END = re.compile(rf"\s{_GUARD}*\Z")
_WRITTEN_END = re.compile(rf"(\s{_GUARD}*){_GUARD}\Z")


def escaped(text: str) -> tuple[str, dict[str, int]]:
    """Return a text as one line, and how often what was escaped.

    >>> escaped("a<n>b\\nc")[0] == "a<\\u200bn>b<n>c"
    True
    """
    line, controls = _ADD_CONTROL.subn(_GUARD, text)
    counts = {"control_tokens": controls}
    counts["carriage_returns"] = line.count("\r")
    line = _BREAK.sub(
        lambda found: f"<n>{_GUARD * (3 * len(found[2]) + _BREAKS.index(found[1]))}", line
    )
    counts["block_signs"] = line.count(_HIDDEN)
    if _HIDDEN in line or _NEAR in line:
        line = _BLOCK_SIGN.sub(
            lambda found: _NEAR + _GUARD * (2 * len(found[2]) + (found[1] == _HIDDEN)), line
        )
    front, end = _FRONT.match(line) is not None, _END.search(line) is not None
    counts["edges"] = front + end
    return _GUARD * front + line + _GUARD * end, counts


def unescaped(line: str) -> str:
    """Return the text that `escaped` made a line of."""
    text = _WRITTEN_END.sub(r"\1", line)
    text = _WRITTEN_FRONT.sub("", text, count=1) if _WRITTEN_FRONT.match(text) else text
    if _NEAR in text:
        text = _WRITTEN_BLOCK.sub(
            lambda found: (_NEAR, _HIDDEN)[len(found[1]) % 2] + _GUARD * (len(found[1]) // 2), text
        )
    text = _WRITTEN_BREAK.sub(
        lambda found: _BREAKS[len(found[1]) % 3] + _GUARD * (len(found[1]) // 3), text
    )
    return _TAKE_CONTROL.sub("", text)


def write(
    frames: Iterable[pl.DataFrame],
    schema: pa.Schema,
    sinks: Sequence[pa.NativeFile],
    expected: Expected,
) -> Mapping[str, int]:
    """Write the texts of frames, in order, as lines; return what was escaped, and in how many."""
    counts: dict[str, int] = {"documents": 0}
    for frame in frames:
        for some in frame["text"].fill_null("").to_frame().iter_slices(_ROWS):
            lines = []
            for text in some["text"].to_list():
                line, found = escaped(text)
                lines.append(line)
                counts["documents"] += any(found.values())
                for name, count in found.items():
                    counts[name] = counts.get(name, 0) + count
            sinks[0].write("".join(f"{line}\n" for line in lines).encode())
    return counts if counts["documents"] else {}


def chunks(
    sources: Sequence[pa.NativeFile],
    schema: pa.Schema,
    columns: Sequence[str] | None = None,
    wanted: np.ndarray | None = None,
) -> Iterator[tuple[int, pl.DataFrame]]:
    """Yield the texts of a file, some at a time."""
    start = 0
    for lines in _lines(sources[0]):
        if wanted_in(wanted, start, len(lines)):
            texts = [unescaped(line.decode()) for line in lines]
            frame = pl.DataFrame({"text": texts}, {"text": pl.String})
            yield start, frame if columns is None else frame[list(columns)]
        start += len(lines)


def _lines(source: pa.NativeFile) -> Iterator[list[bytes]]:
    held: list[bytes] = []
    rest = b""
    while block := source.read(_BLOCK):
        *whole, rest = (rest + block).split(b"\n")
        held += whole
        while len(held) >= _ROWS:
            yield held[:_ROWS]
            held = held[_ROWS:]
    if rest:
        raise OSError("its last line was cut")
    if held:
        yield held


FORMAT: Format = Format(("txt",), write, chunks, scanned(lambda: FORMAT), columns=("text",))
