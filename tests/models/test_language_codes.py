"""What users and models write for a language."""

import pytest

from cleaner.models.language.codes import Code, label_code, user_code


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("zh", Code("zh")),
        ("ZH", Code("zh")),
        ("zho", Code("zh")),
        ("chi", Code("zh")),
        ("cmn", Code("zh")),
        ("zh-CN", Code("zh", None, "Hans")),
        ("zh_TW", Code("zh", None, "Hant")),
        ("zh-Hant", Code("zh", None, "Hant")),
        ("zh-hans-CN", Code("zh", None, "Hans")),
        ("yue", Code("zh", "yue")),
        ("yue-Hant", Code("zh", "yue", "Hant")),
        ("eng", Code("en")),
        ("en_US", Code("en")),
        ("nb", Code("no")),
        ("nn", Code("no", "nn")),
        ("pt-BR", Code("pt")),
        ("sr-Latn", Code("sr", None, "Latn")),
        ("iw", Code("he")),
        ("und", Code("und")),
        ("mixed", Code("mixed")),
    ],
)
def test_what_a_user_writes(written: str, code: Code) -> None:
    assert user_code(written) == code


@pytest.mark.parametrize(
    ("written", "hint"),
    [
        ("cn", "did you mean zh"),
        ("english", "did you mean en"),
        ("jp", "did you mean ja"),
        ("engl", "did you mean eng"),
        ("", "is no language code"),
        ("zh-", "is no language code"),
        ("en fr", "is no language code"),
    ],
)
def test_what_is_none(written: str, hint: str) -> None:
    with pytest.raises(ValueError, match=hint):
        user_code(written)


@pytest.mark.parametrize(
    ("label", "code"),
    [
        ("zh", Code("zh")),
        ("wuu", Code("zh", "wuu")),
        ("cmn_Hani", Code("zh", None, "Hani")),
        ("zho_Hans", Code("zh", None, "Hans")),
        ("arb_Arab", Code("ar", None, "Arab")),
        ("ary_Arab", Code("ar", "ary", "Arab")),
        ("ckb", Code("ku", "ckb")),
        ("als", Code("gsw")),
        ("als_Latn", Code("sq", "als", "Latn")),
        ("eng_Latn", Code("en", None, "Latn")),
        ("war", Code("war")),
        ("zxx", Code("und")),
    ],
)
def test_what_a_model_says(label: str, code: Code) -> None:
    assert label_code(label) == code
