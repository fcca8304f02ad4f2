"""Shapes, words and sites of the sixth round of `dirty_blind.py`."""

from samples.dirty_sites import Site

SHAPES_6: dict[str, dict[str, tuple[str, ...]]] = {
    "zh": {
        "asks": ("记　者：", "Q1 ", "【主持人】", "人物周刊："),
        "answers": ("许站长：", "A1 ", "【嘉宾】", "许望："),
        "stubs": (
            "展开阅读全文 ∨",
            "（上接第{day}版）",
            "~...点击下方链接继续",
            "余下全文（1/3）",
            "· · · 未完 · · ·",
            "本新闻共2页，当前在第1页",
            "~…【查看全文】",
        ),
        "news": (
            "热榜 | {news}",
            "【相关】{news}",
            "关联阅读：{news}",
            "推广 {news}",
            "往期精彩：{news}",
            "点击查看专题：{news}",
            ">>>延伸：{news}",
            "广 告",
            "直播预告：{news}",
            "猜你想看：{news}",
            "[图集] {news}",
            "本文由某某APP推荐：{news}",
            "大家都在搜：{news}",
            "编者推荐：{news}",
        ),
        "unmarked": ("{news}", "▌{news}", "{news}（组图）"),
        "buttons": ("", "阅读更多", "查看全文 >", "[详情]", "展开", "…更多", "了解详情"),
        "dates": ("　{month}月{day}日", "（{year}/{month}/{day}）", " {n}阅读"),
    },
    "en": {
        "asks": ("Host: ", "Q1. ", "Rail Weekly — ", "LM: "),
        "answers": ("Stationmaster: ", "A1. ", "Hollis — ", "GH: "),
        "stubs": (
            "Keep reading below",
            "(story continues on next page)",
            "~ ... [Continue]",
            "Page 2 of 3 Next »",
            "Load more",
            "* * * to be continued * * *",
            "~… Read full interview",
        ),
        "news": (
            "See also: {news}",
            "Related story: {news}",
            "PHOTOS: {news}",
            "More on this story: {news}",
            "Trending: {news}",
            "You may also like: {news}",
            "▶ Watch: {news}",
            "ADVERTISEMENT",
            "Sponsored: {news}",
            "Breaking news: {news}",
            "READ NEXT | {news}",
            "Subscribe to our weekly newsletter",
            "Top story: {news}",
            "Live: {news}",
        ),
        "unmarked": ("{news}", "> {news}", "{news} - report"),
        "buttons": ("", "Read more...", "Learn more", "[more]", "View article", "More »"),
        "dates": (" {month}/{day}/{year}", " ({n} comments)", " | {day} Mar {year}"),
    },
}

_FIRST = {
    "zh": (
        "清晨五点",
        "雪停以后",
        "第一趟车进站前",
        "我当学徒那年",
        "到了割稻子的时候",
        "据老站长讲",
    ),
    "en": (
        "Before the first train came in",
        "When the snow had stopped",
        "In the year I was apprenticed",
        "As the old stationmaster told it",
        "At harvest time",
        "On market days",
    ),
}
_MIDDLE = {
    "zh": (
        "，月台上只有一盏煤油灯亮着",
        "，扳道工要先把道岔擦一遍油",
        "，货场里堆满了麻袋和木箱",
        "，候车室的炉子总有人添煤",
        "，信号房的铃会连响三下",
        "，巡道员沿着铁轨走了八里路",
    ),
    "en": (
        "a single oil lamp burned on the platform",
        "the pointsman greased every switch by hand",
        "the goods yard was piled with sacks and crates",
        "somebody always fed the stove in the waiting room",
        "the bell in the signal box rang three times",
        "the trackwalker covered five miles of rail",
    ),
}
_LAST = {
    "zh": (
        "，谁也不敢耽误。",
        "，远处能听见汽笛声。",
        "，这是几十年传下来的规矩。",
        "，孩子们趴在栅栏上看。",
        "，风把煤灰吹得到处都是。",
        "，账本上一笔一笔都记着。",
    ),
    "en": (
        "and nobody dared to be late.",
        "while a whistle sounded far off.",
        "as the custom had been for decades.",
        "with children watching over the fence.",
        "and the wind carried soot everywhere.",
        "and all of it was entered in the ledger.",
    ),
}
_SHORT = {
    "zh": ("真的吗？", "后来呢？", "为什么？"),
    "en": ("Really?", "And then?", "Why is that?"),
}
_NEWS = {
    "zh": (
        "国产新款手机发布首日售罄 黄牛加价两千元",
        "某男星被曝离婚 工作室深夜回应",
        "央行宣布下调存款准备金率0.25个百分点",
        "高考分数线公布 多地理科线上涨",
        "女子网购螃蟹收到一箱石头",
        "世界杯预选赛：客队补时绝杀逼平主队",
        "专家提醒：这三种蔬菜不能隔夜吃",
    ),
    "en": (
        "Smartphone maker recalls 40,000 batteries",
        "Pop star cancels European tour over illness",
        "Central bank holds rates for third month",
        "Ten easy dinners for busy weeknights",
        "Senator denies wrongdoing in donations probe",
        "Late penalty sends champions crashing out",
        "How to lower your heating bill this winter",
    ),
}
WORDS_6 = (_FIRST, _MIDDLE, _LAST, _SHORT, _NEWS)

