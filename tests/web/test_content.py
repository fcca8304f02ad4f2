"""What of a page is its text, and how headings, lists, tables and code are written."""

import pytest

from cleaner.web.blocks import Blocks
from cleaner.web.content import main_content, whole_text
from cleaner.web.page import extract_html

PROSE = (
    "The sum of the angles of a triangle in the plane is two right angles, and this holds for "
    "every triangle, however its sides are chosen. "
)
FRAME = """<html><head><title>T</title></head><body>
<div class="site-header"><a href="/">Home</a> <a href="/all">All our pages</a></div>
<nav><ul><li><a href="/a">Algebra</a></li><li><a href="/g">Geometry</a></li></ul></nav>
<div class="cookie-banner">We use cookies. Accept all of them?</div>
{}
<div id="sidebar"><h3>Popular</h3><p>Ten tricks that teachers do not want you to know</p></div>
<div class="comments"><p>First!</p><form class="comment-form"><label>Your name</label>
<textarea></textarea><button>Send</button></form></div>
<footer>All rights reserved. Imprint. Terms of service of this site.</footer></body></html>"""


def text(html: str) -> str:
    return extract_html(html).text


def test_the_frame_of_a_page_goes_and_its_title_stays() -> None:
    body = f"<h1>Angles</h1><div class='post'><p>{PROSE}</p><p>{PROSE}</p><p>{PROSE}</p></div>"
    paragraph = PROSE.strip()
    assert text(FRAME.format(body)) == "\n\n".join(["Angles", paragraph, paragraph, paragraph])


def test_headings_lists_and_tables_are_readable() -> None:
    body = f"""<article><h1>A</h1><p>{PROSE}</p><p>{PROSE}</p><h2>B <a href="#b">¶</a></h2>
    <ul><li>one</li><li>two<ul><li>deep</li></ul></li></ul><ol><li>first</li><li><p>second</p></li></ol>
    <table><tr><th>n</th><th>square</th><th></th></tr><tr><td>2</td><td>4</td><td>even</td></tr></table>
    <p>line<br>break</p></article>"""
    lists = "- one\n- two\n  - deep\n1. first\n2. second"
    table = "n | square\n2 | 4 | even"
    found = text(FRAME.format(body)).split(PROSE.strip())[2].strip()
    assert found == f"B\n\n{lists}\n\n{table}\n\nline\nbreak"


def test_items_are_indented_by_what_is_shown_of_their_lists() -> None:
    deep = "<ul><li>a<ul><li>b</li></ul></li></ul>"
    page = f"<body><ul><li><ul><li><p>{PROSE * 4}</p>{deep}</li></ul></li></ul></body>"
    assert text(page) == f"- {(PROSE * 4).strip()}\n  - a\n    - b"


def test_code_is_kept_as_written() -> None:
    body = f"""<article><p>{PROSE}</p><p>{PROSE}</p><pre><code class="language-Python">def f(x):
    <span class="k">return</span> x &lt; 2   # two  spaces

y = "$5"
</code></pre></article>"""
    code = '```python\ndef f(x):\n    return x < 2   # two  spaces\n\ny = "\\$5"\n```'
    assert text(FRAME.format(body)).endswith(code)


def test_code_with_a_line_per_element_and_numbers_beside_it() -> None:
    body = f"""<article><p>{PROSE * 3}</p><table><tr><td class="gutter"><pre>1
2</pre></td><td class="code"><pre><div class="line">a = 1</div><div class="line">b = 2</div></pre>
</td></tr></table><pre>x<br>y</pre></article>"""
    assert text(FRAME.format(body)).endswith("```\na = 1\nb = 2\n```\n\n```\nx\ny\n```")


def test_a_fence_is_longer_than_those_in_the_code() -> None:
    assert text(f"<p>{PROSE}</p><pre>````\nx\n````</pre>").endswith("`````\n````\nx\n````\n`````")


def test_a_layout_table_is_no_table() -> None:
    cell = f"<td><p>{PROSE}</p><p>{PROSE}</p></td>"
    found = text(f"<body><table><tr>{cell}{cell}</tr></table></body>")
    assert found.split("\n\n") == [PROSE.strip()] * 4


