"""The frame of a page around its text: what stands above the first and below the last prose line.

Where prose begins and ends, a line needs less to be known as a site's own: a path without `Home`, a
bar of links, a notice about this very site. Between them only what is marked goes.
"""

import re
from functools import lru_cache
from itertools import pairwise

import numpy as np
import polars as pl
from pydantic import BaseModel, ConfigDict, field_validator

from cleaner.config.regex import is_pattern
from cleaner.text.headlines import CONTENT, NUMBERED, is_headline, sentences, units

_SMALL = frozenset(
    re.findall(
        r"\w+",
        "a an and are at be by for from in is it me my of on or our out the this to up us we with "
        "you your all",
    )
)
_CODE = r"^(?: {4}|\t)|[{};=`\\]|^\s*(?:</?\w|<!--|//|#|:\w|>>>\s)|-->$|[,，]\s*$"
# A label before a headline; the number of a part is none.
_LABEL = re.compile(
    r"\W{0,4}[^\W\d][^:：|｜>＞。！？.!?,，]{0,28}(?:\s*[:：|｜►▶»›】\]]|\s[–—])+\s*"
)
_SMALL_HAN = "[的与和及或到至请您你我要次条个了此本]"
_MARK = r"[。！？!?…]|\.(?:\s|$)"
_PAIR = re.compile(r"[^\W\d_][\w &’'-]{1,24}\s+[/|｜>»›＞]\s+[^\W\d_][\w &’'-]{1,24}$")
_LONGEST = 400  # characters that a line of a frame has at most
_MENU, _ENTRY = 5.0, 3.0  # words, or twice as many Han characters, of a menu's entry at most
_BAR = 16.0  # and a row of them
_TOP = 3  # lines of a text, the first, of which one may be a path of two names
_OWN = 0.65  # share of a line's words that are a site's own
_BULLETS = "-*•·●▪►▶>»"
_BUTTON, _OFTEN = 24, 3  # characters that a button has at most, and how often it is there
_BENEATH = 8  # pointers beneath their heading, in the middle of a text
_SEVERAL = 2  # headlines without a mark that go only together
_COMMON = 0.2  # of a headline's words that the text may have, too
_TAIL, _FOOTER = 8.0, 0.3  # words of a footer's line at most, and its share of the text
_MOST = 0.5  # of a text that may go for its place alone


