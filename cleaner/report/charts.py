"""Small charts as inline SVG: bars on a log scale, a histogram with its limit, a curve."""

import math
from collections.abc import Iterable, Sequence

from markupsafe import Markup, escape

from cleaner.config.display import visible

_SPARK = (150, 28)  # width and height of a histogram in a table


def log_share(count: float, most: float) -> float:
    """Return the length of a bar, from 0 to 1: each tenth of `most` is one step shorter.

    >>> log_share(0, 1000), log_share(1000, 1000), round(log_share(9, 999), 3)
    (0.0, 1.0, 0.333)
    """
    return math.log10(count + 1) / math.log10(most + 1) if most > 0 else 0.0


def funnel_bars(documents: int, words: int, most_documents: int, most_words: int) -> Markup:
    """Return two bars, one above the other: documents, and words."""
    wide = [log_share(documents, most_documents), log_share(words, most_words)]
    rects = [
        Markup('<rect x="0" y="{}" width="{:.1f}" height="7" class="{}"/>').format(
            place * 9, 200 * share, name
        )
        for place, (share, name) in enumerate(zip(wide, ("bar-keep", "bar-words"), strict=True))
    ]
    back = Markup('<rect x="0" y="0" width="200" height="16" class="bar-back" opacity=".35"/>')
    said = f"{documents:,} documents and {words:,} of their words"
    return _svg(200, 16, said, [back, *rects])


def spark(kept: Sequence[float], gone: Sequence[float], cuts: Sequence[float], said: str) -> Markup:
    """Return a histogram: bars of what is within a limit and beyond it, a line at each limit.

    The height of a bar is the square root of its count, so that a few documents beyond a limit
    are seen beside many within it; `cuts` are places on the axis, from 0 to 1.
    """
    wide, tall = _SPARK
    step = wide / max(len(kept), 1)
    most = max([1.0, *(one + other for one, other in zip(kept, gone, strict=True))])
    bar = Markup('<rect x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}" class="{}"/>')
    drawn = []
    for place, (inside, beyond) in enumerate(zip(kept, gone, strict=True)):
        if not inside + beyond:
            continue
        height = math.sqrt((inside + beyond) / most) * (tall - 4)
        own = height * inside / (inside + beyond)
        at, across = place * step, step - 0.4
        for name, top, high in (
            ("bar-drop", tall - height, height - own),
            ("bar-keep", tall - own, own),
        ):
            if high > 0:
                drawn.append(bar.format(at, top, across, max(high, 0.7), name))
    line = Markup('<line x1="{0:.1f}" x2="{0:.1f}" y1="0" y2="{1}" class="limit"/>')
    drawn += [line.format(place * wide, tall) for place in cuts]
    return _svg(wide, tall, said, drawn)


def histogram(rows: Iterable[tuple[str, int]], said: str, log: bool = False) -> Markup:
    """Return labelled bars; with `log`, each as long as the logarithm of its count."""
    named = list(rows)
    most = max([1, *(count for _, count in named)])
    step = 700 / max(len(named), 1)
    drawn = []
    for place, (label, count) in enumerate(named):
        share = log_share(count, most) if log else count / most
        x = 10 + place * step
        drawn.append(
            Markup(
                '<rect x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}" class="bar-drop"/>'
            ).format(x, 100 - 85 * share, max(step - 2, 1), 85 * share)
        )
        middle = Markup('x="{:.1f}" text-anchor="middle"').format(x + (step - 2) / 2)
        drawn.append(Markup('<text {} y="114">{}</text>').format(middle, visible(label)))
        if count and step > 30:
            at = 100 - 85 * share - 3
            drawn.append(Markup('<text {} y="{:.1f}">{:,}</text>').format(middle, at, count))
    return _svg(720, 120, said, drawn)


def recall_curve(curve: Sequence[dict[str, float | None]], threshold: float, said: str) -> Markup:
    """Return the share of pairs that the bands find, expected and measured, by similarity."""

    def at(jaccard: float, share: float) -> tuple[float, float]:
        return 30 + 660 * jaccard, 130 - 115 * share

    line = " ".join(
        "{:.1f},{:.1f}".format(*at(float(point["jaccard"] or 0), float(point["expected"] or 0)))
        for point in curve
    )
    limit, _ = at(threshold, 0)
    drawn = [
        Markup('<line x1="30" x2="690" y1="130" y2="130" class="axis"/>'),
        Markup('<polyline points="{}" class="curve-strong"/>').format(line),
        Markup('<line x1="{0:.1f}" x2="{0:.1f}" y1="10" y2="134" class="limit"/>').format(limit),
        Markup('<text x="{:.1f}" y="20">threshold {}</text>').format(limit + 5, threshold),
    ]
    for point in curve:
        measured = point["measured"]
        if measured is not None:
            x, y = at(float(point["jaccard"] or 0), float(measured))
            told = f"Jaccard {point['jaccard']}: {point['pairs']} pairs, {measured:.0%} found"
            drawn.append(
                Markup(
                    '<circle cx="{:.1f}" cy="{:.1f}" r="3.5" class="dot"><title>{}</title></circle>'
                ).format(x, y, told)
            )
    for tick in (0, 0.2, 0.4, 0.6, 0.8, 1):
        x, _ = at(tick, 0)
        drawn.append(
            Markup('<text x="{:.1f}" y="146" text-anchor="middle">{}</text>').format(x, tick)
        )
    return _svg(720, 150, said, drawn)


def _svg(wide: float, tall: float, said: str, drawn: Iterable[Markup]) -> Markup:
    size = Markup('viewBox="0 0 {0} {1}" width="{0}" height="{1}"').format(wide, tall)
    return Markup('<svg {} role="img" aria-label="{}">{}</svg>').format(
        size, escape(visible(said)), Markup("").join(drawn)
    )