def test_a_question_and_its_answers_stay_together() -> None:
    question = f"<div class='question'><div class='post-text'><p>Why? {PROSE * 4}</p></div></div>"
    answer = "<div class='answer'><div class='post-text'><p>Because of {} {}</p></div></div>"
    answers = [answer.format(word, PROSE) for word in ("parallels", "symmetry")]
    found = text(FRAME.format(f"<h1>Angles</h1>{question}<div id=answers>{''.join(answers)}</div>"))
    assert [word in found for word in ("Angles", "Why?", "parallels", "symmetry")] == [True] * 4
    assert [word in found for word in ("cookies", "Geometry", "rights")] == [False] * 3


def test_comments_are_a_thread_where_there_is_no_article() -> None:
    comment = f"<div class='comment'><p>{PROSE}</p></div>"
    thread = f"<div id='comments'>{comment * 5}</div>"
    assert text(f"<body><h1>Thread</h1>{thread}</body>").count(PROSE.strip()) == 5
    article = f"<article><p>{PROSE.upper()}</p><p>{PROSE.upper() * 4}</p></article>"
    assert text(f"<body><h1>Thread</h1>{article}{thread}</body>").count(PROSE.strip()) == 0


@pytest.mark.parametrize("name", ["menu-open", "sidebar-left", "widget", "modal"])
def test_what_names_the_whole_page_as_boilerplate_is_not_believed(name: str) -> None:
    assert text(f"<body><div class='{name}'><p>{PROSE}</p><p>{PROSE}</p></div></body>")


def test_a_nav_that_is_never_closed_takes_nothing_along() -> None:
    assert PROSE.strip() in text(f"<body><nav><a href=/>x</a><div><p>{PROSE * 5}</p></div></body>")


def test_hidden_text_goes() -> None:
    hidden = [
        "<p hidden>secret</p>", "<p style='display: none'>secret</p>",
        "<div aria-hidden=true>secret</div>", "<p>a<span style='display:none'>secret</span></p>",
        "<p>a<b hidden><i>sec</i>ret</b></p>",
    ]  # fmt: skip
    for one in hidden:
        assert "ecret" not in text(f"<body><p>{PROSE * 5}</p>{one}</body>")


def test_an_only_text_that_is_hidden_is_the_text() -> None:
    page = f"<body><div style='display:none' id='app'><p>{PROSE * 5}</p></div></body>"
    assert text(page) == (PROSE * 5).strip()


def test_links_in_sentences_stay_and_lists_of_links_go() -> None:
    links = "".join(f"<li><a href='/{n}'>Some other page {n}</a></li>" for n in range(9))
    prose = f"<p>{PROSE} <a href=/e>Euclid</a> knew.</p><p>{PROSE}</p>"
    found = text(FRAME.format(f"<article>{prose}<ul>{links}</ul></article>"))
    assert "Euclid knew." in found
    assert "other page" not in found


def test_whole_text_leaves_navigation_out() -> None:
    page = Blocks(
        "<body><nav><a>menu</a></nav><div><p>one</p></div><p>two</p><footer>end</footer></body>"
    )
    assert whole_text(page).text == "one\n\ntwo"


def test_images_in_sentences_that_stand_for_formulas_are_counted() -> None:
    image = '<img src="/upload/a.png" style="vertical-align:middle" alt="">'
    icon = '<img src="/icon/a.png" height="16">'
    page = Blocks(f"<body><p>{PROSE}已知{image}，求{image}的值。{icon}</p><p>{image}</p></body>")
    assert main_content(page).images_lost == 2


def test_link_density_is_the_share_of_link_text() -> None:
    page = Blocks("<body><p>12345 <a>6789</a></p></body>")
    assert main_content(page).link_density == 0.4


# ---- names


def article(inner: str) -> str:
    return f"<html><body><article><p>{PROSE}</p>{inner}<p>{PROSE}</p></article></body></html>"