class Frame(BaseModel):
    """What a filter file says of frames: words, and patterns (RE2) of lines."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    # Words of menus and buttons: a short line at an end of the text goes where they are most of it,
    # vague ones counted where another stands beside them.
    words: tuple[str, ...] = ()
    vague: tuple[str, ...] = ()
    # Words of buttons: a line of these alone that stands in a text again and again goes.
    buttons: tuple[str, ...] = ()
    # Lines that go above the text; short lines over a path, of menus and sites' names, go too.
    paths: tuple[str, ...] = ()
    head: tuple[str, ...] = ()
    # Lines that go below the text. Whatever follows one of `ends`, or of `leads`, goes too.
    foot: tuple[str, ...] = ()
    ends: tuple[str, ...] = ()
    # What a site says of itself in sentences: no prose, and goes below the text.
    notices: tuple[str, ...] = ()
    # Lines that go where one beside them goes: addresses, telephones.
    beside: tuple[str, ...] = ()
    # Headings of pointers to other pages: with those beneath them they go anywhere.
    leads: tuple[str, ...] = ()

    @field_validator("paths", "head", "foot", "ends", "notices", "beside", "leads")
    @classmethod
    def _patterns(cls, patterns: tuple[str, ...]) -> tuple[str, ...]:
        for pattern in patterns:
            if not is_pattern(pattern):
                raise ValueError(f"frame: {pattern!r} is not a regular expression (RE2)")
        return patterns


def frame_lines(
    document: np.ndarray, line: pl.Series, gone: np.ndarray, frame: Frame
) -> np.ndarray:
    """Return which lines are of a frame; `gone` are those that other rules take anyhow.

    `document` is the text of each line, in order. A text without a line of prose has no frame.
    """
    set_out = _set_out(document, line)
    line = line.str.strip_chars()
    size = line.str.len_chars().to_numpy()
    sayings = sentences(line)
    notices = np.zeros(len(line), bool)
    few = np.flatnonzero(sayings)
    notices[few] = _any(line.gather(few), (*frame.notices, *frame.ends, *frame.foot))
    prose = sayings & ~gone & ~notices
    found = np.zeros(len(line), bool)
    texts_of = np.arange(document[-1] + 2 if len(document) else 0)
    bounds = np.searchsorted(document, texts_of).tolist()
    leads = _any(line, frame.leads) & ~prose & ~set_out
    spans = []
    for start, end in pairwise(bounds):
        there = np.flatnonzero(prose[start:end])
        if len(there):
            # What a file says of itself between lines of dashes is no menu.
            front = line[int(start)] == "---"
            first = start if front else start + there[0]
            spans.append((start, first, start + there[-1] + 1, end))
    head = [place for start, first, _, _ in spans for place in range(start, first) if size[place]]
    foot = [place for _, _, last, end in spans for place in range(last, end) if size[place]]
    above, below = line.gather(head), line.gather(foot)
    marks = {
        "paths": _spread(head, _any(above, frame.paths), len(line)),
        "ends": _spread(foot, _any(below, frame.ends), len(line)),
        "beside": _spread(foot, _any(below, frame.beside), len(line)),
    }
    edge = [*head, *foot]
    share, sure, words = _own(line.gather(edge), frame.words, frame.vague)
    length = _spread(edge, words, len(line))
    own = (share >= _OWN) & (words <= _BAR)
    found[edge] = own & sure
    marks["vague"] = _spread(edge, own & (share == 1) & (words <= _MENU), len(line))
    found[head] |= _any(above, frame.head) | marks["paths"][head]
    found[foot] |= _any(below, (*frame.foot, *frame.notices)) | marks["ends"][foot]
    found[leads & (size > 0)] = True
    found |= _buttons(document, line, size, frame)
    found &= ~set_out
    texts = line.to_list()
    for start, first, last, end in spans:
        placed = _by_place(
            start, first, last, end, texts, gone, found, leads, prose, length, marks, size
        )
        placed = [place for place in placed if not set_out[place]]
        if size[placed].sum() <= _MOST * size[start:end].sum():
            found[placed] = True
    return found


def _set_out(document: np.ndarray, line: pl.Series) -> np.ndarray:
    """Return which lines are of code, or rows of a table: as many bars as in the row beside it."""
    bars = line.str.count_matches(r"\|").to_numpy()
    alike = (bars[1:] == bars[:-1]) & (bars[1:] > 1) & (document[1:] == document[:-1])
    rows = np.append(alike, False) | np.insert(alike, 0, False)
    code: np.ndarray = line.str.contains(_CODE).to_numpy()
    return code | rows


def _buttons(document: np.ndarray, line: pl.Series, size: np.ndarray, frame: Frame) -> np.ndarray:
    """Return which lines are of a button's words alone, and stand in their text again and again."""
    short = np.flatnonzero((size > 0) & (size <= _BUTTON))
    found = np.zeros(len(line), bool)
    often = pl.DataFrame({"at": short, "of": document[short], "line": line.gather(short)})
    often = often.filter(pl.len().over("of", "line") >= _OFTEN)
    if often.height:
        share, _, _ = _own(often["line"], frame.buttons, ())
        labels = often["line"].str.contains("[:：]$").to_numpy()
        found[often["at"].to_numpy()] = (share == 1) & ~labels
    return found


