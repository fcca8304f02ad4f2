"""Random texts that reach every branch: all planes, marks, scripts, emoji, private use, markup."""

from hypothesis import strategies as st

PIECES = [
    *("$", "$$", "\\", "\\$", "`", "```", "~~~", "    ", "\t", " ", "\n", "\n\n", "\r\n", "\u2028"),
    *("a", "b", "Ab", "1", "x^2", "_", "=", "<", "the", "to", "word", "don't", "well-known", "’"),
    *("'", "-", "\u00ad", "\u2010", "\u200d", "\u200c", "\u0301", "\ufe0f", "\u20e3", "\u3099"),
    *(
        "中",
        "文字",
        "の",
        "カー",
        "ｶﾞ",
        "가나",
        "ก",
        "กำ",
        "เ",
        "ខ្មែរ",
        "မြန်",
        "བོད་",
        "०",
        "٣",
        "〇",
    ),
    *(
        "😀",
        "👩\u200d💻",
        "❤\ufe0f",
        "1\ufe0f\u20e3",
        "\ue000",
        "\U0010fffd",
        "\ufffd",
        "\x00",
        "\ufeff",
    ),
    *(
        ".",
        "。",
        "？",
        "!",
        "...",
        "…",
        "•",
        "- ",
        "#",
        "{",
        "}",
        "\u3000",
        "\xa0",
        "“",
        "”",
        ",",
        "、",
    ),
]
pieces = st.lists(st.sampled_from(PIECES), max_size=40).map("".join)
points = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
texts = pieces | points | st.lists(pieces | points, max_size=8).map("".join)
