"""Fifty sites that never were: what each sets above and below an article, and between its parts.

Written whole, site by site, as sites of their kind write (papers, offices, schools, blogs, forums),
for `dirty_blind.py`: the frames of its rounds `fourth` and `fifth`. Lines of `may` are bylines.
"""

from typing import NamedTuple


class Site(NamedTuple):
    """A site's lines: above the title, beneath it, and below the article."""

    above: tuple[str, ...]
    may: tuple[str, ...]
    beneath: tuple[str, ...]
    below: tuple[str, ...]


EN = (
    Site(
        ("SUBSCRIBE", "Millbrook Courier > News > Local"),
        ("By Dora Finch, Staff Writer", "Updated 9:14 AM, May 3, 2019"),
        ("Share on Facebook", "Print article"),
        (
            "Contact the newsroom at 555-0142 or news@courier.example",
            "Terms of Service | Privacy Policy | Do Not Sell My Info",
            "Copyright 2019 Millbrook Courier. All rights reserved.",
        ),
    ),
    Site(
        ("Skip to content", "Home / Essays / 2016 / May"),
        (),
        ("Leave a comment",),
        (
            "Posted on May 3, 2016 by Joan Pell",
            "Categories: Essays, Bells",
            "3 thoughts on “The bell that came back”",
            "Older entries",
            "Blog at Example.com.",
        ),
    ),
    Site(
        ("Home » Research » News",),
        ("12 May 2021",),
        (),
        (
            "For further information contact the Press Office",
            "Maintained by the Communications Office",
            "Last modified: 12 May 2021",
            "© 2021 University of Eastmere",
        ),
    ),
    Site(
        ("You are here: Home > Parks and rivers > Weirs",),
        ("Published 4 July 2014",),
        ("Print this page",),
        (
            "Is there anything wrong with this page?",
            "Help us improve this site",
            "Accessibility | Copyright | Disclaimer | Privacy | Freedom of Information",
            "Crown copyright 2014",
        ),
    ),
    Site(
        ("Sections", "Sign In Subscribe", "Culture / Books / Letters"),
        ("Joan Pell, March 2018 Issue",),
        ("Link Copied",),
        (
            "About the Author",
            "Most Popular",
            "The Man Who Sold His Shadow",
            "How Salt Came to the City",
            "TheMonthly.example Copyright (c) 2018 by The Monthly Group. All Rights Reserved.",
        ),
    ),
    Site(
        ("[Home] [Stories] [Links] [Guestbook]",),
        (),
        (),
        (
            "Sign my guestbook",
            "You are visitor number 10233",
            "This page last updated 4 June 1999",
            "Best viewed with Netscape 4.0 at 800x600",
            "E-mail the webmaster",
        ),
    ),
    Site(
        ("Main Page > Local history > Mills", "Jump to navigation"),
        (),
        ("View source History",),
        (
            "Categories: Mills | Rivers of the north",
            "This page was last edited on 4 March 2018, at 10:22.",
            "Content is available under CC BY-SA unless otherwise noted.",
            "Privacy policy",
            "About Millwiki",
            "Disclaimers",
        ),
    ),
    Site(
        ("St Anne's | Parish News | Archive",),
        ("Fr. T. Oduya, Advent 2012",),
        (),
        (
            "Back to Parish News",
            "Parish office: 01234 567890",
            "Registered charity number 1134567",
            "Website by Parish Web",
        ),
    ),
    Site(
        ("Your source for the latest research news", "Science Notes / Biology / Insects"),
        ("Date: May 2, 2012", "Source: University of Eastmere"),
        ("Share:",),
        (
            "Story Source:",
            "Cite This Page:",
            "RELATED TOPICS",
            "RELATED STORIES",
            "Get the latest science news with our free email newsletters.",
            "Copyright 2012 Science Notes or by other parties, where indicated.",
        ),
    ),
    Site(
        ("Visit | What's On | Collections | Support Us | Shop", "Home > Collections > Stories"),
        (),
        (),
        (
            "Opening hours: Tuesday to Sunday 10am-5pm",
            "Follow us: Facebook Twitter Instagram",
            "© The Canal Museum Trust 2017. Registered Charity 299999",
        ),
    ),
    Site(
        ("Homepage", "Accessibility links", "Homepage / News / Wales"),
        ("3 March 2015",),
        ("Share page", "About sharing"),
        (
            "More on this story",
            "Related Topics",
            "Top Stories",
            "Elsewhere on the Channel",
            "The Channel is not responsible for the content of external sites.",
            "Copyright © 2015 The Channel",
        ),
    ),
    Site(
        ("Open in app", "Sign up", "Sign in"),
        ("Joan Pell", "Aug 9, 2020"),
        ("4 min read", "Listen", "Share"),
        (
            "Bells",
            "Written by Joan Pell",
            "241 Followers",
            "More from Joan Pell",
            "Help Status About Careers Press Blog Privacy Terms",
        ),
    ),
    Site(
        ("Encyclopedia > Arts > Crafts > Bells", "Cite Share Print More"),
        ("Written and fact-checked by the editors",),
        (),
        (
            "Learn More in these related articles:",
            "External Websites",
            "Feedback",
            "©2016 Encyclopedia Example, Inc.",
        ),
    ),
    Site(
        ("WHAT WE DO | OUR IMPACT | NEWS | DONATE", "Home > News > Stories from the field"),
        (),
        ("TWEET", "SHARE", "EMAIL"),
        (
            "Sign up for our e-news",
            "Riverwatch is a 501(c)(3) nonprofit organization. EIN 12-3456789",
            "Financials | Careers | Photo credits",
        ),
    ),
    Site(
        ("The Long Bell", "Subscribe", "Sign in", "Share this post"),
        ("Joan Pell", "Feb 11, 2023"),
        (),
        (
            "Thanks for reading! Subscribe for free to receive new posts.",
            "Previous Next",
            "Discussion about this post",
            "© 2023 Joan Pell",
            "Privacy ∙ Terms ∙ Collection notice",
            "Start Writing Get the app",
        ),
    ),
)

