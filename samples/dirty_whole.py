"""Texts that say things twice on purpose, or look like a frame: each must stay as it is."""

WHOLE: tuple[tuple[str, str, str], ...] = (
    ("en", "second", """The mill goes round, the mill goes round,
The water sings below.
My father ground the barley here
A hundred years ago.

The mill goes round, the mill goes round,
The water sings below.
My brother took the road to sea
And never let us know.

The mill goes round, the mill goes round,
The water sings below."""),
    ("zh", "second", """河水慢慢流
我在岸上走
问你几时回
你说麦子熟

河水慢慢流
我在树下守
问你几时回
你说落雪后

河水慢慢流
河水慢慢流"""),
    ("en", "second", """Barley soup
Serves 4
200 g barley
1 onion
1 carrot
Salt
Rinse the barley.
Stir.
Add the onion and the carrot.
Stir.
Simmer for forty minutes, adding water.
Stir.
Salt to taste."""),
    ("zh", "second", """清炖萝卜
主料：白萝卜 一根
辅料：姜 三片
盐 少许
第一步：萝卜切块。
大火烧开，撇去浮沫。
第二步：放姜片。
大火烧开，撇去浮沫。
第三步：转小火炖四十分钟。
出锅前加盐。"""),
    ("en", "second", """"Is it far?"
"No."
"You said that an hour ago."
"Yes."
"Is it far?"
"No."
She laughed, and they walked on.
"Is it far?"
"Look there, below the trees."""),
    ("zh", "second", """“到了吗？”
“没有。”
“还要多久？”
“快了。”
“到了吗？”
“没有。”
他叹了口气，把行李换到另一只手上。
“到了吗？”
“你看前面的灯。”"""),
    ("en", "second", """def area(a, b):
    if a < 0:
        return None
    if b < 0:
        return None
    return a * b


def volume(a, b, c):
    if a < 0:
        return None
    if b < 0:
        return None
    if c < 0:
        return None
    return a * b * c"""),
    ("en", "second", """Exercise 1. Find the derivative of f(x) = 3x + 1.
Exercise 2. Find the derivative of f(x) = 5x + 2.
Exercise 3. Find the derivative of f(x) = 7x + 4.
Exercise 4. Find the derivative of f(x) = 3x + 1 at x = 2.
Show your work.
Exercise 5. Solve 2x = 8.
Show your work.
Exercise 6. Solve 3x = 8.
Show your work."""),
    ("zh", "second", """1. 计算：23 + 19 = ____
2. 计算：45 - 18 = ____
3. 计算：6 × 7 = ____
4. 判断对错：三角形的内角和是180度。（  ）
A. 对
B. 错
5. 判断对错：圆有无数条对称轴。（  ）
A. 对
B. 错
6. 判断对错：0是正数。（  ）
A. 对
B. 错"""),
    ("zh", "second", """第一条 为了保护河道，制定本办法。
第二条 本办法所称河道，包括河床和堤岸。
有下列情形之一的，责令改正：
（一）在河床内取土的；
（二）在堤岸上堆放杂物的。
第三条 违反第二条规定的，由河道管理所处理。
有下列情形之一的，责令改正：
（一）擅自拆除标志的；
（二）阻碍巡查的。
第四条 本办法自公布之日起施行。"""),
    ("en", "second", """1. Which river is longer?
(a) the Teme
(b) the Severn
(c) neither
2. Which river is wider at Ludlow?
(a) the Teme
(b) the Severn
(c) neither
3. Which river floods in March?
(a) the Teme
(b) the Severn
(c) neither"""),
    ("en", "second", """Section 1. The council shall meet once a month.
Section 2. Where a member is absent without leave,
the clerk shall record the absence.
Section 3. Where a member is absent for a third time,
the clerk shall record the absence.
and the seat shall be declared vacant.
Section 4. Copyright in the minutes belongs to the council, which has all rights in them."""),
    ("zh", "second", """甲：今天谁值班？
乙：我值班。
甲：昨天谁值班？
乙：我值班。
甲：那明天呢？
乙：还是我值班。
甲：怎么总是你？
乙：因为表是我排的。"""),
    ("zh", "second", """春联三副
上联：河清海晏年年好
下联：人寿年丰岁岁新
横批：万象更新
上联：一渡春风吹两岸
下联：千帆晓日照中流
横批：万象更新
上联：矮麦满仓迎稔岁
下联：长钟到点报平安
横批：万象更新"""),
    ("en", "second", """Log of the ferry, week one
Monday: calm. 14 crossings.
Tuesday: calm. 14 crossings.
Wednesday: fog. No crossings before noon.
Thursday: calm. 14 crossings.
Friday: gale from the west. No crossings.
Saturday: calm. 20 crossings.
Sunday: calm. 8 crossings."""),
    ("zh", "second", """首页上的那行字，他读了三遍。
第二页只有一张地图，路线是这样的：渡口 > 石桥 > 山脚。
版权页上印着一九八三年。
他把书合上，说：上一篇写得好，下一篇也要看。
地址写在信封背面：河口路八号。"""),
    ("en", "third", """O row, my brothers, row,
against the tide, against the tide,
and sing as we go,
against the tide, against the tide,
for the far side
is the near side
against the tide, against the tide."""),
    ("zh", "third", """采菱歌
菱角尖尖水面开，
小船摇过石桥来。
菱角尖尖水面开，
妹妹采菱哥哥抬。
菱角尖尖水面开，
一篮装满又一篮来。"""),
    ("en", "third", """Next: the boiling point.
Question 1: At what temperature does water boil on the hill?
A) 95 degrees, because the air is thinner.
B) 100 degrees, as everywhere.
Question 2: At what temperature does it boil by the sea?
A) 95 degrees, because the air is thinner.
B) 100 degrees, as everywhere.
Question 3: And in a sealed pot?
C) Above 100 degrees."""),
    ("zh", "third", """一、选择题（每题只有一个正确答案）
1. 水在山顶上沸腾时的温度：
A. 低于100℃　B. 等于100℃　C. 高于100℃
2. 水在海边沸腾时的温度：
A. 低于100℃　B. 等于100℃　C. 高于100℃
3. 水在高压锅里沸腾时的温度：
A. 低于100℃　B. 等于100℃　C. 高于100℃"""),
    ("en", "third", """for (let i = 0; i < n; i++) {
  console.log("again, and again, and again.");
}
for (let j = 0; j < n; j++) {
  console.log("again, and again, and again.");
}
// next: the same for k
for (let k = 0; k < n; k++) {
  console.log("again, and again, and again.");
}"""),
    ("zh", "third", """甲方：河口渡运社
乙方：下游粮站
一、甲方每日运送粮食两次。
如有延误，由责任一方承担损失。
二、乙方按月结算运费。
如有延误，由责任一方承担损失。
三、本合同一式两份，双方各执一份。
编辑本合同的地点：河口镇。"""),
    ("en", "third", """Rye bread
Mix the flour and the water, and let the dough rest.
Fold the dough, turn the bowl, and wait for half an hour.
Fold the dough, turn the bowl, and wait for half an hour.
Fold the dough, turn the bowl, and wait for half an hour.
Bake until dark."""),
    ("zh", "third", """来源：这条河发源于北山。
标签上写着三个字：轻拿放。
热点不在这里，人们只是路过。
更多的船停在下游，等着水涨。
广告画家在墙上画了一条鱼。
评论家说，这条鱼游得太慢。"""),
)  # fmt: skip
