"""The sample corpus: the same bytes every time, the shares asked for, and gold that is true."""

import gzip
import json
import random
import re
from itertools import combinations
from pathlib import Path

import polars as pl
import pyarrow.parquet as pq
import pytest
import zstandard
from fastwarc.warc import ArchiveIterator
from latex2mathml.converter import convert
from lxml import etree

from samples import broken, copies, exercises, han, junk, library, mathml
from samples.corpus import Corpus
from samples.encodings import ENCODINGS, FORMULA, READABLE, inline
from samples.generate import documents_for, main, plan, run, size
from samples.roles import shares

SHIPPED = Path(__file__).parents[2] / "samples"
FILES = {"pages.parquet": "html", "texts.parquet": "text"}


@pytest.fixture(scope="module")
def gold() -> pl.DataFrame:
    return pl.read_parquet(SHIPPED / "gold.parquet")


@pytest.fixture(scope="module")
def rows(gold: pl.DataFrame) -> pl.DataFrame:
    """Every shipped row with its gold; `html` and `text` as the file has it."""
    read = [
        pl.read_parquet(SHIPPED / file).with_row_index("row").with_columns(file=pl.lit(file))
        for file in FILES
    ]
    data = pl.concat(read, how="diagonal").with_columns(pl.col("row").cast(pl.Int64))
    return data.join(gold.drop("id"), on=("file", "row"), how="left", maintain_order="left")


def written(out: Path, **options: object) -> dict[str, bytes]:
    run(plan(out, **{"form": "html", "documents": 300, "seed": 4, **options}))  # type: ignore[arg-type]
    return {path.name: path.read_bytes() for path in sorted(out.iterdir())}


@pytest.mark.parametrize("suffix", ["parquet", "jsonl.gz", "jsonl.zst", "warc.gz"])
def test_two_runs_write_the_same_bytes(tmp_path: Path, suffix: str) -> None:
    assert written(tmp_path / "a", suffix=suffix) == written(tmp_path / "b", suffix=suffix)


def test_files_row_groups_and_workers_change_no_document(tmp_path: Path) -> None:
    run(plan(tmp_path / "one", form="text", documents=400, seed=4))
    many = plan(
        tmp_path / "many", form="text", documents=400, seed=4, files=3, row_group_bytes=9999
    )
    run(many, workers=2)
    one, three = (pl.read_parquet(tmp_path / name / "texts*.parquet") for name in ("one", "many"))
    assert one.equals(three)
    labels = pl.read_parquet(tmp_path / "many" / "gold-texts*.parquet").drop("file", "row")
    assert labels.equals(
        pl.read_parquet(tmp_path / "one" / "gold-texts.parquet").drop("file", "row")
    )
    first = pq.ParquetFile(tmp_path / "many" / "texts-00000.parquet")
    assert first.num_row_groups > 5


def test_a_document_depends_on_its_number_alone() -> None:
    in_order = Corpus(4, "html")
    assert [in_order.row(i) for i in range(200)][150:160] == [
        Corpus(4, "html").row(i) for i in range(150, 160)
    ]


def test_the_shipped_files_are_what_the_generator_writes(tmp_path: Path) -> None:
    assert main(["--ship", "--out", str(tmp_path)]) == 0
    for name in (*FILES, "gold.parquet"):
        assert pq.read_table(tmp_path / name).equals(pq.read_table(SHIPPED / name)), name


def test_the_shipped_files_are_small_zstd_with_page_index() -> None:
    assert sum((SHIPPED / name).stat().st_size for name in (*FILES, "gold.parquet")) < 4_000_000
    for name in FILES:
        column = pq.ParquetFile(SHIPPED / name).metadata.row_group(0).column(1)
        assert column.compression == "ZSTD"
        assert column.has_offset_index


def test_math_comes_as_often_as_asked() -> None:
    corpus = Corpus(1, "text", {"math": 0.005, "lost_formulas": 0})
    count = 20_000
    found = sum(corpus.row(i).gold.has_math for i in range(count))
    assert abs(found - 0.005 * count) < 30  # three standard deviations


def test_shares_add_up_and_a_wrong_one_is_refused() -> None:
    for asked in (
        {},
        {"math": 0.005},
        {"junk": 0.5, "copies": 0.1},
        {"template": 0.9, "broken": 0},
    ):
        if asked.get("template"):
            asked = {**asked, "math": 0, "junk": 0, "copies": 0, "lost_formulas": 0, "charset": 0}
        assert sum(shares(asked).values()) == pytest.approx(1)
    with pytest.raises(ValueError, match="unknown kind 'maths'; available: math, junk"):
        shares({"maths": 0.1})
    with pytest.raises(ValueError, match="more than 1"):
        shares({"junk": 1.5})


