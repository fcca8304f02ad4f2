"""What signals are worth on texts that one can check by eye."""

import sys

import polars as pl
import pytest

from cleaner.errors import JobError
from cleaner.signals import measure
from cleaner.stages.filter import Filter


def of(text: str, name: str, **options: object) -> float:
    return measure([text], [name], **options).item()


@pytest.mark.parametrize(
    ("text", "name", "value"),
    [
        ("# a ## b", "hash_word_ratio", 1.5),
        ("wait... what… so", "ellipsis_word_ratio", 2 / 3),
        ("a $x^2$ b", "characters", 5),
        ("a $x^2$ b", "words", 3),
        ("a {$\\frac{1}{2}$}", "curly_braces", 1),
        ("• a\n- b\nc\n\nd", "bullet_line_ratio", 0.5),
        ("a...\nb…\nc ……\nd", "ellipsis_line_ratio", 0.75),
        ("好。 \n“好！”\na.\nb", "terminal_line_ratio", 0.5),
        ("a\nb\n\n", "new_line_ratio", 1.5),
        ("The cat AND the hat", "stop_words_en", 2),
        ("我的书和他的书", "stop_words_zh", 3),
        ("これは本の話", "stop_words_ja", 3),
        ("나는 학교에서 책을", "stop_words_ko", 3),
        ("中文 english", "han_ratio", 2 / 9),
        ("鐨勬槸涓", "rare_han_ratio", 0.75),
        ("我 们 是 的", "spaced_han_ratio", 0.5),
        ("cafÃ© â€™", "mojibake_ratio", 5 / 9),
        ("a\n\na\n\na", "dup_paragraph_ratio", 2 / 3),
        ("ab\nab\nc", "dup_line_char_ratio", 2 / 7),
        ("ab\nab\nc", "char_dup_ratio", 2 / 5),
        ("to be to be to", "top_2gram_char_ratio", 10 / 14),
        ("是的是的是", "top_2gram_char_ratio", 4 / 5),
        ("a b c d e a b c d e", "dup_5gram_char_ratio", 5 / 19),
        ("$x$ and $\\frac{1}{2$", "valid_formula_ratio", 0.5),
        ("type `$A_B` or `$x`, then $x$", "valid_formula_ratio", 0.5),
        ("$\\text{the `a' of } x$, $`a_1$", "valid_formula_ratio", 0.5),
        ("$1.1-</td>\n<td>$ is $x$, $a < b$", "valid_formula_ratio", 2 / 3),
        ("$5\\%$ or $x$", "number_formula_ratio", 0.5),
        ("$$ $$ and \\( \\) [公式]", "empty_formulas", 3),
        ("C:\\Windows or \\alpha", "tex_commands", 2),
        ("mail a@b.cd or 114.114.114.114", "personal_data", 2),
        ("One two three. Four five! Six?", "c4_sentences", 3),
        ("One two three. Four!", "c4_sentences", 0),  # 4 words; c4_datatrove asks for 3
        ("One two three. Four!", "c4_datatrove_sentences", 2),
        ("One two three four five.[1]\nmenu\nOne two three four five", "c4_lines", 1),
        ("One two three.[1]\nmenu\nOne two three", "c4_any_end_lines", 2),
        ("ABC\n2 + 2 = 4\nP(A) = 1/6\n12 34\nit is so", "refinedweb_cut_ratio", 3 / 13),
        ("1 Introduction\n3 likes\n1.2k views", "refinedweb_cut_ratio", 5 / 7),
        ("这是第一句话。这是第二句！", "c4_sentences", 2),
        ("a fine function() { return 1; }.", "c4_curly_lines", 1),
        ("We use cookies on this page.", "c4_sentences", 0),
        ("ABC DEF\nok then\n3 likes\n12", "refinedweb_cut_ratio", 5 / 7),
    ],
)
def test_value(text: str, name: str, value: float) -> None:
    assert of(text, name) == pytest.approx(value)


def test_formulas_are_one_word_only_when_asked() -> None:
    text = "let $x + y = z$ be"
    assert [of(text, "words", formulas=f) for f in (True, False)] == [3, 5]
    assert of("let \\$5 and $5$ be", "formulas", formulas="marked") == 1


@pytest.mark.parametrize(
    ("unit", "package", "text", "words", "length", "alpha"),
    [
        ("jieba", "rjieba", "我们今天学习 3 种数学，公式是 $a^2+b^2=c^2$。", 9, 14 / 9, 8 / 9),
        # 国会 / 議事 / 堂 / の / 前 / で / 、 / 写真 / $x^2$ / です / 。
        ("sudachi", "sudachipy", "国会議事堂の前で、写真 $x^2$ です。", 9, 13 / 9, 1),
        # 나 / 는 / 학교 / 에 / 가 and 었 in 갔 / 다 / . / $x^2$
        ("kiwi", "kiwipiepy", "나는 학교에 갔다. $x^2$", 8, 9 / 8, 1),
    ],
)
def test_the_words_of_a_dictionary(
    unit: str, package: str, text: str, words: int, length: float, alpha: float
) -> None:
    pytest.importorskip(package)
    frame = measure([text, ""], ["words", "mean_word_length", "alpha_word_ratio"], unit=unit)
    assert frame.row(0) == (words, pytest.approx(length), pytest.approx(alpha))
    assert frame.row(1) == (0, 0, 0)


def test_a_dictionary_that_is_not_there_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "kiwipiepy", None)
    with pytest.raises(
        JobError, match=r"fineweb2_ko: unit: kiwi needs .* 'corpus-distiller\[ko\]'"
    ):
        Filter(name="fineweb2_ko").resolve()


def test_lists_fold_script_width_and_case() -> None:
    lists = {"a": ("轮盘", "poker", "很抱歉,我")}
    texts = pl.Series(["輪盤 POKER ｐｏｋｅｒ", "pokers 很抱歉，我", ""])
    frame = measure(texts, ["list_hits:a", "list_distinct:a", "list_density:a"], lists=lists)
    assert frame["list_hits:a"].to_list() == [3, 1, 0]
    assert frame["list_distinct:a"].to_list() == [2, 1, 0]
    assert frame["list_density:a"].to_list() == [3000 / 14, 1000 / 12, 0]