@pytest.mark.parametrize(
    "box",
    [
        "<section id='popup-book'><h2>Popup book</h2><p>{}</p></section>",
        "<div class='section' id='sponsored-research'><h2>Money</h2><p>{}</p></div>",
        "<div class='level3' id='footer'><h3>Footer</h3><p>{}</p></div>",
        "<div class='page-without-sidebar'><p>{}</p></div>",
        "<div class='grid--no-gutter'><p>{}</p></div>",
        "<div class='lg:w-[calc(100%-var(--sidebar))]'><p>{}</p></div>",
        "<div class='row_root__adB7x'><p>{}</p></div>",
        "<div class='main-ad-frame'><p>{}</p></div>",
        "<div class='consent-theory'><p>{}</p></div>",
        "<p class='related-theorem'>{}</p>",
        "<aside class='remark'>{}</aside>",
        "<div role='alert'><p>{}</p></div>",
        "<ul><li class='menu-word'>{}</li></ul>",
        "<table><tr id='share'><td>{}</td><td>2</td></tr></table>",
    ],
)
def test_no_prose_of_an_article_falls_for_a_name(box: str) -> None:
    told = "Whoever draws the third side finds the same, and needs no more than a ruler for it, "
    found = text(article(box.format(f"{told}as was known.")))
    assert "draws the third side" in found
    assert found.count(PROSE.strip()) == 2


@pytest.mark.parametrize(
    "box",
    [
        "<div class='related-posts'><ul><li><a href=/a>Ten more triangles</a></li></ul></div>",
        "<div class='newsletter'><h3>Letters</h3><p>Write to us today.</p></div>",
        "<div class='share-bar'><a href=/t>Tell a friend</a></div>",
        "<aside><h3>More</h3><ul><li><a href=/b>Squares</a></li></ul></aside>",
        "<div id='sidebar'><p>Popular today.</p></div>",
    ],
)
def test_boxes_of_an_article_that_hold_no_prose_of_it_fall(box: str) -> None:
    assert text(article(box)).split("\n\n") == [PROSE.strip()] * 2


@pytest.mark.parametrize(
    "shape",
    [
        "<h1>T</h1><p>LEAD {0}</p><div><p>{0}</p><p>{0}</p><p>{0}</p><p>{0}</p></div>",
        "<div><p>{0}</p><p>{0}</p><p>{0}</p><p>{0}</p></div><p>LEAD {0}</p>",
        "<p>LEAD {0}</p><blockquote><p>{0}</p><p>{0}</p><p>{0}</p><p>{0}</p></blockquote>",
        "<p>LEAD {0}</p><ul><li>{0}</li><li>{0}</li><li>{0}</li><li>{0}</li></ul>",
        "<p>LEAD {0}</p><form><p>{0}</p><p>{0}</p><p>{0}</p><p>{0}</p></form>",
    ],
)
def test_a_lead_beside_the_deepest_container_stays(shape: str) -> None:
    found = text(f"<body><div class='w'>{shape.format(PROSE)}</div></body>")
    assert "LEAD" in found
    assert found.count(PROSE.strip()) == 5


def test_a_short_line_beside_the_text_is_no_lead() -> None:
    page = f"<body><div><p>{PROSE * 3}</p><p>{PROSE * 3}</p></div><p>© The Society</p></body>"
    assert "Society" not in text(page)


# ---- links


@pytest.mark.parametrize(
    "links",
    [
        "<p>We know of two:</p><ul><li><a href=/a>WANTED</a></li><li><a href=/b>b</a></li></ul>",
        "<table><tr><td><a href=/a>WANTED</a></td><td>12</td></tr></table>",
        "<dl><dt><a href=/a>WANTED</a></dt><dd>A side that is opposite.</dd></dl>",
        "<blockquote><a href=/a>WANTED are the sides, said the poet of the plane.</a></blockquote>",
        "<p><a href=/a>WANTED</a></p>",
        "<ul><li><a href=/a>WANTED</a></li><li><a href=/b>Side</a>, a segment of it</li></ul>",
    ],
)
def test_links_that_are_content_stay(links: str) -> None:
    assert "WANTED" in text(article(links))


@pytest.mark.parametrize(
    "links",
    [
        "<ul><li><a href=/a>Elsewhere</a></li><li><a href=/b>b</a></li></ul>",
        "<table><tr><td><a href=/a>Elsewhere</a></td><td><a href=/b>b</a></td></tr></table>",
        "<p><a href=/a>Elsewhere</a></p><p><a href=/b>b</a></p>",
    ],
)
def test_rows_of_mere_links_fall(links: str) -> None:
    assert "Elsewhere" not in text(article(links))


