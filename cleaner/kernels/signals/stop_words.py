"""The stop words that are counted, a list per language."""

# en: Rae et al. 2021 (Gopher), appendix A.1.1. zh, ja, ko: Penedo et al. 2025 (FineWeb-2,
# arXiv:2506.20920), its published configurations cmn_Hani, jpn_Jpan and kor_Hang; the middle dots
# of the first two are words only where a splitter takes marks for words. Korean ones are endings.
STOP_WORDS: dict[str, tuple[str, ...]] = {
    "en": ("the", "be", "to", "of", "and", "that", "have", "with"),
    "zh": tuple("的年在月是和日了於為有被人中为他與後也而由·"),
    "ja": tuple("のにをはたてがとで年し月れさ・"),
    "ko": (
        *(
            "의",
            "다",
            "이",
            "는",
            "에",
            "을",
            "한",
            "년",
            "하",
            "은",
            "를",
            "했",
            "고",
            "에서",
            "가",
        ),
        *("있", "으로", "인", "월", "로", "되"),
    ),
}