def test_gold_has_a_row_for_every_row(gold: pl.DataFrame, rows: pl.DataFrame) -> None:
    assert (
        rows.height
        == gold.height
        == sum(pq.ParquetFile(SHIPPED / name).metadata.num_rows for name in FILES)
    )
    assert gold.select("file", "row").is_unique().all()
    assert rows["quality"].null_count() == 0
    odd = rows.filter(pl.col("id").is_null() | pl.col("id").is_duplicated())
    assert odd.filter(pl.col("relation").is_in(["broken:null_id", "broken:repeated_id"])).height > 0
    unique = rows.filter(~pl.col("relation").str.starts_with("broken:"))["id"]
    assert unique.is_unique().all()
    assert unique.null_count() == 0


def test_gold_does_not_contradict_itself(gold: pl.DataFrame) -> None:
    assert gold.filter(pl.col("keep") != pl.col("reason").is_null()).is_empty()
    assert gold.filter(
        (pl.col("quality") == "junk") != pl.col("junk_kind").is_not_null()
    ).is_empty()
    assert gold.filter(
        pl.col("quality").is_in(["junk", "broken", "low"]) & pl.col("keep")
    ).is_empty()
    assert gold.filter((pl.col("n_formulas") > 0) & ~pl.col("has_math")).is_empty()
    assert gold.filter((pl.col("relation") == "near") != pl.col("jaccard").is_not_null()).is_empty()
    assert set(gold["quality"]) == {"high", "low", "junk", "broken"}


def test_every_kind_is_there_in_both_languages(gold: pl.DataFrame) -> None:
    kinds = (
        gold.filter(pl.col("quality") == "junk").group_by("junk_kind").agg(pl.col("lang").unique())
    )
    assert set(kinds["junk_kind"]) == {*junk.KINDS, "template"}
    assert all({"zh", "en"} == set(langs) for langs in kinds["lang"])
    assert gold.filter((pl.col("quality") == "junk") & (pl.col("script") == "Hant")).height > 30
    assert set(gold["math_encoding"].drop_nulls()) == {*READABLE, "lost", "text"}
    assert set(gold["lang"].drop_nulls()) == set(library.languages())
    relations = set(gold["relation"])
    assert {
        "original", "exact", "url_variant", "near", "traditional", "simplified", "width",
        "numbers_only", "shared_frame", "template",
    } <= relations  # fmt: skip
    shown = {relation[7:] for relation in relations if relation.startswith("broken:")}
    assert len(shown & {*broken.HTML, *broken.TEXT}) > 20


def test_a_cluster_is_one_document_and_its_copies(rows: pl.DataFrame) -> None:
    copied = rows.filter(
        pl.col("relation").is_in(
            ["exact", "url_variant", "near", "traditional", "simplified", "width"]
        )
    )
    by_id = {
        (row["file"], row["id"]): row
        for row in rows.iter_rows(named=True)
        if row["cluster"] == row["id"]
    }
    assert copied.height > 100
    for copy in copied.iter_rows(named=True):
        root = by_id[copy["file"], copy["cluster"]]
        assert root["row"] < copy["row"]
        if not root["keep"] or copy["relation"] != "near":
            assert not copy["keep"]
        if copy["text"] is not None and copy["relation"] in ("exact", "url_variant"):
            assert copy["text"] == root["text"]
        elif copy["text"] is not None and copy["relation"] != "near":
            # script and width fold away
            assert copies.units(copy["text"]) == copies.units(root["text"])
            assert copy["text"] != root["text"]


def test_near_copies_say_how_near_they_are() -> None:
    corpus = Corpus(2, "text", {"near": 0.4})
    near = [row for row in map(corpus.row, range(600)) if row.gold.relation == "near"]
    assert len(near) > 150
    by_id = {corpus.id(i): i for i in range(600)}
    for row in near:
        if "$" in str(row.payload) and not row.gold.has_math:
            continue  # prices and code look like formulas to `_marked`
        original = corpus.row(by_id[row.gold.cluster])
        true = copies.jaccard(_marked(original.payload), _marked(row.payload))
        assert true == pytest.approx(row.gold.jaccard)
        assert row.gold.edit_share is not None
        assert 0 <= row.gold.edit_share <= 0.22
        assert row.gold.keep == (original.gold.keep and true < 0.8)
    high = sum(row.gold.jaccard >= 0.8 for row in near)
    assert 0.25 < high / len(near) < 0.75


def _marked(text: object) -> str:
    """Return a text in which formulas carry the marks that `copies.units` knows."""
    shown = re.sub(r"\$\$(.+?)\$\$", "\x05\\1\x03", str(text), flags=re.DOTALL)
    return re.sub(r"\$([^$\n]+?)\$", "\x02\\1\x03", shown)