# ---- what scripts show, and what stands where none runs

TWICE = PROSE * 2
LONG = f"<p>WANTED {PROSE}</p><p>{PROSE}</p><p>{PROSE}</p>"


@pytest.mark.parametrize(
    "page",
    [
        f"<div id=app></div><noscript><div>{LONG}</div></noscript>",
        f"<x-text><template shadowrootmode=open><div>{LONG}</div></template></x-text>",
        f"<div aria-hidden=true><main>{LONG}</main></div><div role=dialog>{PROSE * 3}</div>",
        f"<div id=loading><p>{PROSE}</p></div><div style='display:none'><main>{LONG}</main></div>",
        f"<div id=js_content style='visibility:hidden'>{LONG}</div><div><p>{PROSE * 3}</p></div>",
        f"<div hidden=until-found>{LONG}</div>",
        f"<textarea># Title\n\nWANTED {PROSE}\n\n{PROSE}</textarea>",
        f"<xmp>WANTED {PROSE}\n\n{PROSE}</xmp>",
        f"<section data-markdown><script type=text/template>WANTED {PROSE * 2}</script></section>",
        f'<p>Wait</p><script type=application/ld+json>{{"articleBody": "WANTED {TWICE}"}}</script>',
    ],
)
def test_text_that_the_page_holds_for_its_scripts_is_shown_when_there_is_none_else(
    page: str,
) -> None:
    assert "WANTED" in text(f"<html><body>{page}</body></html>")


@pytest.mark.parametrize(
    "beside",
    [
        "<noscript><div><p>SECRET Please switch scripts on to read this page.</p></div></noscript>",
        "<template><p>SECRET</p></template>",
        "<textarea>SECRET words of a form</textarea>",
        f'<script type=application/ld+json>{{"articleBody": "SECRET {PROSE * 2}"}}</script>',
        f"<div style='display:none'><p>SECRET {PROSE}</p></div>",
    ],
)
def test_it_stays_away_where_the_page_has_text(beside: str) -> None:
    found = text(f"<html><body><main>{LONG}</main>{beside}</body></html>")
    assert "WANTED" in found
    assert "SECRET" not in found


@pytest.mark.parametrize(
    ("markup", "shown"),
    [
        ("<p>The <button>norm</button> of a vector</p>", "The norm of a vector"),
        ("<h2><button>Which side is it?</button></h2><p>Any.</p>", "Which side is it?"),
        ("<dl><dt><button>Side</button></dt><dd>A segment.</dd></dl>", "Side"),
        ("<div><button>Send</button><button>Print</button></div>", None),
    ],
)
def test_buttons_that_are_words_of_the_text(markup: str, shown: str | None) -> None:
    found = text(article(markup))
    assert shown in found if shown else "Print" not in found


# ---- lines around the text of Chinese pages

HAN_PROSE = "三角形的内角和等于两个直角，这一结论对平面上的每个三角形都成立，与三边的取法无关。"


@pytest.mark.parametrize(
    "cue",
    [
        "分享到：朋友圈 微博",
        "上一篇：圆的切线",
        "下一篇：没有了",
        "【字号 大 中 小】",
        "责任编辑：某某",
        "[打印] ",
        "点赞",
        "責任編輯：某某",  # lists are in simplified letters, pages in either
        "特别声明：以上内容（包括图片）由某某号的用户上传并发布，本平台仅提供信息存储服务，请读者自行判断其真实性。",
        "图片来自网络，如有侵权，请联系我们删除。",
        "阅读(321)",
        "在看",
        "收藏 分享 打印 评论",
        "缩小字体放大字体收藏微博微信分享",
        "首页导航登录注册",
        "文章关键词：圆 切线",
    ],
)
def test_cue_lines_of_chinese_pages_fall(cue: str) -> None:
    page = (
        f"<body><article><h1>三角形</h1><p>{HAN_PROSE}</p><p>{cue}</p><p>{HAN_PROSE}</p></article>"
    )
    assert text(page) == f"三角形\n\n{HAN_PROSE}\n\n{HAN_PROSE}"


