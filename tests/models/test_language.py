"""Which language a text is in: the rules, both backends, and the bars on the labelled texts."""

import base64
import random
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.unicode_texts import texts

from cleaner.errors import JobError
from cleaner.models.language import language
from cleaner.models.language.backends import (
    FastText,
    Py3langid,
    backend,
    full_name,
    identity,
    strings,
)
from cleaner.models.scoring import fasttext

ENGLISH = "It was the best of times, it was the worst of times, it was the age of wisdom. "
GERMAN = "Alle glücklichen Familien gleichen einander, jede unglückliche ist es auf ihre Weise. "
CHINESE = "道可道，非常道；名可名，非常名。无名天地之始，有名万物之母。"
TRADITIONAL = "這個國家的語言很有意思，我們應該學習它們的歷史與文學。"
JAPANESE = "吾輩は猫である。名前はまだ無い。どこで生れたかとんと見当がつかぬ。"
KOREAN = "나라의 말이 중국과 달라 문자와 서로 통하지 아니하므로 어리석은 백성이 있다."
RUSSIAN = "Все счастливые семьи похожи друг на друга, каждая несчастлива по-своему. "


def found(*batch: str) -> list[dict[str, object]]:
    return language.identify(pl.Series(batch, dtype=pl.String), backend()).to_dicts()


@pytest.mark.parametrize(
    ("text", "lang", "script"),
    [
        (ENGLISH, "en", "Latn"),
        (ENGLISH.upper(), "en", "Latn"),
        (GERMAN, "de", "Latn"),
        (CHINESE, "zh", "Hans"),
        (TRADITIONAL, "zh", "Hant"),
        ("大小多少", "zh", "Hani"),
        (JAPANESE, "ja", "Jpan"),
        (KOREAN, "ko", "Kore"),
        (RUSSIAN, "ru", "Cyrl"),
        ("ภาษาไทยเป็นภาษาที่มีระดับเสียง", "th", "Thai"),
        ("தமிழ் மொழி மிகவும் பழமையானது", "ta", "Taml"),
        ("Dette er en norsk tekst om været i Bergen i dag, og det regner mye.", "no", "Latn"),
        (CHINESE + "，最美の你", "zh", "Hans"),  # a stray kana makes no Japanese
        ("定理：若 $f(x) = \\sin x$ 则 $f'(x) = \\cos x$。Proof by AAA.", "zh", "Hans"),
        (r"Let $中文$ be a set and \(中\) its member; we prove the theorem.", "en", "Latn"),
    ],
)
def test_language_and_script(text: str, lang: str, script: str) -> None:
    [row] = found(text)
    assert (row["lang"], row["script"]) == (lang, script)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "no_letters"),
        ("12.5 — 33 %", "no_letters"),
        ("$x^2 + y^2 = z^2$", "no_letters"),
        ("```\nx = call(y)\n```", "code"),
        (base64.b64encode(random.Random(1).randbytes(600)).decode(), "base64"),
        (GERMAN.replace("i", "ü").encode().decode("cp1252"), "mojibake"),
        (RUSSIAN.encode().decode("cp1251", "replace"), "mojibake"),
        ((CHINESE * 3).encode().decode("gbk", "replace"), "mojibake"),
        ((CHINESE * 3).encode("gbk").decode("latin-1"), "mojibake"),
        ("\n".join(f"int {c}_get(struct {c} *p) {{ return p->{c}; }}" for c in "abcdefg"), "code"),
    ],
)
def test_what_is_no_language(text: str, why: str) -> None:
    [row] = found(text)
    assert (row["lang"], row["lang_detail"], row["lang_score"]) == ("und", why, 0.0)


def test_prose_with_code_is_prose() -> None:
    code = "```py\nfor i in range(10):\n    print(i)\n```\n"
    assert [row["lang"] for row in found(ENGLISH * 3 + "\n" + code, r"\emph{a} " + ENGLISH)] == [
        "en",
        "en",
    ]


