"""Lines of a text judged one by one, each measured as a text of its own."""

import numpy as np
import polars as pl

from cleaner.kernels.arrow import utf8
from cleaner.kernels.signals.lines import NEARLY_FORMULA
from cleaner.kernels.signals.short_lines import judge
from cleaner.kernels.unicode import QUOTE, TERMINAL, classes
from cleaner.rules.frames import Frame, frame_lines
from cleaner.rules.rule_set import RuleSet, broken_line_rules
from cleaner.signals import measure
from cleaner.text.segment import Formulas
from cleaner.text.split_lines import split_lines

LINE_FEED = 10

# What only a line has, after the cuts; all else that a rule for lines may read is a signal of
# `cleaner.signals`, measured on the line as it stood.
LINE_SIGNALS: dict[str, tuple[type[pl.DataType], str]] = {
    "ends_sentence": (
        pl.Boolean,
        "the last character ends a sentence in some script (Unicode Sentence_Terminal) or closes a "
        "quotation",
    ),
    "ends_ellipsis": (pl.Boolean, "the last characters are ... or …"),
    "longest_run": (
        pl.UInt32,
        "characters of the longest run without white space; a letter of a script written without "
        "spaces parts a run",
    ),
    "counter": (pl.Boolean, "a number and what it counts, as in 3 likes, 1.2k views or 12 评论"),
}

# Scripts written without spaces, as `cleaner.kernels.unicode` has them.
_RUN = r"[^\s\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}\p{Tibetan}]+"


def measure_lines(
    lines: pl.Series, left: pl.Series, names: list[str], formulas: Formulas = True
) -> pl.DataFrame:
    """Return signals of lines, each a text of its own; `left` is what the cuts leave of them."""
    usual = [name for name in names if name not in LINE_SIGNALS]
    frame = measure(lines, usual, formulas=formulas)
    own = [_MEASURES[name](left).alias(name) for name in names if name in LINE_SIGNALS]
    return pl.DataFrame([*frame, *own])


def clean(
    text: pl.Series, rules: RuleSet, formulas: Formulas = True
) -> tuple[pl.Series, pl.Series]:
    """Return the texts without the lines that break a rule, and how many characters went.

    Patterns of `cut` go out of every line first. Where a line goes, blank lines around it become
    one; a text that loses nothing is returned byte for byte.
    """
    judged = judge_lines(text, rules, formulas)
    gone = judged.filter(pl.col("broken").list.len() > 0)
    touched = judged.filter(pl.col("line") != pl.col("left"))["document"]
    changed = np.union1d(gone["document"].unique().to_numpy(), touched.unique().to_numpy())
    if not len(changed):
        return text, pl.zeros(len(text), pl.UInt32, eager=True)
    blank = pl.col("left").str.strip_chars() == ""
    # A line that held nothing but what was cut goes whole, and leaves no blank line.
    empty = blank & (pl.col("line").str.strip_chars() != "")
    left = judged.filter(
        pl.col("document").is_in(changed) & (pl.col("broken").list.len() == 0) & ~empty
    ).filter(~(blank & blank.shift(1, fill_value=True).over("document")))
    again = left.group_by("document", maintain_order=True).agg(
        pl.col("left").str.join("\n").str.strip_chars_end("\n")
    )
    kept = pl.Series(np.repeat("", len(changed)), dtype=pl.String)
    kept = kept.scatter(np.searchsorted(changed, again["document"].to_numpy()), again["left"])
    cleaned = text.clone().scatter(changed, kept)  # scatter writes in place
    cut = text.str.len_chars().fill_null(0) - cleaned.str.len_chars().fill_null(0)
    return cleaned, cut.cast(pl.UInt32)