ZH = (
    Site(
        ("新湖网首页 > 新湖读书 > 连载",),
        ("2016-05-02 07:31:00 来源：新湖晚报",),
        ("字号：T|T", "用微信扫描二维码分享至好友和朋友圈"),
        (
            "（本文来源：新湖晚报 责任编辑：LN012）",
            "跟贴 21",
            "Copyright ©1998-2016 XINHU All Rights Reserved",
            "新湖公司 版权所有",
        ),
    ),
    Site(
        ("首页 > 政务公开 > 工作动态",),
        ("信息来源：县水利局 发布日期：2017-05-02",),
        ("【字体：小 大】", "访问量：321"),
        (
            "打印 关闭",
            "主办：河口县水利局",
            "赣ICP备12004567号-2 赣公网安备 36010002000123号",
            "网站标识码：3601000011",
        ),
    ),
    Site(
        ("学院概况 师资队伍 科学研究 学生工作", "当前位置: 学院首页 >> 学院新闻 >> 正文"),
        ("作者： 时间：2013-04-11",),
        ("点击数：88",),
        (
            "上一条：关于清明放假的通知",
            "下一条：校友返校座谈",
            "地址：河口市书院路12号 邮编：410000",
            "Copyright © 2013 河口大学文学院",
            "管理登录",
        ),
    ),
    Site(
        ("博客首页 | 排行榜 | 发现博客", "加关注 写留言 加好友"),
        ("（2009-10-11 22:31:05）",),
        ("转载▼", "分类： 随笔"),
        (
            "阅读(210)┊ 评论 (5)┊ 收藏(3) ┊转载(1) ┊ 喜欢▼ ┊打印┊举报",
            "前一篇：秋天的第一场雨",
            "后一篇：修钟记",
            "博客意见反馈留言板 电话：4000520066",
            "新湖公司 版权所有",
        ),
    ),
    Site(
        ("点击上方蓝字关注我们",),
        ("原创 林默 渡口故事 昨天",),
        ("收录于话题 #渡口 12个",),
        (
            "END",
            "长按识别二维码，关注我们",
            "喜欢就点个“在看”吧",
            "投稿邮箱：dukou@mail.example",
            "阅读原文",
        ),
    ),
    Site(
        ("关注 收藏 评论", "渡口故事 | 历史爱好者"),
        ("发布时间：05-02 10:21",),
        ("播报文章",),
        (
            "举报/反馈",
            "相关推荐",
            "三百年前的一场大水",
            "设为首页 使用前必读 意见反馈",
            "©2022 Example 京ICP证000001号",
        ),
    ),
    Site(
        ("首发于 渡口杂记", "写文章 登录/注册"),
        ("林默 · 一个修钟的人",),
        ("关注他", "32 人赞同了该文章"),
        (
            "发布于 2019-05-02 10:22",
            "赞同 32 添加评论 分享 喜欢 收藏 申请转载",
            "文章被以下专栏收录",
            "推荐阅读",
        ),
    ),
    Site(
        ("中湖网->新闻中心->社会新闻",),
        ("2012年03月02日 09:12 来源：中湖网 参与互动(2)",),
        (),
        (
            "【编辑:李明】",
            "本网站所刊载信息，不代表中湖社和中湖网观点。 刊用本网站稿件，务经书面授权。",
            "未经授权禁止转载、摘编、复制及建立镜像，违者将依法追究法律责任。",
            "[网上传播视听节目许可证（0100001)] [京ICP证000055号] 总机：86-10-00000088",
        ),
    ),
    Site(
        ("数字报首页 > 第06版：副刊", "上一版 下一版"),
        ("□ 林默",),
        ("放大 缩小 默认",),
        (
            "本版其他文章",
            "下一篇",
            "报社地址：河口市新民路3号 广告热线：0791-00000000",
            "河口日报社版权所有，未经书面许可不得复制或镜像",
        ),
    ),
    Site(
        ("问答 > 历史 > 地方史", "关注问题 写回答 邀请回答"),
        ("林默 2014-06-01",),
        ("我来答", "分享 微信扫一扫"),
        (
            "本回答由提问者推荐",
            "已赞过 已踩过",
            "评论 收起",
            "为你推荐：",
            "© 2014 问答 使用协议 知识产权声明",
        ),
    ),
    Site(
        ("散文网 > 散文 > 乡村散文",),
        ("作者：林默 时间：2011-08-08",),
        ("阅读：321次",),
        (
            "版权声明：本文内容由互联网用户自发贡献，如有侵权请联系邮箱删除。",
            "顶一下(3) 踩一下(0)",
            "上一篇：矮麦",
            "下一篇：石桥",
            "随机推荐",
            "栏目列表",
        ),
    ),
    Site(
        ("您所在的位置：网站首页-校园文化-教师随笔",),
        ("发布人：教务处 日期：2010/12/3",),
        (),
        (
            "关闭窗口 返回顶部",
            "学校地址：河口镇学前路1号 联系电话：0000-8888888",
            "技术支持：河口电教馆",
            "您是第 100233 位访客",
        ),
    ),
    Site(
        ("最新推荐文章于 2021-03-02 发布", "版权"),
        ("林默 于 2021-02-11 20:15:31 发布",),
        ("阅读量1.2k 收藏 3", "分类专栏： 随笔 文章标签： 渡口 钟表"),
        (
            "版权声明：本文为博主原创文章，遵循 CC 4.0 BY-SA 版权协议，"
            "转载请附上原文出处链接和本声明。",
            "点赞 12 收藏 3 分享",
            "关于我们 招贤纳士 商务合作 寻求报道",
            "©1999-2021 北京某某网络公司 版权与免责声明 出版物许可证 营业执照",
        ),
    ),
    Site(
        ("期刊首页 - 2011年第3期 - 河流",),
        ("文/林默",),
        ("【收藏本页】",),
        (
            "网站导航：首页 | 杂志 | 作者 | 投稿须知 | 订阅",
            "编辑部电话：010-00000000 邮发代号：2-000",
            "Copyright 2011《河流》杂志社",
        ),
    ),
    Site(
        ("首頁 > 新聞 > 文化", "字級：小 中 大"),
        ("記者林默／渡口報導",),
        ("分享到臉書", "LINE傳送"),
        (
            "延伸閱讀",
            "讚好",
            "隱私權政策 | 服務條款 | 聯絡我們",
            "版權所有 © 2018 渡口時報",
        ),
    ),
)

