"""Turns "3 hours ago" in languages whose forms dateparser knows incompletely into English.

Thai, Lao, Khmer, Burmese and Tamil write the words with and without blanks, and with
more words for "ago" than CLDR lists. Only the whole text is translated.
"""

from __future__ import annotations

import re

_UNITS = ("second", "minute", "hour", "day", "week", "month", "year")

# The words before the number, those for each of the units, and those behind it.
_WORDS = (
    (
        "เมื่อ",
        ("วินาที|วิ", "นาที", "ชั่วโมง|ชม.|ชม", "วัน", "สัปดาห์|อาทิตย์", "เดือน", "ปี"),
        "ที่แล้ว|ก่อนหน้านี้|ก่อน|ที่ผ่านมา|มาแล้ว",
    ),
    (
        "ເມື່ອ",
        ("ວິນາທີ", "ນາທີ", "ຊົ່ວໂມງ|ຊມ.", "ມື້", "ອາທິດ", "ເດືອນ", "ປີ"),
        "ກ່ອນໜ້ານີ້|ກ່ອນ|ທີ່ຜ່ານມາ|ທີ່ແລ້ວ",
    ),
    (
        "កាលពី|ប្រហែល",
        ("វិនាទី", "នាទី", "ម៉ោង", "ថ្ងៃ", "សប្ដាហ៍|សប្តាហ៍|អាទិត្យ", "ខែ", "ឆ្នាំ"),
        "មុន|កន្លងមក|កន្លងទៅ",
    ),
    (
        "လွန်ခဲ့သော|လွန်ခဲ့သည့်|ပြီးခဲ့သည့်|ပြီးခဲ့သော",
        ("စက္ကန့်", "မိနစ်", "နာရီ", "ရက်", "ပတ်", "လ", "နှစ်"),
        "အကြာက|အကြာ|ခန့်က|က|ခန့်",
    ),
    (
        "",
        (
            "விநாடிகளுக்கு|விநாடிக்கு|வினாடிகளுக்கு|வினாடி|விநாடி",
            "நிமிடங்களுக்கு|நிமிடத்திற்கு|நிமிடங்கள்|நிமிடம்|நிமி",
            "மணிநேரங்களுக்கு|மணிநேரத்திற்கு|மணி நேரத்திற்கு|மணிநேரம்|மணி நேரம்|மணி",
            "நாட்களுக்கு|நாளுக்கு|நாட்கள்|நாள்",
            "வாரங்களுக்கு|வாரத்திற்கு|வாரங்கள்|வாரம்",
            "மாதங்களுக்கு|மாதத்திற்கு|மாதத்துக்கு|மாதங்கள்|மாதம்",
            "ஆண்டுகளுக்கு|ஆண்டிற்கு|ஆண்டுகள்|ஆண்டு",
        ),
        "முன்னர்|முன்பு|முன்",
    ),
)


def _alternatives(words: str) -> str:
    return "|".join(re.escape(word) for word in words.split("|"))


def _pattern(before: str, units: tuple[str, ...], behind: str) -> re.Pattern[str]:
    groups = []
    for name, words in zip(_UNITS, units, strict=True):
        groups.append(f"(?P<{name}>{_alternatives(words)})")
    unit = f"(?:{'|'.join(groups)})"
    start = rf"(?P<before>{_alternatives(before)})?\s*(?P<number>\d{{1,3}})\s*"
    return re.compile(rf"{start}{unit}\s*(?P<behind>{_alternatives(behind)})?")


_PATTERNS = tuple(_pattern(*words) for words in _WORDS)


def to_english(text: str) -> str | None:
    """Return a relative date in English, None if the text is none in these languages.

    >>> to_english("3 ชั่วโมงที่แล้ว")
    '3 hour ago'
    """
    if text.isascii():
        return None
    for pattern in _PATTERNS:
        match = pattern.fullmatch(text)
        if match is None:
            continue
        # A number and a unit alone is a length (`3 นาที`), not a time.
        if not match["behind"] and not match["before"]:
            return None
        for name in _UNITS:
            if match[name]:
                return f"{match['number']} {name} ago"
    return None
