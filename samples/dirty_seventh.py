"""Shapes, words and sites of the seventh round of `dirty_blind.py`."""

from samples.dirty_sites import Site

SHAPES_7: dict[str, dict[str, tuple[str, ...]]] = {
    "zh": {
        "asks": ("文化版：", "Q：", "小编：", "■ 问 "),
        "answers": ("果农老梁：", "A：", "梁师傅：", "□ 答 "),
        "stubs": (
            "正文未完，请下滑",
            "~……［阅读原文］",
            "--- 分页 ---",
            "第{day}页／共30页",
            "加载剩余内容",
            "（本版未完）",
        ),
        "news": (
            "精彩推荐：{news}",
            "◎ 相关资讯：{news}",
            "【今日热点】{news}",
            "新闻链接：{news}",
            "扫码看视频：{news}",
            "大家正在看：{news}",
            "（广告）",
            "商品推广：{news}",
            "另一则：{news}",
            "快讯！{news}",
        ),
        "unmarked": ("{news}", "◆{news}", "{news}【图】"),
        "buttons": ("", "详细内容", "[更多]", "看详情", "→全文"),
        "dates": (" {year}年{month}月", "［{month}.{day}］", " 阅{n}"),
    },
    "en": {
        "asks": ("Orchard Post: ", "Q— ", "Moderator: ", "[Q] "),
        "answers": ("Grower: ", "A— ", "Mr Pell: ", "[A] "),
        "stubs": (
            "Scroll down for more",
            "~… [Read the full text]",
            "--- page break ---",
            "Page {day} / 30",
            "Tap to load the rest",
            "(unfinished; see over)",
        ),
        "news": (
            "Worth reading: {news}",
            "MORE: {news}",
            "From the newsroom: {news}",
            "Hot right now: {news}",
            "In pictures: {news}",
            "Promotion: {news}",
            "(advert)",
            "Today's top pick: {news}",
            "Popular on our site: {news}",
            "Alert! {news}",
        ),
        "unmarked": ("{news}", "◆ {news}", "{news} [photos]"),
        "buttons": ("", "See details", "[Full story]", "Go to page", "→ Read"),
        "dates": (" ({month}/{year})", " [{n} reads]", " — {day} June"),
    },
}

_FIRST = {
    "zh": ("开花那几天", "第二年春上", "摘完头茬果子", "霜降一过", "老人们都说", "嫁接成活以后"),
    "en": (
        "In the week of blossom",
        "By the second spring",
        "Once the early fruit was in",
        "After the first hard frost",
        "So the old people said,",
        "When the grafts had taken",
    ),
}
_MIDDLE = {
    "zh": (
        "，蜂箱要搬到坡地南边",
        "，枝条剪得只剩三个芽",
        "，一家人睡在园子的草棚里",
        "，篮子里垫上一层新稻草",
        "，渠水轮到我们家只有半夜",
        "，树干上要刷一圈石灰",
    ),
    "en": (
        "the hives were moved to the south slope",
        "each branch was cut back to three buds",
        "the whole family slept in the straw hut",
        "the baskets were lined with fresh straw",
        "our turn at the ditch came at midnight",
        "the trunks were painted with lime",
    ),
}
_LAST = {
    "zh": (
        "，鸟雀也就不来了。",
        "，这样果子才甜。",
        "，一直忙到月亮落山。",
        "，手上全是树胶。",
        "，邻居们都来帮忙。",
        "，坏的一个也不能留。",
    ),
    "en": (
        "and the birds kept away.",
        "so that the apples would be sweet.",
        "and the work went on until moonset.",
        "with resin on everyone's hands.",
        "and the neighbours came to help.",
        "and not one bad pear was left in.",
    ),
}
_SHORT = {"zh": ("是这样吗？", "结果呢？"), "en": ("Is that so?", "What came of it?")}
_NEWS = {
    "zh": (
        "知名歌手演唱会门票三分钟抢光",
        "地铁七号线明年底通车 途经十二站",
        "二手房成交量连续四周回升",
        "男子高速倒车被扣十二分",
        "台风逼近 沿海多地停课停航",
        "新规：快递未经同意不得放驿站",
    ),
    "en": (
        "Airline strike grounds hundreds of flights",
        "Actress weds in secret ceremony",
        "Housing market shows signs of recovery",
        "Police seize counterfeit handbags at port",
        "Tech giant unveils folding tablet",
        "Hurricane warning issued for coast",
    ),
}
WORDS_7 = (_FIRST, _MIDDLE, _LAST, _SHORT, _NEWS)