@pytest.mark.parametrize(
    "line",
    [
        "字号是字的大小，常用磅来计量。",
        "打印机放在二楼。",
        "上一篇讲了圆，这一篇讲三角形。",
        "评论家说得很对。",
        "法律规定，如有侵权行为，权利人可以向法院起诉。",
        "他在看潮水，也在等渡轮。",
        "声明发表以后，港口的渔民又读了一遍。",
        "微信朋友圈",
        "收藏分类与打印目录",
    ],
)
def test_sentences_that_begin_like_cues_stay(line: str) -> None:
    page = f"<body><article><p>{HAN_PROSE}</p><p>{line}</p><p>{HAN_PROSE}</p></article>"
    assert line in text(page)


def test_links_that_a_chinese_line_with_a_colon_introduces_are_content() -> None:
    items = "".join(f"<li><a href='/{n}'>填写报名表的第{n}部分</a></li>" for n in range(3))
    found = text(
        f"<body><article><p>报名分为以下几步：</p><ol>{items}</ol><p>{HAN_PROSE}</p></article></body>"
    )
    assert found.count("填写报名表的") == 3


def test_links_after_a_chinese_word_with_a_colon_are_none() -> None:
    links = "".join(f"<li><a href='/{n}'>另一篇关于圆的文章之{n}</a></li>" for n in range(6))
    found = text(
        f"<body><article><p>{HAN_PROSE * 3}</p></article><p>看：</p><ul>{links}</ul></body>"
    )
    assert "另一篇" not in found


@pytest.mark.parametrize(
    ("sentence", "stays"),
    [
        ("更多内容请看<a href=/1>港口开发者的完整文档</a>。", True),
        ("完整的步骤写在<a href=/1>水位计的安装说明书</a>里。", True),
        ("<a href=/1>另外七个关于水位计的窍门</a>", False),
    ],
)
def test_a_sentence_with_a_link_is_text_of_a_small_page(sentence: str, stays: bool) -> None:
    page = f"<body><article><h1>开发</h1><p>{HAN_PROSE}</p><p>{sentence}</p></article>"
    words = sentence.replace("<a href=/1>", "").replace("</a>", "")
    assert (words in text(page)) == stays


# ---- what a class says, whatever the id


@pytest.mark.parametrize("name", ["theorem", "proof", "exercise", "section level2"])
def test_a_theorem_does_not_fall_for_its_id(name: str) -> None:
    said = "The basin is empty after a finite time."
    part = f"<div class='{name}' id='popup'><p>{said}</p></div>"
    assert said in text(f"<body><div><h1>Rates</h1><p>{PROSE}</p>{part}<p>{PROSE}</p></div></body>")


def test_what_is_named_a_popup_falls_for_its_class() -> None:
    part = "<div class='popup' id='theorem'><p>Join us for weekly news about rates.</p></div>"
    page = f"<body><div><h1>Rates</h1><p>{PROSE * 2}</p>{part}<p>{PROSE * 2}</p></div></body>"
    assert "Join us" not in text(page)


# ---- a page that says nothing but in its head

SHELL = "<html><head><title>Gauges</title>{}</head><body><div id=app></div>{}</body></html>"


def test_a_page_that_says_nothing_is_what_its_description_says() -> None:
    long = f'<meta property="og:description" content="{PROSE * 2}">'
    short = '<meta name="description" content="Gauges of all kinds.">'
    assert text(SHELL.format(short + long, "")) == (PROSE * 2).strip()
    assert extract_html(SHELL.format(short, "")).broken == "empty"


def test_a_page_that_says_something_is_not_what_its_description_says() -> None:
    long = f'<meta name="description" content="{PROSE * 2}">'
    notice = "Closed on Monday because of the flood; open again on Tuesday."
    assert text(SHELL.format(long, f"<p>{notice}</p>")) == notice


# ---- lists of like siblings

CARD = (
    '<div class="card"><a href="/{0}"><h3>Gate number {0} of the valley</h3>'
    "<p>A short word on gate {0}, how wide it is and who keeps it.</p></a></div>"
)
LISTED = "<body><nav><a href=/>Home</a></nav><main><h1>All gates</h1>{}</main>{}</body>"