def test_unrelated_pages_are_no_duplicates(rows: pl.DataFrame) -> None:
    honest = rows.filter(
        pl.col("keep") & (pl.col("relation") == "original") & pl.col("text").is_not_null()
    )
    assert honest.height > 300
    for (lang,), group in honest.group_by("lang"):
        sets = [copies.shingles(_marked(text)) for text in group["text"]]
        for one, other in combinations(sets, 2):
            shared = len(one & other)
            assert shared / (len(one) + len(other) - shared) < 0.2, lang


def test_sisters_stay_and_templates_go() -> None:
    asked = {"junk": 0, "exercise": 0.3, "shared_frame": 0.1, "template": 0.2}
    corpus = Corpus(5, "text", asked)
    families: dict[tuple[str, str], list[set[tuple[str, ...]]]] = {}
    for i in range(500):
        made = corpus.row(i)
        if made.gold.family and made.gold.relation != "near":
            key = (made.gold.relation, made.gold.family)
            families.setdefault(key, []).append(copies.shingles(_marked(made.payload)))
    seen = set()
    for (relation, _), sets in families.items():
        for one, other in combinations(sets[:12], 2):
            alike = len(one & other) / len(one | other)
            if relation in ("numbers_only", "shared_frame"):
                assert alike < 0.7
                seen.add(relation)
            elif relation == "template":
                assert alike > 0.9
                seen.add(relation)
    assert seen == {"numbers_only", "shared_frame", "template"}


def test_texts_hold_the_formulas_that_gold_counts(rows: pl.DataFrame) -> None:
    texts = rows.filter(pl.col("text").is_not_null() & (pl.col("n_formulas") > 0))
    formulas: set[str] = set()
    for text, count in texts.select("text", "n_formulas").iter_rows():
        found = FORMULA.findall(_marked(text))
        assert len(found) == count
        formulas.update(tex for _, tex in found)
    assert len(formulas) > 1000
    for tex in formulas:
        assert tex.count("{") - tex.count(r"\{") == tex.count("}") - tex.count(r"\}")
        etree.fromstring(f"<math>{mathml.mathml(tex)}</math>")
    for tex in sorted(formulas)[::20]:
        convert(tex)


def test_mathml_is_as_a_renderer_writes_it() -> None:
    assert mathml.mathml(r"\sum_{i=1}^{n}i^2") == (
        "<munderover><mo>∑</mo><mrow><mi>i</mi><mo>=</mo><mn>1</mn></mrow><mi>n</mi></munderover>"
        "<msup><mi>i</mi><mn>2</mn></msup>"
    )
    with pytest.raises(ValueError, match="not in the LaTeX of our formulas"):
        mathml.mathml(r"\unheard")


def test_every_encoding_carries_the_formula() -> None:
    tex = r"a<\frac{b}{2} & c"
    for name in READABLE:
        shown = ENCODINGS[name](inline(tex).replace("&", "&amp;").replace("<", "&lt;"))
        assert "frac" in shown, name
        assert "\x02" not in shown
        assert "{{" not in shown
    assert "frac" not in ENCODINGS["lost"](inline(tex))


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_honest_pages_pass_published_rules(rows: pl.DataFrame, lang: str) -> None:
    """Gopher's word counts, stop words and lines; Chinese characters count as words."""
    good = rows.filter(
        pl.col("keep") & (pl.col("lang") == lang) & pl.col("text").is_not_null()
        & ~pl.col("relation").str.starts_with("broken:")
    )  # fmt: skip
    stop = {
        "en": ["the", "be", "to", "of", "and", "that", "have", "with"],
        "zh": list("的是和在了有为也"),
    }[lang]
    passed = 0
    for text in good["text"]:
        words = copies.units(_marked(text))
        plain = [word for word in words if word[0] not in "\x02\x05"]
        lines = [line for line in text.split("\n") if line.strip()]
        ended = sum(line.rstrip()[-1] in '.!?。！？”"$…' for line in lines)
        length = sum(map(len, plain)) / len(plain)
        passed += (
            50 <= len(words) <= 100_000
            and (3 <= length <= 10 if lang == "en" else length < 5)
            and sum(word in plain for word in stop) >= 2
            and ended / len(lines) > 0.3
            and sum(line.startswith("- ") for line in lines) / len(lines) < 0.9
        )
    assert passed / good.height > 0.97


def test_scripts_are_what_gold_says(rows: pl.DataFrame) -> None:
    signs = {
        "Cyrl": "[а-я]",
        "Jpan": "[ぁ-ん]",
        "Kore": "[가-힣]",
        "Arab": "[ا-ي]",
        "Latn": "[a-z]",
    }
    good = rows.filter(pl.col("keep") & pl.col("text").is_not_null())
    for script, text in good.select("script", "text").iter_rows():
        if script in signs:
            assert len(re.findall(signs[script], text)) > 40
    for script, text in good.select("script", "text").iter_rows():
        if script in ("Hant", "Hans"):
            turned = han.to_traditional(text) if script == "Hant" else han.to_simplified(text)
            assert sum(a != b for a, b in zip(text, turned, strict=True)) < 5