# Each: lines above the title, what may stay beneath it, what goes there, what goes below the text.
EN_6 = (
    Site(
        ("Skip to main content", "Home » Heritage » Railways"),
        ("By Lena Marsh", "12 March 2015"),
        ("Share on Facebook", "Share on Twitter"),
        (
            "Tags: railways, heritage",
            "© 2015 Valley Heritage Trust. Registered charity no. 000123.",
        ),
    ),
    Site(
        ("The Valley Observer", "NEWS SPORT WEATHER OPINION OBITUARIES", "Home | News | Local"),
        ("Posted: Tuesday, 4 May 2010 8:15 am",),
        ("Font Size: A A A",),
        (
            "Copyright 2010 The Valley Observer. All rights reserved. This material"
            " may not be published, broadcast, rewritten or redistributed.",
            "Rules of conduct",
        ),
    ),
    Site(
        ("You are here: Home / Archive / Essays",),
        (),
        ("Print Email",),
        ("Previous", "Next", "Joomla template by Example Themes", "Back to Top"),
    ),
    Site(
        (
            "Department of Transport History",
            "People · Research · Teaching · Contact",
            "University > Faculty > News",
        ),
        (),
        (),
        (
            "Department of Transport History, 12 College Lane, Exampleton EX1 2AB",
            "Tel: +44 (0)1632 960001",
            "Freedom of information | Accessibility | Cookies",
            "© The University of Exampleton",
        ),
    ),
    Site(
        ("railfans.example", "Forums > General > Stories", "Register or log in to reply"),
        ("Thread starter Hollis",),
        (),
        (
            "You must log in or register to reply here.",
            "Share: Facebook Reddit Email Link",
            "Community platform by Example Forum © 2010-2020",
            "Terms and rules Privacy policy Help RSS",
        ),
    ),
    Site(
        ("Menu", "Search", "Subscribe", "Magazine → Long reads"),
        ("Words by Lena Marsh", "Photographs by Tom Oake"),
        ("10 minute read",),
        (
            "More from this issue",
            "Follow us @platformmag",
            "Made in Leeds. ©2019 Platform Magazine Ltd.",
        ),
    ),
    Site(
        ("Products | Support | Company | Blog", "Blog / Company history"),
        ("April 2, 2018",),
        (),
        (
            "Share this post",
            "Sign up for our newsletter",
            "1 Station Road, Suite 200, Springfield",
            "Terms of Service · Privacy · Do Not Sell My Info",
            "© 2018 Signal Software, Inc.",
        ),
    ),
    Site(
        ("Sunday, 6 June 2004", "Front Page", "World / Features"),
        ("Our correspondent",),
        ("E-MAIL THIS STORY", "PRINTABLE VERSION"),
        ("^ Back to top", "About us | Help | Feedback | Privacy", "MMIV The Wire"),
    ),
    Site(
        ("Our Parish » History » The Station",),
        (),
        (),
        (
            "Site map | Login",
            "Website by Example Web Design",
            "Parish Council, The Hall, High Street",
        ),
    ),
    Site(
        ("Home :: Library :: Memoirs", "[Contents] [Prev] [Next]"),
        (),
        (),
        (
            "[Contents] [Prev] [Next]",
            "Copyright (c) 1998 G. Hollis",
            "Send comments to webmaster@rail.example",
        ),
    ),
    Site(
        ("Hollis's notebook", "about / archive / rss"),
        ("Posted on 3 Jan 2012 by hollis",),
        (),
        (
            "Posted in Uncategorized | Tagged trains, winter | 4 Comments",
            "← Older posts Newer posts →",
            "Blog at example.com. Theme: Depot.",
        ),
    ),
    Site(
        ("Skip navigation", "Government of Exampleland", "Home Topics Transport Publications"),
        (),
        (),
        (
            "Was this page helpful? Yes No",
            "Report a problem on this page",
            "Date modified: 2016-08-01",
            "Contact us Departments Terms and conditions",
        ),
    ),
    Site(
        ("< All stories",),
        ("LENA MARSH",),
        (),
        (
            "RELATED STORIES",
            "The last steam crossing",
            "Porters of the north",
            "Terms of use | Advertise | Careers | Licensing",
            "© 2022 Junction Media Group",
        ),
    ),
    Site(
        ("Home - News - Rail - Feature",),
        ("Published 09:00 GMT",),
        ("0 comments", "Save", "Listen"),
        (
            "Read more about:",
            "railways",
            "Most viewed",
            "Have a story? Email newsdesk@paper.example",
            "Copyright © Paper Publishing plc",
        ),
    ),
    Site(
        ("Digital Collections", "Browse", "Home > Collections > Oral histories > Item 204"),
        ("Recorded 1987",),
        (),
        (
            "Rights: contact the archive",
            "Cite this item",
            "Download PDF",
            "Special Collections, Main Library, 5 Quad Street",
        ),
    ),
    Site(
        ("EN | FR | DE", "Company ▸ Press ▸ Stories"),
        (),
        (),
        (
            "Press contact",
            "press@rail.example",
            "Legal notice | Imprint | Data protection",
            "© Rail AG 2021",
        ),
    ),
)
ZH_6 = (
    Site(
        (
            "站内搜索",
            "首页 > 新闻中心 > 企业文化",
        ),
        ("发布时间：2015-03-12 来源：党群工作部",),
        ("作者：点击数：231", "【 字体：大 中 小 】"),
        ("打印 关闭", "版权所有：河口铁路局 鲁ICP备05000001号-1", "地址：河口市站前街1号"),
    ),
    Site(
        ("河口日报数字报", "2013年5月4日 星期六", "第A06版：副刊"),
        ("□ 许望",),
        ("放大+ 缩小- 默认o 朗读",),
        ("上一篇 下一篇", "河口日报社版权所有 未经许可不得复制或镜像", "新出网证（鲁）字01号"),
    ),
    Site(
        ("登录 注册", "我的博客 | 写博文 | 搜索", "许望的博客 >> 正文"),
        ("(2009-01-03 21:15:30)",),
        ("标签： 铁路 杂谈 分类： 随笔",),
        (
            "阅读(321)┊ 评论 (12)┊ 收藏(3) ┊转载(1)",
            "喜欢▼ 0 赠金笔",
            "前一篇：雪夜",
            "后一篇：春运",
            "新站 BLOG 意见反馈留言板 欢迎批评指正",
        ),
    ),
    Site(
        ("当前位置：网站首页 - 文史天地 - 内容",),
        ("日期：2011-06-20",),
        ("【打印】【收藏】【关闭】",),
        ("主办：河口市政协文史委", "您是第 102331 位访问者", "技术支持：河口信息中心"),
    ),
    Site(
        ("论坛首页 › 谈天说地 › 老故事", "发新帖"),
        ("楼主 老许",),
        ("只看楼主 倒序浏览",),
        (
            "回复 举报",
            "使用道具",
            "Powered by Example! X3.2",
            "© 2001-2013 Example Inc.",
            "手机版|小黑屋|河口论坛",
        ),
    ),
    Site(
        ("首頁", "關於我們", "最新消息", "首頁 / 故事 / 鐵道"),
        ("文 / 許望　攝影 / 林岸",),
        ("分享至 Facebook",),
        ("更多文章", "訂閱電子報", "© 2018 鐵道文化協會 All Rights Reserved.", "統一編號 00000000"),
    ),
    Site(
        ("河口大学", "学校概况 院系设置 人才培养 科学研究 招生就业", "首页 → 校园故事 → 正文"),
        ("作者：许望 摄影：林岸",),
        (),
        (
            "【关闭窗口】",
            "Copyright © 2010 河口大学宣传部",
            "邮编：257000 Email: news@univ.example",
        ),
    ),
    Site(
        ("听书 · 会员 · 客户端", "人间 | 铁路上的人"),
        ("许望",),
        ("2万阅读 · 321赞",),
        (
            "本文为平台签约作者原创",
            "投稿邮箱：story@media.example",
            "#铁路 #故事",
            "特别声明：以上内容为自媒体平台用户上传并发布，本平台仅提供信息存储服务。",
        ),
    ),
    Site(
        ("返回首页", "栏目导航", "河口史志网 >> 史海钩沉 >> 浏览"),
        ("来源：《河口文史》第三辑",),
        (),
        (
            "上一条：渡口的来历",
            "下一条：老街的铺子",
            "中共河口市委党史研究室 主管",
            "鲁公网安备 37000002000001号",
        ),
    ),
    Site(
        ("资讯 视频 图片 财经 体育 更多", "凤台网资讯 > 社会 > 正文"),
        ("2017年01月08日 09:12:33",),
        ("0人参与 0评论", "用微信扫描二维码分享至好友和朋友圈"),
        (
            "[责任编辑：PN012]",
            "网友评论仅供其表达个人看法，并不表明本站立场",
            "更多精彩内容，请登录官网",
            "About us | 广告服务 | 联系我们 | 网站律师",
        ),
    ),
    Site(
        ("切换到宽版", "社区 » 旧事 » 查看内容"),
        ("2014-2-6 20:11| 发布者: 站长| 查看: 508| 评论: 0",),
        ("摘要: 老站的故事",),
        (
            "鲜花 握手 雷人 路过 鸡蛋",
            "最新评论",
            "关闭 站长推荐上一条 /1 下一条",
            "GMT+8, 2014-2-7 10:01",
        ),
    ),
    Site(
        ("欢迎访问河口县人民政府网站", "无障碍 | 简体 | 繁体", "首页>走进河口>人文历史"),
        ("信息来源：县文旅局",),
        (
            "分享到：",
            "浏览次数：",
        ),
        (
            "扫一扫在手机打开当前页",
            "网站标识码：3700000001 鲁ICP备05000002号",
            "主办单位：河口县人民政府办公室",
        ),
    ),
    Site(
        ("铁路故事集",),
        (),
        (),
        (
            "2012-03-04 / 未分类 / 3 条评论",
            "« 上一篇",
            "下一篇 »",
            "Theme by 小站 · 京ICP备00000000号",
        ),
    ),
    Site(
        ("首页 · 专栏 · 人物 · 影像", "专栏·口述"),
        ("口述：许望 整理：林岸",),
        ("收藏本文",),
        ("（全文完）", "责任编辑：林岸 校对：高远", "转载须经授权", "澎河新闻报料：000-0000000"),
    ),
    Site(
        ("铁道博物馆 | 参观 | 展览 | 藏品 | 教育", "首页 ＞ 藏品故事"),
        (),
        (),
        (
            "开放时间：9:00-17:00（周一闭馆）",
            "微博 微信 抖音",
            "馆址：河口市机务段路5号",
            "©铁道博物馆",
        ),
    ),
    Site(
        ("个人图书馆", "我的图书馆 > 文章 > 历史"),
        ("2010-07-01  老许",),
        ("转藏 全屏 朗读 打印",),
        (
            "本站是提供个人知识管理的网络存储空间，所有内容均由用户发布",
            "来自：老许 > 《旧事》",
            "举报/认领",
            "上一篇：无 下一篇：煤油灯",
            "0条评论 发表",
        ),
    ),
)
SITES_6 = {"en": EN_6, "zh": ZH_6}