def test_cards_of_a_small_page_are_its_text_and_its_footer_is_not() -> None:
    cards = "".join(CARD.format(n) for n in range(12))
    foot = "<footer><p>Imprint and what else one must say</p></footer>"
    found = text(LISTED.format(f"<div class='grid'>{cards}</div>", foot))
    assert [f"Gate number {n} of" in found for n in range(12)] == [True] * 12
    assert found.count("who keeps it") == 12
    assert "Imprint" not in found


def test_news_in_chinese_that_are_links_are_the_text_of_their_list() -> None:
    items = "".join(
        f"<li><a href='/{n}'>上游第{n}号水闸今年春天顺利通过安全检查</a><b>2021-05-1{n}</b></li>"
        for n in range(9)
    )
    found = text(f"<body><div class='list'><h2>水闸新闻</h2><ul>{items}</ul></div></body>")
    assert found.count("顺利通过安全检查") == 9


def test_links_beside_an_article_are_no_list_of_the_page() -> None:
    beside = "".join(f"<li><a href='/{n}'>Another story {n}</a></li>" for n in range(6))
    found = text(
        f"<body><div><h1>A</h1><p>{PROSE * 3}</p><p>{PROSE * 3}</p></div><ul>{beside}</ul></body>"
    )
    assert "Another story" not in found


def test_a_class_of_one_word_is_no_container_of_content() -> None:
    found = text(
        f"<body><main><h1>Class Gate</h1><div class='block'>{PROSE}</div><section class='details'>"
        f"<section class='detail'><h3>open</h3><div class='member-signature'>void open()</div>"
        f"<div class='block'>{PROSE.upper()}</div></section></section></main></body>"
    )
    assert PROSE.strip() in found
    assert PROSE.upper().strip() in found
    assert "void open()" in found


def test_advertisements_of_amp_go() -> None:
    inside = "<amp-ad width=300><div fallback>Buy two wheels for one</div></amp-ad>"
    found = text(f"<body><article><p>{PROSE}</p>{inside}<p>{PROSE}</p></article></body>")
    assert found == f"{PROSE.strip()}\n\n{PROSE.strip()}"


def drawers(*inner: str) -> str:
    folded = "".join(
        f"<div class='w-dropdown'><div>Why {n}?</div><nav class='list'><p>{one}</p></nav></div>"
        for n, one in enumerate(inner)
    )
    return f"<body><nav><a href=/>Home</a> <a href=/b>All pages</a></nav>{folded}</body>"


def test_parts_of_an_accordion_fall_or_stay_together() -> None:
    found = text(drawers(PROSE * 2, PROSE.upper() * 2, PROSE.lower() * 2))
    assert [PROSE.strip() in found, PROSE.upper().strip() in found] == [True, True]
    assert PROSE.lower().strip() in found
    assert "All pages" not in found


def test_a_drawer_of_links_is_a_menu() -> None:
    links = "".join(f"<a href='/{n}'>Page number {n}</a> " for n in range(9))
    found = text(drawers(PROSE * 2, links))
    assert PROSE.strip() in found
    assert "Page number" not in found


# ---- shops

BUY = "<div class='price'>$89.00</div><form><button>Add to cart</button></form>"
PRODUCT = '<script type="application/ld+json">{"@type": "Product", "name": "Clock"}</script>'
SAYS = "This clock shows how long it is until the next high water, and it needs one battery a year."
BOUGHT = (
    "I bought it for my uncle who sails, and he looks at it each morning before he goes to work.",
    "It ticks so loudly that we had to move it out of the bedroom and into the corridor at once.",
)


def shop(inner: str, head: str = PRODUCT) -> str:
    menu = "<nav><a href=/>Home</a> <a href=/all>All clocks</a></nav>"
    foot = "<footer><p>All rights reserved.</p></footer>"
    return (
        f"<html><head><title>Clock | Shop</title>{head}</head><body>{menu}<main><div>"
        f"<h1>Clock</h1>{BUY}{inner}</main>{foot}</body></html>"
    )


def reviews(name: str = "review") -> str:
    told = "".join(f"<div class='{name}'><h4>Good</h4><p>{one}</p></div>" for one in BOUGHT)
    return f"<section class='{name}s'><h2>Customer reviews</h2>{told}</section>"


