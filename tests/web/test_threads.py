"""Threads of forums: who said what, one line apart from its words; nothing else of the frame."""

import pytest

from cleaner.web.page import extract_html
from cleaner.web.reading.threads import KINDS, Kind

SAID = (
    "I tried the same with a pump of my own last winter, and it ran for three weeks.",
    "Did you grease the seal first? Mine is twelve years old and has never leaked.",
    "That was it: the ring had a crack on its inner side that one could only see with a lens.",
)
WHO, WHEN = ("oldmill", "Brita K.", "seamus77"), ("12 Mar 2021", "13 Mar 2021", "2 Apr 2021")
# Engine -> markup of one post; {0} its author, {1} its date, {2} its words, {n} its number.
POSTS = {
    "phpBB": """<div id="p{n}" class="post bg2"><dl class="postprofile"><dt><a class="username"
        >{0}</a></dt><dd><strong>Joined:</strong> Tue 3 Jan</dd></dl><div class="postbody"><h3>Re:
        Leak</h3><p class="author">by <strong><a class="username">{0}</a></strong> &raquo;
        {1}</p><div class="content">{2}</div><div class="signature">My wheel turns</div></div>
        </div>""",
    "vBulletin": """<li class="postbitlegacy postcontainer" id="post_{n}"><div class="posthead">
        <span class="date">{1}</span> <a>#{n}</a></div><div class="userinfo"><a class="username"
        ><strong>{0}</strong></a><dl><dt>Join Date</dt><dd>Jan 2019</dd></dl></div><div
        id="post_message_{n}"><blockquote class="postcontent">{2}</blockquote></div></li>""",
    "XenForo": """<article class="message message--post"><section class="message-user"><h4
        class="message-name"><a class="username">{0}</a></h4><h5>Well-known member</h5><dl><dt>
        Messages</dt><dd>1,204</dd></dl></section><header class="message-attribution"><time>{1}
        </time></header><article class="message-body"><div class="bbWrapper">{2}</div></article>
        </article>""",
    "SMF": """<div class="post_wrapper"><div class="poster"><h4><a>{0}</a></h4><ul><li>Full
        Member</li></ul></div><div class="keyinfo"><div class="smalltext">&#171; <strong>Reply
        #{n} on:</strong> {1} &#187;</div></div><div class="post"><div class="inner">{2}</div>
        </div><div class="signature">My wheel turns</div></div>""",
    "Stack Exchange": """<div class="answer"><div class="js-vote-count">7</div><div class="s-prose
        js-post-body"><p>{2}</p></div><div class="post-signature"><div>answered <span
        class="relativetime">{1}</span></div><div class="user-details"><a>{0}</a><b>1,204</b></div>
        </div></div>""",
    "Reddit": """<div class="thing comment"><div class="entry"><p class="tagline"><a class="author"
        >{0}</a> <span>3 points</span> <time>{1}</time></p><form class="usertext"><div
        class="usertext-body"><p>{2}</p></div></form><ul><li><a>permalink</a></li></ul></div>
        <div class="child"></div></div>""",
    "Hacker News": """<table><tr class="athing comtr"><td><span class="comhead"><a class="hnuser"
        >{0}</a> <span class="age"><a>{1}</a></span> | <a>next</a></span><div class="commtext c00"
        >{2}</div><div class="reply"><a>reply</a></div></td></tr></table>""",
    "Discuz": """<div id="post_{n}"><table id="pid{n}"><tr><td class="pls"><p>Points</p></td><td>
        <div class="authi"><a>{0}</a> <em id="authorposton{n}">发表于 {1}</em> | <a>only him</a>
        </div><table><tr><td class="t_f">{2}</td></tr></table><div class="sign">My wheel</div>
        </td></tr></table></div>""",
    "Tieba": """<div class="l_post"><ul><li class="d_name"><a class="p_author_name">{0}</a></li>
        <li class="d_badge_title">miller</li></ul><div class="d_post_content">{2}</div><div><span
        class="tail-info">{n}楼</span><span class="tail-info">{1}</span></div></div>""",
    "Discourse": """<div class="topic-body crawler-post"><div class="crawler-post-meta"><span
        class="creator"><a><span itemprop="name">{0}</span></a></span><time class="post-time">{1}
        </time><span itemprop="position">{n}</span></div><div class="post" itemprop="text"><p>{2}
        </p></div><span class="post-likes">2 Likes</span></div>""",
    "FluxBB": """<div class="blockpost" id="p{n}"><h2><span>#{n} <a>{1}</a></span></h2><div
        class="postleft"><dl><dt><strong>{0}</strong></dt><dd>Member</dd></dl></div><div
        class="postmsg"><p>{2}</p></div></div>""",
    "Lemmy": """<ul class="comments"><li class="comment"><article class="details comment-node"><a
        class="person-listing"><span>{0}</span></a> <span class="moment-time">{1}</span><div
        class="comment-content"><div class="md-div"><p>{2}</p></div></div><button>reply</button>
        </article></li></ul>""",
}
FRAME = """<html><head><title>Leak</title></head><body><div class="headerbar"><ul><li><a>Forum</a>
</li><li><a>Register</a></li></ul></div><h1>The pump leaks</h1><div id="posts">{}</div>
<div class="block"><h3>Who is online</h3><p>Users who read this: nobody, and one guest of us</p>
</div><div id="foot"><p>All times are those of the mill, software by its owners</p></div></body>"""