EN_5 = (
    Site(
        ("The Eastmere Gazette", "Front page >> Letters >> Bells"),
        ("Tuesday 6 June 2006",),
        ("Email to a friend", "Printable version"),
        (
            "Have your say on this story",
            "Advertise in the Gazette | Classifieds | Place an ad",
            "All contents copyright of the Eastmere Gazette Ltd",
        ),
    ),
    Site(
        ("HOME ABOUT WRITING CONTACT",),
        ("on September 2, 2013",),
        ("No Comments",),
        (
            "Filed Under: Walking Tagged With: bells, towers",
            "Like Loading...",
            "Return to top of page",
            "Copyright © 2013 Joan Pell on Genesis Framework",
        ),
    ),
    Site(
        ("Collections: Oral history: Towers",),
        ("Recorded 1978",),
        (),
        (
            "Rights: contact the archive before re-using this item",
            "Item reference EM/78/12",
            "Opening times and how to find us",
            "The County Archive is funded by the County Council",
        ),
    ),
    Site(
        ("Forum index • General • Bells and towers", "Post reply"),
        ("by jpell » Sat Feb 05, 2011 8:41 pm",),
        ("Re: the old bell",),
        (
            "Top",
            "Display posts from previous: All posts Sort by Post time",
            "Jump to: General",
            "Users browsing this forum: No registered users and 1 guest",
            "Powered by phpBB Forum Software",
        ),
    ),
    Site(
        ("Menu", "Search", "Travel | Slow journeys"),
        ("Words: Dora Finch",),
        ("Save for later", "Comment 14"),
        (
            "This article was amended on 3 May 2017 to correct the name of the river.",
            "Topics",
            "Slow travel / Rivers",
            "Reuse this content",
            "© 2017 The Weekly or its affiliated companies.",
        ),
    ),
    Site(
        ("Eastmere College > Department of History > People > Blog",),
        ("Posted by J. Pell at 11:02",),
        (),
        (
            "Site map | A to Z | Search",
            "Comments about this website to web-team@example.org",
            "Legal information and cookies",
        ),
    ),
    Site(
        ("Recipes Garden Crafts Pets Family", "Family » Stories"),
        (),
        ("Pin", "Jump to the story"),
        (
            "If you enjoyed this, leave me a note below!",
            "This post contains affiliate links.",
            "Join 4,000 other readers",
            "Disclosure & Privacy",
        ),
    ),
    Site(
        ("Issue 14", "Table of contents / Essays"),
        ("Dora Finch",),
        ("Download PDF",),
        (
            "Previous essay Next essay",
            "The Quarterly is published four times a year by Reed Press.",
            "ISSN 0000-0019",
            "Submissions | Masthead | Donate",
        ),
    ),
    Site(
        ("Breaking news, weather and traffic", "News Weather Sports Traffic Live", "Home / News"),
        ("Posted: 5:02 PM, Jan 9, 2020",),
        ("Share", "and last updated 7:15 PM, Jan 9, 2020"),
        (
            "Report a typo",
            "Copyright 2020 Station Media Company. This material may not be rebroadcast.",
            "FCC Public Files",
            "Station Listings",
        ),
    ),
    Site(
        ("« The salt road | Main | Reeds »",),
        ("June 11, 2007",),
        (),
        (
            "Posted by Joan at 09:15 PM in Bells | Permalink",
            "TrackBack URL for this entry:",
            "Listed below are links to weblogs that reference The bell:",
            "Comments (2)",
            "My Other Accounts",
        ),
    ),
)