@pytest.mark.parametrize("name", ["review", "product-review", "pdpReview"])
def test_what_customers_say_is_no_text_of_a_product(name: str) -> None:
    found = text(shop(f"<div class='description'><p>{SAYS}</p></div></div>{reviews(name)}"))
    assert SAYS in found
    assert "uncle" not in found
    assert "ticks" not in found


def test_reviews_are_the_text_of_a_page_that_says_nothing_else() -> None:
    found = text(f"<html><head>{PRODUCT}</head><body><main>{reviews()}</main></body></html>")
    assert all(one in found for one in BOUGHT)


def test_a_price_after_the_title_makes_a_shop() -> None:
    found = text(shop(f"<p>{SAYS}</p></div>{reviews()}", head=""))
    assert SAYS in found
    assert "uncle" not in found


def test_prices_of_the_cards_of_a_list_make_no_shop_of_it() -> None:
    cards = "".join(
        f"<div class='review card'><b class='price'>{n} €</b><p>{n}. {PROSE}</p></div>"
        for n in range(6)
    )
    found = text(f"<body><main><h1>Clocks</h1>{cards}<p>{SAYS}</p></main></body>")
    assert found.count(PROSE.strip()) == 6


def test_a_price_far_from_the_title_makes_none() -> None:
    body = f"<p>{SAYS}</p><p>{PROSE}</p></div><p class='price'>Free</p>{reviews()}"
    found = text(shop(body, head="").replace(BUY, ""))
    assert all(one in found for one in BOUGHT)


def test_reviews_stay_on_a_page_of_no_product() -> None:
    found = text(shop(f"<p>{SAYS}</p></div>{reviews()}", head="").replace(BUY, ""))
    assert all(one in found for one in BOUGHT)


def test_a_review_of_a_product_is_an_article() -> None:
    parts = "".join(f"<div class='review-body'><p>{PROSE * 2}</p></div>" for _ in range(1))
    found = text(shop(f"{parts}<p class='review-score'>8 of 10</p></div>"))
    assert PROSE.strip() in found


@pytest.mark.parametrize(
    "panel",
    [
        "class='tab-panel' role='tabpanel' style='display:none'",
        "class='accordion-content' hidden",
        "class='faq-answer' style='display: none'",
    ],
)
def test_what_a_reader_folds_out_may_be_text(panel: str) -> None:
    inside = f"<h3>Details</h3><div {panel}><p>{PROSE * 2}</p></div>"
    assert PROSE.strip() in text(shop(f"<p>{SAYS}</p>{inside}</div>"))


def test_what_is_hidden_and_folds_out_nowhere_is_no_text() -> None:
    inside = f"<div class='prefetch' style='display:none'><p>{PROSE * 2}</p></div>"
    assert PROSE.strip() not in text(shop(f"<p>{SAYS} {SAYS}</p><p>{SAYS}</p>{inside}</div>"))


# ---- what a page says twice

SILT = "Engineers measured the silt each morning and wrote the depth on a slate beside the door."


@pytest.mark.parametrize(
    "again",
    [
        "<div class='mobile-only'><div class='text'><p>{}</p></div></div>",
        "<section class='summary'><blockquote>{}</blockquote></section>",
        "<div class='reader'><div class='layer'><div>{}</div></div></div>",
    ],
)
def test_a_copy_in_another_place_falls(again: str) -> None:
    body = f"<article><h1>Silt</h1><p>{PROSE}</p><p>{SILT}</p><p>{PROSE * 2}</p></article>"
    assert text(f"<body><main>{body}{again.format(SILT)}</main></body>").count(SILT) == 1


@pytest.mark.parametrize(
    "body",
    [
        "<p>{0}</p><p>{1}</p><p>{0}</p>",  # a refrain
        "<ol><li>{0}</li><li>{1}</li><li>{0}</li></ol>",  # a step that comes again
        "<div class='plan'><p>{0}</p><p>{1}</p></div><div class='plan'><p>{0}</p></div>",
    ],
)
def test_what_comes_again_in_one_text_stays(body: str) -> None:
    page = f"<body><article><h1>Silt</h1>{body.format(SILT, PROSE)}</article></body>"
    assert text(page).count(SILT) == 2
