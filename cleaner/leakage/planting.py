"""Items planted in texts as leaks come, to learn what share of them a run finds."""

import random
import re
from collections.abc import Callable
from functools import cache

import numpy as np

from cleaner.kernels.dedup.fold import COMPOSES, DROP, POINT, SEVERAL, tables
from cleaner.leakage.items import Item
from cleaner.leakage.words import placed
from cleaner.text.segment import formula_spans

# A page of no subject, in the two languages, to plant items in.
_ENGLISH = """\
The ferry leaves the small harbour twice a day, and in summer a third boat is added.
Visitors bring their own bread, because the only shop on the island keeps odd hours.
Behind the church a path climbs to the lighthouse, which has not been lit since the war.
Most of the houses were painted last spring, each in another shade of yellow.
An old man sells postcards near the pier and tells everybody the same three stories.
When the wind turns, the smell of the kelp reaches even the upper gardens.
Nobody remembers who planted the row of lime trees along the school.
On Sundays the band plays under the clock, mostly marches, sometimes a waltz.
The museum shows nets, lamps and a whale's jaw that two boys found on the beach.
In the evening the lights of the mainland look closer than they are.
""".splitlines()
_CHINESE = """\
小镇的早市天不亮就开张，卖豆腐的老人总是第一个到。
河边的柳树前年被大风吹倒了几棵，后来又补种了新苗。
学校门口的那家书店换过三任老板，招牌却一直没有变。
每到雨季，巷子里的青石板就滑得让人不敢快走。
火车站离这里不远，夜里常能听见汽笛声从田野那边传来。
邻居家的猫喜欢睡在屋顶，谁叫它都不肯下来。
茶馆里的说书人每周只来两次，听众却越来越多。
镇上的医生退休以后，还是有人半夜去敲他的门。
秋天收完稻子，孩子们就在空田里放风筝。
冬天的第一场雪下得很晚，山路因此一直通到年底。
""".splitlines()

_TWINS = (("\\le", "\\leq"), ("\\ge", "\\geq"), ("\\ne", "\\neq"), ("\\to", "\\rightarrow"))
_WHOLE = r"(?![A-Za-z])"


def verbatim(item: Item, seed: int) -> str:
    """Return the item as it is."""
    return item.plain()


def white_space(item: Item, seed: int) -> str:
    """Return it with other white space between its words."""
    draw = random.Random(seed)
    return _outside(item.plain(), lambda part: re.sub(r"\s+", lambda _: draw.choice(_BLANKS), part))


_BLANKS = (" ", "  ", "\n", " \t", "\u00a0", "\u3000")


def width(item: Item, seed: int) -> str:
    """Return it with full-width letters, digits and signs."""
    return _outside(item.plain(), lambda part: part.translate(_FULL))


_FULL = {code: code + 0xFEE0 for code in range(0x21, 0x7F)}


def script(item: Item, seed: int) -> str:
    """Return it in traditional characters."""
    return item.plain().translate(_traditional())


@cache
def _traditional() -> dict[int, int]:
    points = tables().points
    found: dict[int, int] = {}
    for code in np.flatnonzero(points[0x4E00:0xA000]) + 0x4E00:
        entry = int(points[code])
        if not entry & (SEVERAL | COMPOSES) and entry & POINT != DROP:
            found.setdefault(entry & POINT, int(code))
    return found


def rendering(item: Item, seed: int) -> str:
    """Return it with its formulas spelled in another way."""
    return _outside(item.plain(), lambda part: part, _spelled)


def _spelled(formula: str) -> str:
    dollars = 2 if formula.startswith("$$") else 1
    body = formula[dollars:-dollars]
    for short, long in _TWINS:
        body = re.sub(re.escape(short) + _WHOLE, lambda _, long=long: long, body)  # type: ignore[misc]
    body = re.sub(r"([\^_])([A-Za-z0-9])", r"\1{\2}", body)
    body = re.sub(r"(?<!\\)([=+<>])", r" \1\\,", body)
    return f"$${body}$$" if dollars == 1 else f"${body}$"


def embedded(item: Item, seed: int) -> str:
    """Return it inside a longer page."""
    draw = random.Random(seed)
    page = draw.sample(_filler(item), 8)
    return "\n\n".join([" ".join(page[:4]), item.plain(), " ".join(page[4:])])


def one_in_ten(item: Item, seed: int) -> str:
    """Return it with one of ten words of its question changed, to the nearest whole word."""
    draw = random.Random(seed)
    words = placed(item.question)
    count = len(words.starts)
    wanted = sorted(draw.sample(range(count), round(count / 10)), reverse=True)
    chinese = _is_chinese(item)
    others = "山水云木石门车灯" if chinese else ["amber", "violet", "harbour", "seldom", "marble"]
    text = item.question
    for number in wanted:
        start, end = words.starts[number], words.ends[number]
        text = text[:start] + draw.choice(others) + text[end:]
    changed = Item(item.name, text, item.answer, item.choices)
    return changed.plain()


KINDS: dict[str, Callable[[Item, int], str]] = {
    "verbatim": verbatim,
    "white space": white_space,
    "width": width,
    "other script": script,
    "other formulas": rendering,
    "in a page": embedded,
    "one word in ten": one_in_ten,
}


def _is_chinese(item: Item) -> bool:
    return len(re.findall("[\u4e00-\u9fff]", item.question)) * 2 > len(item.question.split())


def _filler(item: Item) -> list[str]:
    return _CHINESE if _is_chinese(item) else _ENGLISH


def _outside(
    text: str, change: Callable[[str], str], formula: Callable[[str], str] = lambda same: same
) -> str:
    """Return a text with one change outside its formulas, and another to them."""
    out, at = [], 0
    for start, end in formula_spans(text):
        out += [change(text[at:start]), formula(text[start:end])]
        at = end
    return "".join([*out, change(text[at:])])