ZH_5 = (
    Site(
        ("河口论坛 » 灌水区 » 旧事",),
        ("发表于 2008-7-9 21:12 | 只看该作者",),
        ("使用道具", "倒序看帖"),
        (
            "回复 引用 TOP",
            "发新话题",
            "当前时区 GMT+8, 现在时间是 2008-7-10 08:02",
            "Powered by Discuz! 6.0.0",
            "清除 Cookies - 联系我们 - 河口论坛 - Archiver - WAP",
        ),
    ),
    Site(
        ("网站首页 公司简介 新闻中心 产品展示 联系我们", "新闻中心 > 企业文化"),
        ("2014-03-21",),
        (),
        (
            "上一个：员工运动会",
            "下一个：春游",
            "销售热线：400-000-0000",
            "版权所有：河口某某钟表有限公司 网站建设：某某网络",
            "鲁ICP备14000001号",
        ),
    ),
    Site(
        ("登录 | 注册 | 帮助", "小说阅读网 → 散文随笔 → 渡口旧事 → 第三章"),
        ("字数：3120 更新时间：2012-01-01",),
        ("选择背景色：默认 护眼", "字体颜色：黑 红"),
        (
            "（快捷键：←）上一章 回目录（快捷键：Enter） 下一章（快捷键：→）",
            "加入书签 推荐本书 投月票",
            "温馨提示：请牢记本书域名",
            "本站所有小说均由网友上传，版权归原作者",
        ),
    ),
    Site(
        ("今日河口 | 河口发布", "当前：首页＞副刊"),
        ("□ 何苇",),
        (),
        (
            "初审：王一 复审：李二 终审：赵三",
            "扫一扫在手机打开当前页",
            "承办：河口县融媒体中心",
            "中国互联网举报中心 12377",
        ),
    ),
    Site(
        ("返回上一级", "文化遗产 / 口述史"),
        ("口述：老钟匠 整理：何苇",),
        ("【大】【中】【小】 【打印】",),
        (
            "（来源：县档案馆）",
            "附件下载",
            "开放时间：周二至周日 9:00-17:00",
            "©河口县档案馆 建议IE8以上浏览",
        ),
    ),
    Site(
        ("豆瓣日记: 一口钟", "+ 加入豆列"),
        ("何苇 2015-08-02 11:01:02",),
        (),
        (
            "© 本文版权归 何苇 所有，任何形式转载请联系作者。",
            "5人喜欢 回应 推荐 喜欢",
            "全部回应 2 条",
            "© 2005－2015 example.cn, all rights reserved 北京某某科技有限公司",
        ),
    ),
    Site(
        ("头条 要闻 娱乐 体育 财经 更多", "打开APP"),
        ("渡口故事 2021-09-08 07:00",),
        ("+关注", "听全文"),
        (
            "特别声明：以上内容(如有图片或视频亦包括在内)为自媒体平台用户上传并发布，本平台仅提供信息存储服务。",
            "打开APP看更多精彩",
            "热搜",
            "我要反馈",
        ),
    ),
    Site(
        ("站内检索", "首页 » 教研天地 » 教师论坛"),
        ("撰稿：何苇 摄影：林默",),
        (),
        (
            "【关闭】【顶部】",
            "本页访问量：1021",
            "校长信箱 | 教务系统 | 图书馆",
            "河口一中信息中心维护",
        ),
    ),
    Site(
        ("河口文学 2003年 第2期", "目录 > 散文"),
        (),
        ("阅读数：77",),
        (
            "本刊投稿邮箱 hk@mail.example",
            "上一篇 回目录 下一篇",
            "《河口文学》编辑部 版权所有",
        ),
    ),
    Site(
        ("回首頁", "現在位置：首頁 > 地方誌 > 鐘樓"),
        ("文／何葦",),
        ("轉寄友人", "友善列印"),
        (
            "上一則",
            "下一則",
            "網站資料開放宣告",
            "地址：河口市中山路一號 服務時間：08:30-17:30",
            "更新日期：2016/05/02 瀏覽人次：10021",
        ),
    ),
)

SITES = {
    ("fourth", "en"): EN,
    ("fourth", "zh"): ZH,
    ("fifth", "en"): EN_5,
    ("fifth", "zh"): ZH_5,
}
