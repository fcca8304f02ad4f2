"""Extraction side by side with resiliparse, trafilatura, readability-lxml and jusText.

    PYTHONPATH=. python tests/benchmarks/web.py ../shared/corpora/open

Quality is the token F1 of each page's text against `extraction_gold.parquet` (a token is a word,
or a Han, kana or Hangul character), averaged over pages; speed is CPU time of one core, in one
run, on the pages of `raw_html.parquet`, imports and the first compilation apart. Peers run with
their own defaults for the main text without comments.
"""

import argparse
import logging
import re
import time
import warnings
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import justext
import lxml.html
import polars as pl
import trafilatura
from readability import Document
from readability.readability import Unparseable
from resiliparse.extract.html2text import extract_plain_text
from resiliparse.parse.encoding import bytes_to_str, detect_encoding

from cleaner.stages.extract import Extract
from cleaner.web.decode import Binary, Undecodable, decode
from cleaner.web.page import extract_html
from cleaner.web.prefilter import may_hold_mathematics

TOKEN = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]|[^\W_]+")
MB = 1e6


def ours(page: str) -> str:
    """Return what `cleaner.extract_html` gives."""
    return extract_html(page).text


def resiliparse(page: str) -> str:
    """Return resiliparse's main content."""
    return extract_plain_text(page, main_content=True)


def detected(page: bytes) -> str:
    """Return the text of a page as resiliparse decodes it."""
    return bytes_to_str(page, detect_encoding(page, from_html_meta=True))


def with_trafilatura(page: str) -> str:
    """Return trafilatura's main text."""
    return trafilatura.extract(page, include_comments=False) or ""


def readability(page: str) -> str:
    """Return the text of readability's summary; it refuses some pages."""
    try:
        return lxml.html.fromstring(Document(page).summary()).text_content()
    except (Unparseable, lxml.etree.LxmlError):
        return ""


def with_justext(page: str) -> str:
    """Return jusText's paragraphs; it refuses some pages."""
    words = justext.get_stoplist("English")
    try:
        paragraphs = justext.justext(page.encode(), words, encoding="utf-8")
    except (ValueError, lxml.etree.LxmlError):
        return ""
    return "\n".join(one.text for one in paragraphs if not one.is_boilerplate)


TOOLS: dict[str, Callable[[str], str]] = {
    "cleaner": ours,
    "resiliparse": resiliparse,
    "trafilatura": with_trafilatura,
    "readability": readability,
    "justext": with_justext,
}


def token_scores(text: str, gold: str) -> tuple[float, float, float]:
    """Return precision, recall and F1 of the tokens of a text.

    >>> token_scores("a b c", "a b d e")[2]
    0.5714285714285714
    """
    found, wanted = (Counter(TOKEN.findall(one.lower())) for one in (text, gold))
    both = (found & wanted).total()
    if not both:
        same = float(found.total() == wanted.total())
        return same, same, same
    precision, recall = both / found.total(), both / wanted.total()
    return precision, recall, 2 * precision * recall / (precision + recall)


def quality(corpora: Path) -> None:
    """Print precision, recall and F1 per tool, with and without mathematics and per source."""
    gold = pl.read_parquet(corpora / "extraction_gold.parquet").join(
        pl.read_parquet(corpora / "raw_html.parquet", columns=["url", "html", "gold_has_math"]),
        on="url",
        how="left",
        maintain_order="left",
    )
    rows = []
    for name, tool in TOOLS.items():
        for page, text, source, math in gold.select(
            "html", "gold_text", "source", "gold_has_math"
        ).iter_rows():
            rows.append((name, source, math, *token_scores(tool(page), text)))
    scores = pl.DataFrame(
        rows, ["tool", "source", "math", "precision", "recall", "f1"], orient="row"
    )
    parts = {
        "without mathematics": scores.filter(~pl.col("math")),
        "with mathematics": scores.filter("math"),
        **{
            str(key[0]): part
            for key, part in sorted(scores.partition_by("source", as_dict=True).items())
        },
    }
    for part, frame in parts.items():
        pages = frame.height // len(TOOLS)
        print(f"\n{part} ({pages} pages): precision, recall, F1")
        means = frame.group_by("tool", maintain_order=True).agg(
            pl.col("precision", "recall", "f1").mean().round(4)
        )
        for row in means.rows():
            print("  {:12} {:.4f} {:.4f} {:.4f}".format(*row))


def seconds(work: Callable[[], object], times: int = 3) -> float:
    """Return the CPU seconds of the best of several runs."""
    best = float("inf")
    for _ in range(times):
        start = time.process_time()
        work()
        best = min(best, time.process_time() - start)
    return best


def speed(corpora: Path, pages: int) -> None:
    """Print the speed of the prefilter and of extraction, ours and the peers'."""
    frame = pl.read_parquet(corpora / "raw_html.parquet", columns=["html"]).cast(pl.Binary)
    size = int(frame["html"].bin.size().sum()) / MB
    print(f"\nprefilter: {size / seconds(lambda: may_hold_mathematics(frame['html'])):,.0f} MB/s")
    sample = frame.sample(pages, seed=1) if pages else frame
    texts = [page.decode() for page in sample["html"]]
    size = int(sample["html"].bin.size().sum()) / MB
    Extract()(sample[:1])
    times = {
        name: seconds(lambda tool=tool: [tool(text) for text in texts], 3 if at < 2 else 1)
        for at, (name, tool) in enumerate(TOOLS.items())
    }
    raw = sample["html"].to_list()
    times["resiliparse, raw"] = seconds(lambda: [resiliparse(detected(page)) for page in raw])
    times["cleaner, raw"] = seconds(lambda: Extract()(sample))
    times["cleaner, no math"] = seconds(lambda: Extract(math=False)(sample))
    print(f"extraction of {len(texts)} pages, {size:.0f} MB: seconds, MB/s, times ours")
    for name, spent in times.items():
        print(f"  {name:16} {spent:7.2f} {size / spent:7.1f} {spent / times['cleaner']:6.2f}")


def decoding(corpora: Path) -> None:
    """Print the share of pages in legacy encodings that decode to their gold text."""

    def same(raw: bytes, gold: str) -> bool:
        try:
            return decode(raw).text.split() == gold.replace("\ufeff", "").split()
        except (Binary, Undecodable):
            return False

    rows = pl.read_parquet(corpora / "dirty_inputs.parquet").filter(
        pl.col("kind").is_in(["charset_page", "transcoded_page"]), pl.col("gold_text").is_not_null()
    )
    for (kind,), part in sorted(rows.partition_by("kind", as_dict=True).items()):
        right = [same(*row) for row in part.select("content", "gold_text").rows()]
        print(f"{kind}: {sum(right)} of {len(right)} equal their gold text")


def main() -> None:
    """Run what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("corpora", type=Path)
    parser.add_argument(
        "--pages", type=int, default=400, help="for the speed of all; 0: every page"
    )
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    logging.disable(logging.CRITICAL)
    decoding(options.corpora)
    quality(options.corpora)
    speed(options.corpora, options.pages)


if __name__ == "__main__":
    main()