def _by_place(
    start: int,
    first: int,
    last: int,
    end: int,
    line: list[str],
    gone: np.ndarray,
    found: np.ndarray,
    leads: np.ndarray,
    prose: np.ndarray,
    length: np.ndarray,
    marks: dict[str, np.ndarray],
    size: np.ndarray,
) -> list[int]:
    """Return the lines of one text that go for where they stand."""
    placed = []
    foot = [place for place in range(last, end) if line[place]]
    # Below: all after the first line that ends a page, or heads pointers to others.
    closing = next((p for p in foot if marks["ends"][p] or leads[p]), end)
    placed += [place for place in foot if place > closing]
    taken = gone | found
    taken[placed] = True
    head = [place for place in range(start, first) if line[place]]
    weak = marks["beside"] | marks["vague"]
    for step in (foot[::-1], foot, head[::-1], head):  # what stands beside one that goes
        for beside, place in pairwise(step):
            if taken[beside] and not taken[place] and weak[place]:
                taken[place] = True
                placed.append(place)
    # Where two lines below the text are of a frame, or the last one is, what is short there is,
    # too: real pages have one line of their text there in 130 of the site's. A list, a source and a
    # sentence stay, and a large part of the text is no footer.
    marked = [place for place in foot if taken[place]]
    if len(marked) > 1 or closing < end or marked[-1:] == foot[-1:] != []:
        short = [p for p in foot if length[p] <= _TAIL and not CONTENT.search(line[p])]
        if size[foot].sum() <= _FOOTER * size[start:end].sum():
            placed += short
    # Above: two names and a sign between them, over a title, are a path, too.
    loose = [p for p in head if not taken[p]]
    for at, place in enumerate(head[:_TOP]):
        if _PAIR.match(line[place]) and loose[-1:] > [place] and _loose(line[loose[-1]]):
            placed += head[: at + 1]
    # The menu over the first path, and the name of the site that the end gives again.
    paths = np.flatnonzero(marks["paths"][start:first])
    path = start + paths[0] if len(paths) else start
    closes = " ".join(line[place].casefold() for place in foot if marks["ends"][place])
    # All of it, where a title is left below the path.
    titled = any(
        not taken[place] and length[place] >= 1 and _loose(line[place])
        for place in range(path + 1, first)
    )
    for place in range(start, first):
        text = line[place]
        if text and (
            (place < path and length[place] <= (_BAR if titled else _ENTRY))
            or (len(text) >= 4 and length[place] <= _MENU and text.casefold() in closes)
        ):
            placed.append(place)
    # Between: what says of what kind it is and has no word in common with the text.
    placed += _asides(first, end, line, prose)
    # And pointers beneath their heading.
    for lead in (first + np.flatnonzero(leads[first:last])).tolist():
        placed += _pointers(lead, last, line, prose)
    return placed


def _loose(text: str) -> bool:
    """Return whether a line is neither a sentence nor what closes a text: a source, a signature."""
    return not (re.search(r"[。！？!?.]\W*$", text) or re.match(r"[—–(（“\"「$]|--", text))


def _asides(first: int, end: int, line: list[str], prose: np.ndarray) -> list[int]:
    """Return the lines after prose, of the form `Kind: a headline`, that are of something else."""
    filled = [place for place in range(first, end) if line[place]]
    found, apart = [], []
    spoken: set[str] | None = None
    for before, place, after in zip(filled, filled[1:], [*filled[2:], None], strict=False):
        if prose[before] and after is not None and prose[after] and is_headline(line[place]):
            if spoken is None:
                spoken = units("\n".join(line[p] for p in filled if prose[p]))
            if not units(line[place]) & spoken:
                apart.append(place)
        label = _LABEL.match(line[place])
        alone = prose[before] and (after is None or prose[after])
        if not (label and alone) or NUMBERED.search(label[0]):
            continue
        headline = line[place][label.end() :]
        said = units(headline)
        if len(said) < 3 or re.search(_MARK, headline.rstrip("!?！？")):
            continue
        others = [line[p] for p in filled if p != place]
        # Who says a sentence elsewhere is a speaker.
        if any(text.startswith(label[0]) and not _loose(text) for text in others):
            continue
        rest = units("\n".join(line[p] for p in filled if prose[p]))
        if len(said & rest) <= _COMMON * len(said):
            found.append(place)
    return found + (apart if len(apart) >= _SEVERAL else [])


