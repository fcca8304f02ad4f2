"""What the kernels of signals count: the columns of their table, one row a document."""

COLUMNS = (
    # characters
    "characters", "letters", "digits", "upper", "spaces", "newlines", "punctuation", "symbols",
    "emoji", "parens", "open_braces", "hashes", "ellipses", "controls", "private", "replacements",
    "mojibake", "rare_han", "replacement_lines",
    # letters by script, in the order of unicode.SCRIPTS
    "common", "latin", "han", "kana", "hangul", "cyrillic", "greek", "arabic", "hebrew",
    "devanagari", "thai", "other",
    # words; tokens are words, and with unit jieba punctuation too
    "words", "tokens", "word_characters", "median_twice", "longest_word", "alpha_words",
    "unique_words", "top_word",
    # stop words: different ones, and occurrences
    "stop_en", "stop_zh", "stop_ja", "stop_ko", "stops_en", "stops_zh", "stops_ja", "stops_ko",
    # lines
    "lines", "line_characters", "longest_line", "short_lines", "long_lines", "bullet_lines",
    "ellipsis_lines", "terminal_lines", "policy_lines", "javascript_lines", "lorem_ipsum",
    "upper_lines", "digit_lines", "stub_lines", "unpunctuated", "prose_characters", "prose_han",
    "prose_digits", "prose_line_characters", "prose_unpunctuated", "refinedweb_cut",
    # what C4's line rules leave, as published, as datatrove has them, and so without the one on the
    # end of a line
    "c4_lines", "c4_words", "c4_sentences", "c4_curly", "c4_lorem",
    "c4_datatrove_lines", "c4_datatrove_words", "c4_datatrove_sentences", "c4_datatrove_curly",
    "c4_datatrove_lorem",
    "c4_any_lines", "c4_any_words", "c4_any_sentences", "c4_any_curly", "c4_any_lorem",
    # repetition
    "paragraphs", "dup_lines", "dup_line_characters", "dup_paragraphs", "dup_paragraph_characters",
    "top_2", "top_3", "top_4", "dup_5", "dup_6", "dup_7", "dup_8", "dup_9", "dup_10", "dup_13",
    # formulas
    "formulas", "formula_characters", "raw_characters", "valid_formulas", "number_formulas",
    "median_formula_twice", "empty_formulas", "tex_commands",
    # addresses
    "urls", "url_characters",
    "spaced_han", "bytes", "chunks",
)  # fmt: skip

(
    CHARACTERS, LETTERS, DIGITS, UPPERS, SPACES, NEWLINES, PUNCTUATIONS, SYMBOLS,
    EMOJIS, PARENS, OPEN_BRACES, HASHES, ELLIPSES, CONTROLS, PRIVATES, REPLACEMENTS,
    MOJIBAKE, RARE_HAN, REPLACEMENT_LINES,
    COMMON, LATIN, HAN, KANA, HANGUL, CYRILLIC, GREEK, ARABIC, HEBREW,
    DEVANAGARI, THAI, OTHER_SCRIPT,
    WORDS, TOKENS, WORD_CHARACTERS, MEDIAN_TWICE, LONGEST_WORD, ALPHA_WORDS,
    UNIQUE_WORDS, TOP_WORD,
    STOP_EN, STOP_ZH, STOP_JA, STOP_KO, STOPS_EN, STOPS_ZH, STOPS_JA, STOPS_KO,
    LINES, LINE_CHARACTERS, LONGEST_LINE, SHORT_LINES, LONG_LINES, BULLET_LINES,
    ELLIPSIS_LINES, TERMINAL_LINES, POLICY_LINES, JAVASCRIPT_LINES, LOREM_IPSUM,
    UPPER_LINES, DIGIT_LINES, STUB_LINES, UNPUNCTUATED, PROSE_CHARACTERS, PROSE_HAN,
    PROSE_DIGITS, PROSE_LINE_CHARACTERS, PROSE_UNPUNCTUATED, REFINEDWEB_CUT,
    C4_LINES, C4_WORDS, C4_SENTENCES, C4_CURLY, C4_LOREM,
    C4_DATATROVE_LINES, C4_DATATROVE_WORDS, C4_DATATROVE_SENTENCES, C4_DATATROVE_CURLY,
    C4_DATATROVE_LOREM,
    C4_ANY_LINES, C4_ANY_WORDS, C4_ANY_SENTENCES, C4_ANY_CURLY, C4_ANY_LOREM,
    PARAGRAPHS, DUP_LINES, DUP_LINE_CHARACTERS, DUP_PARAGRAPHS, DUP_PARAGRAPH_CHARACTERS,
    TOP_2, TOP_3, TOP_4, DUP_5, DUP_6, DUP_7, DUP_8, DUP_9, DUP_10, DUP_13,
    FORMULAS, FORMULA_CHARACTERS, RAW_CHARACTERS, VALID_FORMULAS, NUMBER_FORMULAS,
    MEDIAN_FORMULA_TWICE, EMPTY_FORMULAS, TEX_COMMANDS,
    URLS, URL_CHARACTERS,
    SPACED_HAN, BYTES, CHUNKS,
) = range(len(COLUMNS))  # fmt: skip