def judge_lines(text: pl.Series, rules: RuleSet, formulas: Formulas = True) -> pl.DataFrame:
    """Return a row per line: `document`, `line`, `left` after the cuts, and `broken`.

    A blank line breaks nothing, and neither does a formula, whatever the rules say of words.
    """
    document, line = split_lines(text, formulas)
    left = line
    for pattern in rules.cut:
        left = left.str.replace_all(pattern, "")
    of_line = formulas
    if isinstance(formulas, pl.Series | np.ndarray):
        of_line = pl.Series(formulas).fill_null(False).gather(document)
    # A line that held nothing but what was cut is no blank line: it has to stand the rules.
    blank = line.str.strip_chars() == ""
    broken = broken_line_rules(measure_lines(line, left, list(rules.line_columns), of_line), rules)
    if rules.frame != Frame():
        emptied = ((left.str.strip_chars() == "") | (broken.list.len() > 0)).to_numpy()
        framed = pl.Series(frame_lines(document, line, emptied, rules.frame))
        broken = pl.select(
            pl.when(framed).then(pl.concat_list(broken, pl.lit("frame"))).otherwise(broken)
        ).to_series()
    frame = pl.DataFrame({"document": document, "line": line, "left": left, "broken": broken})
    spared = np.array(blank)
    cut = np.flatnonzero((broken.list.len() > 0) & ~blank)
    if len(cut):
        chosen = of_line.gather(cut) if isinstance(of_line, pl.Series) else of_line
        spared[cut] = _formulas(line.gather(cut), chosen)
    return frame.with_columns(broken=pl.when(pl.Series(spared)).then([]).otherwise("broken"))


def show_cuts(text: pl.Series, rules: RuleSet, formulas: Formulas = True) -> list[str]:
    """Return the lines of one text: `- ` before what `clean` cuts, with the rules; `  ` the rest.

    A line that only lost a part stands twice, `- ` as it was and `+ ` as it is.
    """
    shown = []
    judged = judge_lines(text, rules, formulas)
    for line, left, broken in judged.select("line", "left", "broken").iter_rows():
        if broken:
            shown.append(f"- {line}    [{', '.join(broken)}]")
        elif line != left:
            shown += [f"- {line}", f"+ {left}"]
        else:
            shown.append(f"  {line}")
    return shown


def _ends_sentence(lines: pl.Series) -> pl.Series:
    last = lines.str.strip_chars_end().str.tail(1).fill_null("")
    points = np.zeros(len(lines), np.int64)
    there = (last != "").to_numpy()
    text = "".join(last)
    points[there] = np.frombuffer(text.encode("utf-32-le"), np.uint32)
    return pl.Series((classes()[points] & (TERMINAL | QUOTE)) != 0)


def _ends_ellipsis(lines: pl.Series) -> pl.Series:
    return lines.str.contains(r"(?:\.\.\.|…)\s*$").fill_null(False)


def _longest_run(lines: pl.Series) -> pl.Series:
    runs = lines.str.extract_all(_RUN).list.eval(pl.element().str.len_chars()).list.max()
    return runs.fill_null(0).cast(pl.UInt32)


def _counter(lines: pl.Series) -> pl.Series:
    return _short(lines)[0]


def _short(lines: pl.Series) -> tuple[pl.Series, pl.Series]:
    """Return which lines are counters, and which are formulas in plain signs."""
    offsets, data = utf8(lines)
    counters, equations = np.zeros(len(lines), np.bool_), np.zeros(len(lines), np.bool_)
    judge(offsets, data, classes(), counters, equations)
    return pl.Series(counters), pl.Series(equations)


def _formulas(lines: pl.Series, formulas: Formulas) -> pl.Series:
    """Return which lines are formulas, marked ones with at most two words, or in plain signs."""
    counts = measure(lines, ["formulas", "words"], formulas=formulas)
    marked = counts["formulas"].cast(pl.Int64)
    nearly = (marked > 0) & (counts["words"].cast(pl.Int64) - marked <= NEARLY_FORMULA)
    return nearly | ((marked == 0) & _short(lines)[1])


_MEASURES = {
    "ends_sentence": _ends_sentence,
    "ends_ellipsis": _ends_ellipsis,
    "longest_run": _longest_run,
    "counter": _counter,
}
