"""Letters with scripts in running text are found where the whole text would be searched."""

from hypothesis import example, given
from hypothesis import strategies as st

from cleaner.web.formulas import dense
from cleaner.web.formulas.dense import dense_runs
from cleaner.web.formulas.marks import EM, EM_END, SUB, SUB_END, SUP, SUP_END

FAR = "many words that say nothing of it, " * 8
WORDS = "x E α 2ab mc sin ln kiln asin sinABC Xlog words 1 = + ( ) , 中文 、"
MARKS = [EM, EM_END, SUB, SUB_END, SUP, SUP_END, f"{SUB}1{SUB_END}", f"{SUP}some word{SUP_END}"]
PIECES = st.sampled_from([*WORDS.split(), *MARKS, " ", FAR])


@given(text=st.lists(PIECES, max_size=40).map("".join))
@example(text=f"kiln{SUP}E)kilnE({SUP_END}words")
def test_only_what_is_near_a_script_needs_to_be_searched(text: str) -> None:
    everywhere = [
        found.span() for found in dense._DENSE.finditer(text) if SUB in found[0] or SUP in found[0]
    ]
    assert [found.span() for found in dense._near_scripts(text)] == everywhere


def test_formulas_far_apart_are_all_found() -> None:
    one = f"{EM}x{EM_END}{SUB}1{SUB_END} + 1 = 0"
    found = dense_runs(f"{FAR}{one} and {FAR}{one}, {FAR}")
    assert [tex for _, _, tex in found] == ["x_{1} + 1 = 0"] * 2


def test_text_without_a_script_holds_none() -> None:
    assert dense_runs(f"{FAR} x = 1 {FAR}") == []