def test_no_mark_of_ours_is_left(rows: pl.DataFrame) -> None:
    honest = rows.filter(~pl.col("relation").str.starts_with("broken:"))
    assert not honest["text"].str.contains("[\x00-\x08]").any()
    assert not any(re.search(b"[\x02-\x08]|{{", page) for page in honest["html"].drop_nulls())


def test_the_table_of_characters_goes_both_ways() -> None:
    grammars = [path.read_text() for path in (SHIPPED / "grammars" / "zh").rglob("*.txt")]
    for text in grammars:
        assert han.to_simplified(han.to_traditional(text)) == text


def test_the_table_of_characters_is_complete() -> None:
    opencc = pytest.importorskip("opencc", reason="opencc, of the extra [zh], is not installed")
    convert_one = opencc.OpenCC("s2t").convert
    ours = "".join(path.read_text() for path in (SHIPPED / "grammars" / "zh").rglob("*.txt"))
    taste = set("才台周秘灶并念佣床布核制卜注志采溪卷板家表梁面系只岩群峰着吃")  # both are in use
    missing = {
        char
        for char in set(re.findall("[\u4e00-\u9fff]", ours)) - taste
        if convert_one(char) != char and han.to_traditional(char) == char
    }
    assert missing == set()


def test_pages_are_bytes_in_the_charset_that_gold_names(rows: pl.DataFrame) -> None:
    pages = rows.filter(pl.col("html").is_not_null() & pl.col("keep"))
    odd = {"broken:cut_character", "broken:utf16"}
    for html, charset, relation in pages.select("html", "charset", "relation").iter_rows():
        if relation not in odd:
            html.decode(charset)
    others = set(pages["charset"]) - {"utf-8", "utf-16"}
    assert len(others) >= 6


@pytest.mark.parametrize("suffix", ["jsonl", "jsonl.gz", "jsonl.zst"])
def test_lines_hold_the_same_rows_as_parquet(tmp_path: Path, suffix: str) -> None:
    run(plan(tmp_path, form="text", documents=120, seed=9))
    run(plan(tmp_path, form="text", documents=120, seed=9, suffix=suffix))
    raw = (tmp_path / f"texts.{suffix}").read_bytes()
    if suffix.endswith("gz"):
        raw = gzip.decompress(raw)
    elif suffix.endswith("zst"):
        raw = zstandard.ZstdDecompressor().decompressobj().decompress(raw)
    lines = [json.loads(line) for line in raw.splitlines()]
    assert lines == pq.read_table(tmp_path / "texts.parquet").to_pylist()


def test_archives_hold_a_record_a_row(tmp_path: Path) -> None:
    run(plan(tmp_path, form="html", documents=120, seed=9))
    run(plan(tmp_path, form="html", documents=120, seed=9, suffix="warc.gz"))
    pages = pq.read_table(tmp_path / "pages.parquet").column("html").to_pylist()
    with (tmp_path / "pages.warc.gz").open("rb") as file:
        found = [
            record.reader.read()
            for record in ArchiveIterator(file, parse_http=True)
            if record.headers["WARC-Type"] == "response"
        ]
    assert found == [page or b"" for page in pages]


def test_exercises_have_right_answers() -> None:
    for seed in range(200):
        made = exercises.FAMILIES["quadratic"](random.Random(seed))
        p, q = int(str(made["p"])), int(str(made["q"]))
        assert p + q == made["sum"]
        assert p * q == made["product"]
        for family, draw in exercises.FAMILIES.items():
            values = draw(random.Random(seed))
            for lang in ("en", "zh"):
                for line in library.exercises(lang)[family]:
                    filled = exercises.fill(line, values)
                    assert not re.search(r"\{\w+\}", FORMULA.sub("", filled)), family


def test_the_command_says_what_is_wrong(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--kinds", "--share", "math=0.005"]) == 0
    assert "lecture" in capsys.readouterr().out
    with pytest.raises(SystemExit) as error:
        main(["--out", str(tmp_path), "--share", "mathematics=0.1"])
    assert error.value.code == 2
    assert "unknown kind 'mathematics'" in capsys.readouterr().err
    assert main(["--out", str(tmp_path), "--bytes", "300KB", "--format", "both"]) == 0
    assert {path.name for path in tmp_path.iterdir()} == {
        "pages.parquet", "texts.parquet", "gold-pages.parquet", "gold-texts.parquet",
    }  # fmt: skip


def test_sizes_are_met() -> None:
    count = documents_for(size("3MB"), "html", 7, {})
    corpus = Corpus(7, "html")
    made = sum(len(corpus.row(i).payload or b"") for i in range(count))
    assert made == pytest.approx(3e6, rel=0.15)