EN_7 = (
    Site(
        (
            "Toggle navigation",
            "Orchard Society",
            "Home",
            "Journal",
            "Shop",
            "Home / Journal / Issue 12",
        ),
        ("R. Pell",),
        (),
        (
            "Add to cart",
            "Join our mailing list",
            "© 2014 – 2020 Orchard Society",
            "Handmade by Example Studio",
        ),
    ),
    Site(
        ("LOCAL | BUSINESS | LIFE | CLASSIFIEDS", "Life > Garden"),
        ("By R. PELL, Staff Writer", "June 2, 2006"),
        ("Comments (4) | Recommend | Print",),
        (
            "Contact the writer: rpell@post.example",
            "Copyright 2006 Orchard Post Company",
            "Privacy | Ad choices",
        ),
    ),
    Site(
        ("Wiki Main Page | Recent changes | Edit this page",),
        (),
        (),
        (
            "Categories: Fruit | Villages",
            "This page was last modified on 3 May 2011.",
            "Privacy policy About Disclaimers",
        ),
    ),
    Site(
        ("Extension Service", "A-Z Index | Find people", "Home > Publications > Fruit"),
        ("Revised 1999",),
        ("Download PDF version",),
        (
            "An equal opportunity institution.",
            "Extension Service, 14 Farm Road",
            "Phone: (555) 010-0199",
            "Webmaster",
        ),
    ),
    Site(
        ("Pell's garden diary", "Sunday walks and other notes"),
        ("posted by R. Pell at 7:14 PM",),
        (),
        (
            "Labels: apples, frost",
            "2 comments:",
            "Newer Post Older Post Home",
            "Subscribe to: Post Comments (Atom)",
            "Blog Archive",
            "Picture Window theme. Powered by Example.",
        ),
    ),
    Site(
        ("☰ Menu", "Stories » People"),
        (),
        ("Share ▾", "6 min"),
        (
            "Up next",
            "Advertise with us",
            "Cookie preferences",
            "All rights reserved © Harvest Network",
        ),
    ),
    Site(
        ("Orchard Museum :: Visit :: Collections :: Learn",),
        (),
        (),
        (
            "Open daily 10 to 5",
            "Museum Lane, Pellbridge",
            "Registered Charity 0001234",
            "T&Cs | Privacy",
        ),
    ),
    Site(
        (
            "Message board",
            "Index -> Growing -> Old varieties",
            "View previous topic :: View next topic",
        ),
        ("Posted: Tue May 04, 2004 9:15 pm",),
        (),
        (
            "Back to top",
            "All times are GMT",
            "You cannot post new topics in this forum",
            "Powered by exampleBB © 2001, 2005",
        ),
    ),
)
ZH_7 = (
    Site(
        ("今天是2008年6月2日", "首页 | 新闻 | 生活 | 分类信息", "生活 > 田园"),
        ("本报记者 梁成",),
        ("字号 T | T",),
        ("(编辑:林岸)", "本网站由果乡晚报社主办", "冀ICP备05000003号"),
    ),
    Site(
        ("导航", "果树研究所", "所在位置：首页>科普园地>正文"),
        ("作者：梁成",),
        ("浏览：122 打印本页",),
        (
            "果树研究所 地址：果乡市园艺路4号",
            "电话：0312-0000000 传真：0312-0000001",
            "备案序号：冀ICP备05000004号",
        ),
    ),
    Site(
        ("梁成的空间", "主页 日志 相册 留言板", "日志 > 园子"),
        ("2007-05-04 21:14",),
        ("编辑 | 删除 | 权限设置",),
        ("分享 转载 复制地址", "评论(2) 引用(0) 浏览(32)", "© 1998 - 2009 Example Inc."),
    ),
    Site(
        ("APP下载 | 投稿 | 登录", "生活频道 › 乡土"),
        ("2020-06-02 09:30",),
        ("+1", "语音播报"),
        ("本文系网易号作者上传", "跟贴热词：", "举报/反馈", "网站声明 用户服务协议 联系我们"),
    ),
    Site(
        ("首頁 > 專欄 > 果園筆記", "訂閱本欄"),
        ("梁成 2016.06.02",),
        ("A- A A+",),
        ("延伸閱讀", "果園裡的蜜蜂", "著作權聲明", "© 果園雜誌社 版權所有"),
    ),
    Site(
        ("果乡论坛 -> 农家闲话", "发表新主题 回复主题"),
        ("作者: 梁成",),
        (),
        ("[引用] [编辑]", "所有时间均为 北京时间", "Powered by exampleBB", "联系管理员"),
    ),
    Site(
        ("果乡县志 / 物产 / 果木",),
        (),
        (),
        ("目录", "上一节：桑蚕", "下一节：药材", "果乡县地方志办公室 2004年制作"),
    ),
    Site(
        ("果乡农业合作社官方网站", "网站首页 产品中心 新闻动态 联系我们", "新闻动态 » 社员故事"),
        (),
        ("分享到：",),
        ("服务热线：400-000-0000", "Copyright © 果乡农业合作社", "技术支持：小站网络", "在线客服"),
    ),
)
SITES_7 = {"en": EN_7, "zh": ZH_7}
