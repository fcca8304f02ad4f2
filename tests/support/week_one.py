"""Inputs of a first week, in the shapes that public corpora and other tools give them."""

import gzip
import json
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import zstandard

TOPICS = (
    "rivers", "bridges", "gardens", "harbours", "engines", "letters", "winters", "markets",
    "islands", "forests",
)  # fmt: skip
PLACES = ("north", "south", "east", "west", "upper", "lower", "inner", "outer", "old", "new")


def text_of(number: int) -> str:
    """Return a text that no other number has, long enough for any reader."""
    topic, place = TOPICS[number % 10], PLACES[number // 10 % 10]
    return (
        f"Report {number} is about the {topic} of the {place} country.\n"
        f"It has {number + 3} pages, and tells how people have lived with their {topic} since the "
        f"year {1200 + number}. Nobody knows who wrote it down."
    )


def chinese(number: int) -> str:
    first = f"第{number}号报告讲的是南方的河流与桥梁。"
    return f"{first}\n作者在一千二百年以前写下了这些文字,今天我们还在读。"


@dataclass(frozen=True)
class Shape:
    """How a corpus looks: what makes its files, the job's entry, and what must be kept of it."""

    make: Callable[[Path], None]
    entry: dict[str, Any]
    kept: list[str]
    failed: int = 0
    carried: dict[str, list[Any]] = field(default_factory=dict)  # column -> values, in any order
    said: tuple[str, ...] = ()  # what the run must say on stderr


def _table(rows: range, **more: Any) -> pa.Table:
    return pa.table({"text": [text_of(n) for n in rows], **more})


def _lines(rows: list[dict[str, Any]]) -> bytes:
    return b"".join(json.dumps(row, ensure_ascii=False).encode() + b"\n" for row in rows)


def fineweb(at: Path) -> None:
    """Parquet with scores, a path a dump, zstd."""
    for dump, rows in (("CC-MAIN-2024-10", range(6)), ("CC-MAIN-2024-18", range(6, 10))):
        folder = at / "data" / dump
        folder.mkdir(parents=True)
        n = len(rows)
        table = _table(
            rows,
            id=[f"<urn:uuid:{uuid.UUID(int=i)}>" for i in rows],
            dump=[dump] * n,
            url=[f"https://site{i}.example/p" for i in rows],
            date=["2024-02-21T13:05:00Z"] * n,
            file_path=[f"s3://commoncrawl/crawl-data/{dump}/segments/1.warc.gz"] * n,
            language=["en"] * n,
            language_score=[0.5 + i / 100 for i in rows],
            token_count=[50 + i for i in rows],
        )
        pq.write_table(table, folder / "000_00000.parquet", compression="zstd", row_group_size=3)


def fineweb2(at: Path) -> None:
    """Parquet with structs and lists of structs, one file with a field more."""
    for number, more in enumerate(({}, {"wordlist_ratio": 0.2})):
        rows = [
            {
                "text": chinese(2 * number + i),
                "id": f"cmn-{number}-{i}",
                "language_script": "Hani",
                "minhash_cluster_size": 3 + i,
                "top_langs": {"cmn_Hani_score": 0.99, **more},
                "spans": [{"from": 0, "to": 5 + i}],
            }
            for i in range(2)
        ]
        (at / "cmn_Hani" / "train").mkdir(parents=True, exist_ok=True)
        pq.write_table(pa.Table.from_pylist(rows), at / f"cmn_Hani/train/00{number}_00000.parquet")


def dolma(at: Path) -> None:
    """JSON Lines in .json.gz with empty metadata, dates and attributes in lists of lists."""
    rows = [
        {
            "id": f"d{n}", "text": text_of(n), "source": "common-crawl",
            "added": "2023-04-11T09:57:03.044571+00:00", "created": "2020-01-01T00:00:00Z",
            "metadata": {} if n % 2 else {"revid": n, "length": 10 * n},
            "attributes": {"toxic": [[0, 12, 0.25]], "empty": []},
        }
        for n in range(8)
    ]  # fmt: skip
    (at / "v1_7/documents").mkdir(parents=True)
    (at / "v1_7/documents/cc-0000.json.gz").write_bytes(gzip.compress(_lines(rows[:5])))
    (at / "v1_7/documents/cc-0001.json.gz").write_bytes(gzip.compress(_lines(rows[5:])))


def redpajama(at: Path) -> None:
    """JSON Lines in zstd frames; the metadata have keys that the first line lacks."""
    rows = [
        {"text": text_of(n), "meta": {"url": f"https://a.example/{n}", "timestamp": "2023-03-29",
         **({"symlink_target": f"/mnt/{n}"} if n > 4 else {})}, "red_pajama_subset": "arxiv"}
        for n in range(7)
    ]  # fmt: skip
    packed = zstandard.ZstdCompressor()
    (at / "arxiv").mkdir(parents=True)
    data = packed.compress(_lines(rows[:3])) + packed.compress(_lines(rows[3:]))
    (at / "arxiv/arxiv_023f.jsonl.zst").write_bytes(data)


def c4(at: Path) -> None:
    (at / "en").mkdir(parents=True)
    for part in range(2):
        rows = [
            {"text": text_of(n), "timestamp": "2019-04-25T12:57:54Z", "url": f"http://c{n}.example"}
            for n in range(3 * part, 3 * part + 3)
        ]
        data = gzip.compress(_lines(rows))
        (at / f"en/c4-train.0000{part}-of-00002.json.gz").write_bytes(data)


def mc4(at: Path) -> None:
    (at / "multilingual").mkdir(parents=True)
    rows = [{"url": f"http://z{n}.example", "text": chinese(n), "timestamp": "2020-08-05T00:00:00Z"}
            for n in range(5)]  # fmt: skip
    data = gzip.compress(_lines(rows))
    (at / "multilingual/c4-zh.tfrecord-00000-of-01024.json.gz").write_bytes(data)


def _record(kind: str, uri: str, body: bytes, content: str) -> bytes:
    head = (
        f"WARC/1.0\r\nWARC-Type: {kind}\r\nWARC-Target-URI: {uri}\r\n"
        "WARC-Date: 2024-02-21T13:05:00Z\r\n"
        f"WARC-Record-ID: <urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, uri + kind)}>\r\n"
        f"Content-Type: {content}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body + b"\r\n\r\n"


_INFO = _record("warcinfo", "CC-MAIN.warc.gz", b"software: ours\r\n", "application/warc-fields")


def wet(at: Path) -> None:
    """Text of pages as Common Crawl gives it: a gzip member a record."""
    records = [_INFO] + [
        _record("conversion", f"http://w{n}.example/", text_of(n).encode(), "text/plain")
        for n in range(5)
    ]
    at.mkdir(parents=True)
    data = b"".join(gzip.compress(one) for one in records)
    (at / "CC-MAIN-20240221-00000.warc.wet.gz").write_bytes(data)


def page(number: int, charset: str = "utf-8", chinese_text: bool = False) -> bytes:
    lines = (chinese if chinese_text else text_of)(number).split("\n")
    paragraphs = "".join(f"<p>{line}</p>" for line in lines)
    html = f'<html><head><meta charset="{charset}"><title>t</title></head><body>{paragraphs}'
    return f"{html}</body></html>".encode(charset)


def _answer(body: bytes, charset: str = "utf-8") -> bytes:
    head = f"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset={charset}\r\n"
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


def _crawl(numbers: range) -> bytes:
    records = [_INFO]
    for n in numbers:
        uri = f"http://p{n}.example/"
        asked = _record(
            "request", uri, b"GET / HTTP/1.1\r\n\r\n", "application/http; msgtype=request"
        )
        got = _record("response", uri, _answer(page(n)), "application/http; msgtype=response")
        told = _record("metadata", uri, b"fetchTimeMs: 7\r\n", "application/warc-fields")
        records += [asked, got, told]
    return b"".join(gzip.compress(one) for one in records)


def warc(at: Path) -> None:
    at.mkdir(parents=True)
    (at / "CC-MAIN-20240221-00000.warc.gz").write_bytes(_crawl(range(6)))


def cc_main(at: Path) -> None:
    """The layout of a crawl, with its lists of paths and other products beside."""
    for segment, numbers in (("1707947473347.0", range(3)), ("1707947473360.9", range(3, 5))):
        folder = at / "crawl-data/CC-MAIN-2024-10/segments" / segment
        for kind in ("warc", "wat", "robotstxt"):
            (folder / kind).mkdir(parents=True)
        name = f"CC-MAIN-20240220211055-{len(numbers):05d}"
        (folder / f"warc/{name}.warc.gz").write_bytes(_crawl(numbers))
        (folder / f"wat/{name}.warc.wat.gz").write_bytes(gzip.compress(_INFO))
        (folder / f"robotstxt/{name}.warc.gz").write_bytes(_crawl(range(90, 92)))
    (at / "crawl-data/CC-MAIN-2024-10/warc.paths.gz").write_bytes(gzip.compress(b"crawl-data/a\n"))


def duckdb_v2(at: Path) -> None:
    """Parquet as writers of its second version make it: DELTA encodings, data pages v2, zstd."""
    at.mkdir(parents=True)
    table = _table(range(9), id=[f"{n:032x}" for n in range(9)], n=list(range(9)))
    pq.write_table(
        table, at / "v2.parquet", use_dictionary=False, data_page_version="2.0",
        compression="zstd", row_group_size=4, column_encoding={
            "text": "DELTA_LENGTH_BYTE_ARRAY", "id": "DELTA_BYTE_ARRAY", "n": "DELTA_BINARY_PACKED",
        },
    )  # fmt: skip


def spark(at: Path) -> None:
    """A folder as Spark writes one: markers, sums, INT96 times, snappy, an empty part."""
    folder = at / "out.parquet"
    folder.mkdir(parents=True)
    when = pa.array([1_700_000_000_000_000 + n for n in range(6)], pa.timestamp("us"))
    job = "6a1b2c3d-0000-4000-8000-1234567890ab"
    for part, (start, count) in enumerate(((0, 4), (4, 2), (6, 0))):
        table = _table(range(start, start + count), when=when.slice(start, count))
        name = f"part-0000{part}-{job}-c000.snappy.parquet"
        pq.write_table(table, folder / name, use_deprecated_int96_timestamps=True, flavor="spark")
        (folder / f".{name}.crc").write_bytes(b"crc\0\0\0\2\0")
    (folder / "_SUCCESS").touch()
    (folder / "._SUCCESS.crc").write_bytes(b"crc\0\0\0\0\0")


def pandas_index(at: Path) -> None:
    """A frame of which rows were chosen: its index is a column, and its types stand beside."""
    at.mkdir(parents=True)
    table = pa.table(
        {
            "text": [text_of(n) for n in (0, 2, 4)],
            "score": [0.5] * 3,
            "__index_level_0__": [0, 2, 4],
        }
    )
    about = {"index_columns": ["__index_level_0__"], "columns": [], "pandas_version": "2.2.0"}
    table = table.replace_schema_metadata({b"pandas": json.dumps(about).encode()})
    pq.write_table(table, at / "frame.parquet")


def hub(at: Path) -> None:
    """The layout of a data set on a hub: splits in files, a card beside."""
    (at / "data").mkdir(parents=True)
    for part in range(2):
        rows = range(4 * part, 4 * part + 4)
        table = _table(rows, label=[n % 2 for n in rows])
        info = {b"huggingface": json.dumps({"info": {"features": {}}}).encode()}
        table = table.replace_schema_metadata(info)
        pq.write_table(table, at / f"data/train-0000{part}-of-00002.parquet")
    pq.write_table(_table(range(50, 52), label=[0, 1]), at / "data/test-00000-of-00001.parquet")
    (at / "README.md").write_text("---\nconfigs: []\n---\n# A card\n")
    (at / ".gitattributes").write_text("*.parquet filter=lfs\n")


def hive(at: Path) -> None:
    for lang, month, rows in (("en", "01", range(3)), ("zh", "02", range(3, 5))):
        folder = at / f"lang={lang}" / f"month=2024-{month}"
        folder.mkdir(parents=True)
        pq.write_table(_table(rows), folder / "part-0.parquet")


def windows(at: Path) -> None:
    """JSON Lines saved on Windows: a byte order mark, CRLF, a blank line at the end."""
    at.mkdir(parents=True)
    rows = [json.dumps({"text": text_of(n), "编号": n}, ensure_ascii=False) for n in range(4)]
    data = b"\xef\xbb\xbf" + "\r\n".join([*rows, "", ""]).encode()
    (at / "export.jsonl").write_bytes(data)


def html_bytes(at: Path) -> None:
    """Pages as bytes in Parquet, each in the charset that it declares."""
    at.mkdir(parents=True)
    pages = [page(0), page(1, "gb18030", True), page(2, "big5"), page(3, "windows-1252")]
    table = pa.table({
        "content": pa.array(pages, pa.binary()),
        "url": [f"https://h{n}.example/" for n in range(4)],
    })  # fmt: skip
    pq.write_table(table, at / "pages.parquet")


def dictionaries(at: Path) -> None:
    """Columns of few values as dictionaries, text among them, with nulls."""
    at.mkdir(parents=True)
    texts = pa.array([text_of(n) for n in range(5)]).dictionary_encode()
    kinds = pa.array(["book", "paper", None, "book", "paper"]).dictionary_encode()
    pq.write_table(pa.table({"text": texts, "kind": kinds}), at / "coded.parquet")
    frame = pl.DataFrame({"text": [text_of(5)], "kind": ["letter"]})
    frame.with_columns(pl.col("kind").cast(pl.Categorical)).write_parquet(at / "polars.parquet")


def one_in_a_thousand(at: Path) -> None:
    """A thousand small files, one of them cut by a transfer that broke."""
    at.mkdir(parents=True)
    for n in range(1000):
        data = gzip.compress(_lines([{"text": text_of(n)}]), 1, mtime=0)
        (at / f"{n:04d}.jsonl.gz").write_bytes(data if n != 617 else data[:20])


def with_empty_files(at: Path) -> None:
    at.mkdir(parents=True)
    pq.write_table(_table(range(3)), at / "a.parquet")
    pq.write_table(_table(range(0)), at / "b.parquet")
    pq.write_table(pa.table({"text": pa.nulls(0)}), at / "c.parquet")
    (at / "d.jsonl").write_bytes(b"")
    (at / "e.jsonl.gz").write_bytes(gzip.compress(b""))
    (at / "f.jsonl.zst").write_bytes(zstandard.ZstdCompressor().compress(b"\n\n"))


def upper_case(at: Path) -> None:
    at.mkdir(parents=True)
    (at / "A.JSONL.GZ").write_bytes(gzip.compress(_lines([{"text": text_of(0)}])))
    (at / "B.JSONL").write_bytes(_lines([{"text": text_of(1)}]))
    pq.write_table(_table(range(2, 4)), at / "C.PARQUET")
    packed = zstandard.ZstdCompressor().compress(_lines([{"text": text_of(4)}]))
    (at / "D.Jsonl.Zst").write_bytes(packed)


def bucketed_rows(at: Path) -> None:
    """JSON Lines with values of more than one shape, as long crawls have them."""
    at.mkdir(parents=True)
    odd: list[Any] = [1, 2.5, "three", None, [4], {"five": 5}]
    rows = [{"text": text_of(n), "n": value, "tags": [] if n else ["x"]}
            for n, value in enumerate(odd)]  # fmt: skip
    (at / "crawl.ndjson").write_bytes(_lines(rows))


def _texts(count: int, start: int = 0) -> list[str]:
    return [text_of(n) for n in range(start, start + count)]


PLAIN = {"text": "text"}
WEEK: dict[str, Shape] = {
    "fineweb": Shape(
        fineweb, {"paths": "data/**/*.parquet", **PLAIN, "id": "id", "url": "url", "date": "date",
                  "source": {"column": "dump"}, "read": "all"},
        _texts(10), carried={"token_count": [50 + n for n in range(10)],
                             "language_score": [0.5 + n / 100 for n in range(10)]},
    ),
    "fineweb2": Shape(
        fineweb2, {"paths": "cmn_Hani/train/*.parquet", **PLAIN, "id": "id", "read": "all"},
        [chinese(n) for n in range(4)],
        carried={"minhash_cluster_size": [3, 4, 3, 4],
                 "spans": [[{"from": 0, "to": 5 + n % 2}] for n in range(4)]},
    ),
    "dolma": Shape(
        dolma, {"paths": "v1_7/documents/*.json.gz", **PLAIN, "id": "id", "date": "created",
                "source": {"column": "source"}, "read": "all"},
        _texts(8), carried={"added": ["2023-04-11T09:57:03.044571+00:00"] * 8},
    ),
    "redpajama": Shape(
        redpajama, {"paths": "arxiv/*.jsonl.zst", **PLAIN, "url": "meta.url", "read": ["meta"]},
        _texts(7),
        carried={"meta": [{"url": f"https://a.example/{n}", "timestamp": "2023-03-29",
                           "symlink_target": f"/mnt/{n}" if n > 4 else None} for n in range(7)]},
    ),
    "c4": Shape(
        c4, {"paths": "en/*.json.gz", **PLAIN, "url": "url", "date": "timestamp"}, _texts(6)
    ),
    "mc4": Shape(
        mc4, {"paths": "multilingual/*", **PLAIN, "url": "url"}, [chinese(n) for n in range(5)]
    ),
    "wet": Shape(wet, {"paths": "*.wet.gz", "text": "text"}, _texts(5)),
    "warc": Shape(warc, {"paths": "*.warc.gz", "html": "html"}, _texts(6)),
    "cc_main": Shape(
        cc_main, {"paths": "crawl-data/*/segments/*/warc/*.warc.gz", "html": "html",
                  "source": {"path": "(CC-MAIN-[0-9-]+)/"}}, _texts(5),
    ),
    "duckdb_v2": Shape(
        duckdb_v2, {"paths": "v2.parquet", **PLAIN, "id": "id", "read": ["n"]}, _texts(9),
        carried={"n": list(range(9)), "id": [f"{n:032x}" for n in range(9)]},
    ),
    "spark": Shape(spark, {"paths": "out.parquet", **PLAIN, "read": "all"}, _texts(6)),
    "pandas_index": Shape(
        pandas_index, {"paths": "*.parquet", **PLAIN, "read": "all"},
        [text_of(n) for n in (0, 2, 4)],
        carried={"__index_level_0__": [0, 2, 4], "score": [0.5] * 3},
    ),
    "hub": Shape(
        hub, {"paths": "data/train-*.parquet", **PLAIN, "read": ["label"]}, _texts(8),
        carried={"label": [0, 1] * 4},
    ),
    "hive": Shape(
        hive, {"paths": "**/*.parquet", **PLAIN, "source": {"column": "lang"}, "read": ["month"]},
        _texts(5), carried={"month": ["2024-01"] * 3 + ["2024-02"] * 2},
    ),
    "windows": Shape(
        windows, {"paths": "export.jsonl", **PLAIN, "read": ["编号"]}, _texts(4),
        carried={"编号": list(range(4))},
    ),
    "html_bytes": Shape(
        html_bytes, {"paths": "pages.parquet", "html": "content", "url": "url"},
        [text_of(0), chinese(1), text_of(2), text_of(3)],
    ),
    "dictionaries": Shape(
        dictionaries, {"paths": "*.parquet", **PLAIN, "read": "all"}, _texts(6),
        carried={"kind": ["book", "paper", None, "book", "paper", "letter"]},
    ),
    "one_in_a_thousand": Shape(
        one_in_a_thousand, {"paths": "*.jsonl.gz", **PLAIN},
        [text_of(n) for n in range(1000) if n != 617], said=("0617.jsonl.gz",),
    ),
    "with_empty_files": Shape(with_empty_files, {"paths": "*", **PLAIN}, _texts(3)),
    "upper_case": Shape(upper_case, {"paths": ".", **PLAIN}, _texts(5)),
    "bucketed_rows": Shape(
        bucketed_rows, {"paths": "crawl.ndjson", **PLAIN, "read": "all"}, _texts(6)
    ),
}  # fmt: skip
