"""Which tags are languages, and which language a text is in."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.normalize import language
from aggregator.normalize.language.stop_words import LETTERS, WORDS

SAMPLES = json.loads((Path(__file__).parent / "data" / "language_samples.json").read_text("utf-8"))
# Written by hand, to check what the two national standards say; 适 is left out, a character of its own in Taiwan.
SIMPLIFIED = (
    "国们这来时会对发经过还进动现开关问间见说话语读书学习写请谁让认识词记论设计该试谈谢课调议证许译诉评诗误请诸谋谓谱"
    "账货质贵买卖费资责财贡贫贸贺赛赞赢赵车军转轮软轻载较输边达迁运远连选递逻遗邻郑释铁钱银错锁镇长门闭闻阅阳阴阵阶际"
    "陆陈险随隐难鸡鸣鸟鱼龙龟齐齿韩韦页顶项顺须顾顿预领频颗题颜额风飞饭饮饰饱馆马驶驾验骂骑"
)
TRADITIONAL = (
    "國們這來時會對發經過還進動現開關問間見說話語讀書學習寫請誰讓認識詞記論設計該試談謝課調議證許譯訴評詩誤請諸謀謂譜"
    "賬貨質貴買賣費資責財貢貧貿賀賽贊贏趙車軍轉輪軟輕載較輸邊達遷運遠連選遞邏遺鄰鄭釋鐵錢銀錯鎖鎮長門閉聞閱陽陰陣階際"
    "陸陳險隨隱難雞鳴鳥魚龍龜齊齒韓韋頁頂項順須顧頓預領頻顆題顏額風飛飯飲飾飽館馬駛駕驗罵騎"
)


@pytest.mark.parametrize(
    ("value", "tag"),
    [
        ("en", "en"),
        ("EN_us", "en-US"),
        (" fr-FR ", "fr-FR"),
        ("en_US.UTF-8", "en-US"),
        ("en-UK", "en-GB"),
        ("eng", "en"),
        ("fra-CA", "fr-CA"),
        ("pt-br", "pt-BR"),
        ("es-419", "es-419"),
        ("sr-latn-rs", "sr-Latn-RS"),
        ("iw", "he"),
        ("in", "id"),
        ("fil", "fil"),
        ("ckb", "ckb"),
        ("ca-ES-valencia", "ca-ES-valencia"),
        ("de-u-co-phonebk", "de"),
        ("en, fr", "en"),
        ("zh", "zh"),
        ("zh_CN", "zh-Hans"),
        ("zh-sg", "zh-Hans"),
        ("zh-TW", "zh-Hant"),
        ("zh-HK", "zh-Hant"),
        ("zh-MO", "zh-Hant"),
        ("zh-Hans-CN", "zh-Hans"),
        ("zh-hant-HK", "zh-Hant"),
        ("cmn-Hans", "zh-Hans"),
        ("chi", "zh"),
        ("zh-cmn-Hans-CN", "zh-Hans"),
        ("", None),
        ("und", None),
        ("x-default", None),
        ("none", None),
        ("english", None),
        ("xx", None),
        ("en-*", None),
        ("en-garbagegarbage", None),
        ("fr-FR-FR", None),
        ("<b>", None),
        ("\ud800", None),
    ],
)
def test_a_declared_language_has_one_form_and_garbage_has_none(value: str, tag: str | None) -> None:
    assert language.canonical_tag(value) == tag


@pytest.mark.parametrize(("tag", "sample"), SAMPLES.items())
def test_a_sentence_is_recognized(tag: str, sample: str) -> None:
    assert language.detect_language(sample) == tag


def test_every_language_of_the_words_is_tagged_as_itself() -> None:
    listed = {name for words in WORDS.values() for name in words}

    assert {language.canonical_tag(name) for name in listed | set(LETTERS)} == listed


@pytest.mark.parametrize(
    "sample",
    [
        "",
        "2024 …!",
        "a",
        "the president of the country said",
        "Lorem ipsum dolor sit amet, consectetur adipiscing elit sed",
        "Washington Moskva Tokyo Berlin Pyongyang Seoul Beijing",
        "qwrtp sdfghj klzxcv bnmqwr tpsdf ghjkl zxcvb nmqwr",
        "中",
    ],
)
def test_what_is_too_short_or_no_language_stays_open(sample: str) -> None:
    assert language.detect_language(sample) is None


def test_a_japanese_particle_in_a_chinese_name_makes_no_japanese() -> None:
    assert (
        language.detect_language("优の良品公司星期二宣布将在北京开设新的分店，の字是商标")
        == "zh-Hans"
    )


def test_latin_names_do_not_outweigh_chinese_words() -> None:
    assert language.detect_language("iPhone 15 Pro Max在中国发布会引发关注") == "zh-Hans"


@pytest.mark.parametrize(
    ("sample", "tag"),
    [
        ("韩国召见俄罗斯大使，抗议朝俄新防御条约", "zh-Hans"),
        ("韓國召見俄羅斯大使，抗議朝俄新防禦條約", "zh-Hant"),
        ("中文", "zh"),
        ("", "zh"),
        ("国國", "zh"),
        ("囧", "zh"),
        ("國家主席说这个会议发表经过", "zh-Hans"),
    ],
)
def test_chinese_is_refined_by_the_characters_that_only_one_script_has(
    sample: str, tag: str
) -> None:
    assert language.refine_chinese(sample) == tag


def test_pairs_known_by_heart_agree_with_the_standards() -> None:
    pairs = list(zip(SIMPLIFIED, TRADITIONAL, strict=True))

    wrong = [
        a + b
        for a, b in pairs
        if language.refine_chinese(a) != "zh-Hans" or language.refine_chinese(b) != "zh-Hant"
    ]

    assert (len(pairs) > 150, wrong) == (True, [])


@pytest.mark.parametrize(
    ("title", "tag"),
    [
        ("速報です", "ja"),
        ("ニュース", "ja"),
        ("猫の日", "ja"),
        ("今日の天気", "ja"),
        ("首相が会見", "ja"),
        ("iPhone新発売へ", "ja"),
        ("政府、新法案を提出", "ja"),
        ("株価上昇", "ja"),
        ("国会開会", "ja"),
        ("天気予報", "ja"),
        ("優の良品公司在臺灣開設一間新商店", "zh-Hant"),
        ("經濟發展", "zh-Hant"),
        ("经济发展", "zh-Hans"),
        ("國内新聞與經濟", "zh-Hant"),
        ("大韓民國 國會", "zh-Hant"),
        ("대한민국 大韓民國 국회", "ko"),
        ("Правительство приняло новый бюджет", "ru"),
        ("Уряд ухвалив бюджет України", "uk"),
        ("Урад зацвердзіў бюджэт краіны ў лістападзе", "be"),
        ("Правителството прие бюджета", None),
        ("أخبار المدينة اليوم", "ar"),
        ("بازار پارس گشوده شد", "fa"),
        ("وزیراعظم نے بڑے فیصلے کیے", "ur"),
    ],
)
def test_short_titles_are_recognized_by_what_one_language_alone_writes(
    title: str, tag: str | None
) -> None:
    assert language.detect_language(title) == tag


@pytest.mark.parametrize(
    ("tag", "sample", "is_other"),
    [
        ("en-US", "微信发布新版本", True),
        ("en-US", "東京の雪", True),
        ("en", "Правительство приняло новый бюджет", True),
        ("de", "أخبار المدينة اليوم", True),
        ("en", "Learn 漢字 today", False),
        ("en", "2024", False),
        ("fr", "", False),
        ("sr", "Vlada je usvojila budžet", False),
        ("sr", "Влада је усвојила буџет", False),
        ("sr-Latn", "Vlada je usvojila budžet", False),
        ("sr-Latn", "Влада је усвојила буџет", True),
        ("ja", "iPhone 17 Pro", False),
        ("ja", "iPhone 17の発売", False),
        ("ja", "東京都知事会見", False),
        ("ja", "这个国家的经济发展", True),
        ("zh-Hans", "優の良品", False),
        ("zh-Hant", "東京スカイツリーの新しい展望", True),
        ("zh-Hant", "臺北市政府", False),
        ("ko", "大韓民國 國會", False),
        ("ko", "国务院发布新的经济政策北京明天有雨油价再次上涨市场反应积极投资者关注", True),
        ("ja", "대한민국 국회", True),
        ("ru", "Microsoft Windows Server", False),
        ("ru", "The president of the country said that he will not go to the meeting", True),
        ("fa", "أخبار المدينة", False),
        ("iu", "微信发布新版本", False),
    ],
)
def test_a_stated_language_is_contradicted_by_another_script_alone(
    tag: str, sample: str, is_other: bool
) -> None:
    assert language.contradicts_script(tag, sample) == is_other
    assert not (language.has_letters_of(tag, sample) and is_other)


@settings(deadline=None, max_examples=150, derandomize=True)
@given(st.text())
def test_no_text_raises(value: str) -> None:
    assert language.canonical_tag(value) != ""
    assert language.detect_language(value) != ""
    assert language.refine_chinese(value) in {"zh", "zh-Hans", "zh-Hant"}
    assert language.contradicts_script("ja", value) in {True, False}