def thread(engine: str) -> str:
    told = zip(WHO, WHEN, SAID, strict=True)
    return "".join(POSTS[engine].format(*one, n=n + 1) for n, one in enumerate(told))


@pytest.mark.parametrize("engine", POSTS)
def test_posts_say_who_and_when_and_nothing_of_the_panels(engine: str) -> None:
    assert engine in KINDS
    page = extract_html(FRAME.format(thread(engine)))
    lines = [f"{who}, {when}\n\n{said}" for who, when, said in zip(WHO, WHEN, SAID, strict=True)]
    assert page.text == "\n\n".join(["The pump leaks", *lines])


def test_a_forum_without_scripts_is_read_as_well() -> None:
    page = (
        f"<body><noscript>{FRAME.format(thread('Discourse'))}</noscript><div id=app></div></body>"
    )
    assert [who in extract_html(page).text for who in WHO] == [True] * 3


def test_answers_within_answers_stay_apart() -> None:
    inner = POSTS["Reddit"].format(WHO[1], WHEN[1], SAID[1])
    outer = POSTS["Reddit"].format(WHO[0], WHEN[0], SAID[0])
    found = extract_html(FRAME.format(outer.replace('"child">', f'"child">{inner}'))).text
    assert found.split("\n\n")[1:] == [
        "oldmill, 12 Mar 2021",
        SAID[0],
        "Brita K., 13 Mar 2021",
        SAID[1],
    ]


def test_formulas_of_posts_stay() -> None:
    html = FRAME.format(thread("Stack Exchange")).replace("pump", r"pump \(x^2\)")
    page = extract_html(html)
    assert page.formulas_found >= 1
    assert "$x^2$" in page.text
    assert page.formulas_lost == 0


def test_an_article_with_a_post_beside_it_stays_the_text() -> None:
    prose = "".join(f"<p>{said} {said}</p>" for said in SAID * 2)
    beside = POSTS["Stack Exchange"].format("ann", "1 May", "How does it end?")
    found = extract_html(f"<body><article><h1>Pumps</h1>{prose}</article>{beside}</body>").text
    assert found.count(SAID[2]) == 4


def test_posts_of_a_blog_are_no_thread() -> None:
    inside = "<h2>Day {0}</h2><div class='content'><p>{1}</p></div>"
    post = f"<div class='post' id='post-{{0}}'>{inside}</div>"
    posts = "".join(post.format(n, said * 2) for n, said in enumerate(SAID))
    found = extract_html(f"<body><div id='main'>{posts}</div></body>").text
    assert [f"Day {n}" in found for n in range(3)] == [True] * 3


@pytest.mark.parametrize("kind", KINDS.values(), ids=list(KINDS))
def test_what_is_looked_for_in_the_source_of_a_thread_stands_in_its_selectors(kind: Kind) -> None:
    selectors = f"{kind.post} {kind.body}".lower().replace("'", "").encode()
    assert any(sign.replace(b"\x01", b"") in selectors for sign in kind.signs.split())