def test_two_languages_are_mixed_with_their_shares() -> None:
    [row] = found("\n\n".join([ENGLISH * 2, GERMAN * 2] * 2))
    assert row["lang"] == "mixed"
    shares = {part["lang"]: part["share"] for part in row["lang_shares"]}  # type: ignore[attr-defined]
    assert set(shares) == {"en", "de"}
    assert sum(shares.values()) == pytest.approx(1)
    assert min(shares.values()) > 0.4


def test_a_quotation_makes_no_mixture() -> None:
    [row] = found(ENGLISH * 20 + "\n" + GERMAN)
    assert (row["lang"], row["lang_shares"]) == ("en", None)


@settings(max_examples=40, deadline=None)
@given(batch=st.lists(texts, max_size=5))
def test_every_text_has_an_answer_that_no_other_text_changes(batch: list[str]) -> None:
    whole = language.identify(pl.Series(batch, dtype=pl.String), backend())
    assert whole.drop("lang_shares").null_count().sum_horizontal().sum() == 0
    for i, text in enumerate(batch):
        assert whole[i].equals(language.identify(pl.Series([text]), backend()))


def test_the_model_is_named_by_its_hash() -> None:
    name = full_name(None)
    assert name == f"py3langid:{identity()[:16]}"
    assert backend(name) is backend()
    with pytest.raises(JobError, match="py3langid holds another model"):
        backend("py3langid:0000000000000000")


def test_a_wrong_model_file_is_one_clear_error(tmp_path: Path) -> None:
    for name, content in {"foreign": b"not a model", "empty": b""}.items():
        (tmp_path / name).write_bytes(content)
        with pytest.raises(JobError, match=name):
            backend(str(tmp_path / name))
    with pytest.raises(JobError, match="no such model file"):
        backend(str(tmp_path / "absent"))


def test_labels_of_a_model_become_languages(tmp_path: Path) -> None:
    words = {"eng_Latn": "the of and", "cmn_Hani": "的 是 了", "yue_Hant": "嘅 係 咗"}
    lines = [
        (label, " ".join(text.split() * k)) for label, text in words.items() for k in (1, 2, 3)
    ]
    settings = fasttext.Settings(dim=8, bucket=100, epoch=100, lr=1)
    fasttext.train(lines * 20, tmp_path / "lid.bin", settings)
    model = backend(str(tmp_path / "lid.bin"))
    rows = language.identify(pl.Series([words["eng_Latn"], words["yue_Hant"], ""]), model)
    assert rows["lang"].to_list() == ["en", "zh", "und"]
    assert rows["lang_detail"].to_list() == ["en", "yue", "no_letters"]
    assert model.name == "fasttext"


@pytest.fixture(scope="session")
def lid176(corpora: Path) -> str:
    path = corpora.parent / "models" / "lid.176.ftz"
    if not path.is_file():
        pytest.skip(f"{path}: the fastText language model is not on this machine")
    return str(path)


@pytest.mark.corpora
def test_a_fasttext_model_by_path(lid176: str) -> None:
    batch = [ENGLISH, CHINESE, TRADITIONAL, JAPANESE, KOREAN, RUSSIAN, "", "a\nb"]
    rows = language.identify(pl.Series(batch), backend(lid176))
    assert rows["lang"].to_list()[:7] == ["en", "zh", "zh", "ja", "ko", "ru", "und"]
    assert identity(lid176) == backend(lid176).identity
    assert full_name(lid176) == lid176


@pytest.mark.corpora
def test_a_truncated_model_is_one_clear_error(lid176: str, tmp_path: Path) -> None:
    cut = tmp_path / "cut.ftz"
    cut.write_bytes(Path(lid176).read_bytes()[:500_000])
    with pytest.raises(JobError, match="cut short"):
        backend(str(cut))