def _pointers(lead: int, last: int, line: list[str], prose: np.ndarray) -> list[int]:
    """Return the headlines beneath a heading that points to other pages."""
    beneath: list[int] = []
    listed = False
    for place in range(lead + 1, last):
        text = line[place]
        if not text:
            if beneath and not listed:
                break
            continue
        if re.search(_MARK, text):
            break
        item = text[:1] in _BULLETS or text[:1].isdigit()
        headline = len(re.findall(r"[^\W\u2e80-\U0003ffff]+|[\u2e80-\U0003ffff]{2}", text)) >= 4
        if prose[place] or not headline or len(beneath) == _BENEATH or (listed and not item):
            break
        listed = listed or item
        beneath.append(place)
    return beneath


def _any(line: pl.Series, patterns: tuple[str, ...]) -> np.ndarray:
    """Return which lines any of the patterns finds; a long line is none of a frame."""
    found = np.zeros(len(line), bool)
    short = np.flatnonzero(line.str.len_chars().to_numpy() <= _LONGEST)
    few = line.gather(short)
    for pattern in _joined(patterns) if len(short) else ():
        found[short] |= few.str.contains(pattern).to_numpy()
    return found


@lru_cache(maxsize=32)
def _joined(patterns: tuple[str, ...]) -> tuple[str, ...]:
    """Return few patterns that find what these find: to compile them is dear, and Polars keeps few.

    One that is too large to be compiled is taken apart.
    """
    if len(patterns) < 2:
        return patterns
    one = "|".join(f"(?:{pattern})" for pattern in patterns)
    try:
        pl.Series([""]).str.contains(one)
    except pl.exceptions.ComputeError:
        half = len(patterns) // 2
        return (*_joined(patterns[:half]), *_joined(patterns[half:]))
    return (one,)


def _spread(places: list[int], values: np.ndarray, size: int) -> np.ndarray:
    spread = np.zeros(size, values.dtype)
    spread[places] = values
    return spread


@lru_cache(maxsize=16)
def _vocabulary(words: tuple[str, ...]) -> tuple[frozenset[str], str]:
    """Return words with spaces between, and a pattern of those without."""
    han = sorted((word for word in words if not word.isascii()), key=len, reverse=True)
    return frozenset(words) - frozenset(han), "|".join(han) or "$^"


def _own(
    line: pl.Series, words: tuple[str, ...], vague: tuple[str, ...]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the share of a line that is of these words, if one is sure, and how many it has.

    Two Han characters are a word; small words, numbers and signs are none.
    """
    line = line.str.replace_all(_SMALL_HAN, " ")
    spoken = [
        [word for word in words if word not in _SMALL and len(word) > 1]
        for words in line.str.to_lowercase().str.extract_all(r"\p{Latin}[\p{Latin}'’]*")
    ]
    all_han = _han(line)
    count = np.array([len(words) for words in spoken], float) + all_han
    spaced, joined = _vocabulary(words)
    sure = np.array([sum(word in spaced for word in words) for words in spoken], float)
    sure += all_han - _han(line.str.replace_all(joined, " "))
    spaced, joined = _vocabulary((*words, *vague))
    known = np.array([sum(word in spaced for word in words) for words in spoken], float)
    known += all_han - _han(line.str.replace_all(joined, " "))
    share = np.divide(known, count, out=np.zeros(len(count)), where=count > 0)
    return share, sure > 0, count


def _han(line: pl.Series) -> np.ndarray:
    counted: np.ndarray = line.str.count_matches(r"\p{Han}").to_numpy() / 2
    return counted