@pytest.fixture(scope="session")
def labelled(corpora: Path) -> pl.DataFrame:
    table = pl.read_parquet(corpora / "open" / "multilingual.parquet")
    norwegian = {"nb": "no", "nn": "no"}
    return table.select("text", "source", gold=pl.col("gold_lang").replace(norwegian))


@pytest.mark.corpora
def test_accuracy(labelled: pl.DataFrame, lid176: str) -> None:
    long = labelled.filter(pl.col("text").str.len_chars() >= 50)
    right = (language.identify(long["text"], backend())["lang"] == long["gold"]).alias("right")
    by = dict(long.select("gold", right).group_by("gold").agg(pl.col("right").mean()).iter_rows())
    assert right.mean() >= 0.985
    assert min(by["zh"], by["ja"], by["ko"]) >= 0.99
    other = language.identify(long["text"], backend(lid176))["lang"] == long["gold"]
    assert other.mean() >= 0.955  # lid.176.ftz itself reaches 0.961


@pytest.mark.corpora
def test_the_raw_label_is_py3langids(labelled: pl.DataFrame) -> None:
    from py3langid.langid import LanguageIdentifier

    model = backend()
    assert isinstance(model, Py3langid)
    read = language.windows(labelled["text"])
    best = model.propose(read.offsets, read.data).best
    oracle = LanguageIdentifier.from_model_file("data/model.npz.xz")
    labels = [oracle.classify(text)[0] for text in strings(read.offsets, read.data)]
    assert (
        np.mean([model.labels[i] == label for i, label in zip(best, labels, strict=True)]) > 0.999
    )


@pytest.mark.corpora
@pytest.mark.parametrize(("kind", "allowed"), [(Py3langid, 0.012), (FastText, 0.03)])
def test_scores_are_right_as_often_as_they_say(
    labelled: pl.DataFrame, lid176: str, kind: type, allowed: float
) -> None:
    model = backend() if kind is Py3langid else backend(lid176)
    held_out = labelled.filter(pl.col("source") != "pemistahl/lingua-py")  # that one was fitted on
    short = [
        held_out.with_columns(pl.col("text").str.slice(50, length)).filter(
            pl.col("text").str.len_chars() == length
        )
        for length in (15, 30, 60, 120)
    ]
    table = pl.concat([held_out, *short])
    rows = language.identify(table["text"], model)
    told = rows.filter(~rows["lang"].is_in(["und", "mixed"]))
    right = (rows["lang"] == table["gold"]).filter(~rows["lang"].is_in(["und", "mixed"]))
    bins = (told["lang_score"] * 10).floor()
    error = 0.0
    for number in bins.unique():
        inside = bins == number
        said = told["lang_score"].filter(inside).mean()
        error += inside.mean() * abs(right.filter(inside).mean() - said)
    assert error < allowed


@pytest.mark.parametrize(
    "text",
    [
        "啱啱喺街市買咗啲嘢，嗰個阿婆話啲菜好靚㗎，我哋就買多咗兩斤返嚟煲湯飲。",
        "铍镁钙锶钡镭属碱土金属；硼铝镓铟铊属硼族；锗锡铅属碳族；砷锑铋属氮族；硒碲钋属硫族。",
        "今天天气很好，我们一起去公园里散步，晚上再回家吃饭。",
    ],
)
def test_rare_characters_are_chinese_and_misread_ones_are_not(text: str) -> None:
    texts = pl.Series([text, text.encode().decode("gbk", "ignore")])
    assert language.identify(texts, backend())["lang"].to_list() == ["zh", "und"]


def test_a_list_of_fish_is_chinese() -> None:
    fish = "鲈鲤鲫鳊鲢鳙鳜鳗鲑鳟鲟鲶鲷鲳鲹鲽鲻鳕鳐鲨均为常见的鱼类名称"
    assert language.identify(pl.Series([fish]), backend())["lang"].to_list() == ["zh"]
