"""Bylines: names are parted only where every part is surely a whole name."""

from __future__ import annotations

import pytest

from aggregator.normalize.authors import find_names, name_of_mailbox

WHOLE = [
    "Ann Lee",
    "Smith, John",
    "Smith, John A.",
    "Smith, John and Doe, Jane",
    "Martin Luther King, Jr.",
    "Ann Lee, PhD",
    "Johnson & Johnson",
    "Johnson and Johnson",
    "Procter & Gamble",
    "Marks & Spencer",
    "Ministry of Trade and Industry",
    "Ministry of Foreign Affairs and Trade, New Zealand",
    "Department of Health and Human Services",
    "Centers for Disease Control and Prevention",
    "Food and Drug Administration",
    "Arts and Letters Daily",
    "Simon & Garfunkel",
    "Ann and Bob",
    "Ann and Bob Smith",
    "Ann Lee, New York",
    "Ann Lee, Hong Kong",
    "Ann Lee, San Francisco",
    "Ann Lee, Senior Editor",
    "Ann Lee, staff writer",
    "Ann Lee, The Harbour Times",
    "Ann Lee and the newsroom",
    "José Ortega y Gasset",
    "Santiago Ramón y Cajal",
    "Ursula von der Leyen",
    "Von Trapp",
    "De Niro",
    "By",
    "文山",
    "记者",
    "安德鲁·雅各布斯",
    "bo@harbour.example",
]


@pytest.mark.parametrize("language", [None, "en", "de", "es", "pt-BR", "zh-Hans"])
@pytest.mark.parametrize("byline", WHOLE)
def test_what_may_be_one_name_is_not_parted(byline: str, language: str | None) -> None:
    assert find_names(byline, language=language) == (byline,)


@pytest.mark.parametrize(
    ("byline", "names"),
    [
        ("KONEY BAI,KONEY BAI", ["KONEY BAI"]),
        ("曹莉,曹莉", ["曹莉"]),
        ("MADONNA, Madonna", ["MADONNA"]),
        ("KEITH BRADSHER,CAO LI", ["KEITH BRADSHER", "CAO LI"]),
        ("Ann Lee and Bob Ray", ["Ann Lee", "Bob Ray"]),
        ("Ann Lee, Bob Ray, and Cy Dow", ["Ann Lee", "Bob Ray", "Cy Dow"]),
        ("Ann Lee & Bob Ray", ["Ann Lee", "Bob Ray"]),
        ("Anna Groß und Jörg Öl", ["Anna Groß", "Jörg Öl"]),
        ("Anne Le Roy et Jean d'Arc", ["Anne Le Roy", "Jean d'Arc"]),
        ("Smith, John; Doe, Jane", ["Smith, John", "Doe, Jane"]),
        ("山田太郎、鈴木花子", ["山田太郎", "鈴木花子"]),
        ("王明，李红", ["王明", "李红"]),
        ("김철수, 이영희", ["김철수", "이영희"]),
        ("Ann Lee, Cy Dow, Jr. and Bob Ray", ["Ann Lee", "Cy Dow, Jr.", "Bob Ray"]),
        ("Ursula von der Leyen, J. R. R. Tolkien", ["Ursula von der Leyen", "J. R. R. Tolkien"]),
        ("Mary-Kate O'Neil and Jean-Luc Roy", ["Mary-Kate O'Neil", "Jean-Luc Roy"]),
        ("Анна Ли, Борис Рэй", ["Анна Ли", "Борис Рэй"]),
        ("José García; JOSE  GARCIA", ["José García"]),
    ],
)
def test_several_whole_names_are_several_authors(byline: str, names: list[str]) -> None:
    found = find_names(byline)

    assert list(found) == names
    assert [find_names(name) for name in found] == [(name,) for name in found]


@pytest.mark.parametrize(
    ("language", "byline", "names"),
    [
        ("es", "Ana Ruiz y Luis Gil", ["Ana Ruiz", "Luis Gil"]),
        ("it", "Ada Rossi e Ugo Verdi", ["Ada Rossi", "Ugo Verdi"]),
        ("nl", "Jan de Wit en Piet Bos", ["Jan de Wit", "Piet Bos"]),
        ("sv", "Eva Ek och Bo Al", ["Eva Ek", "Bo Al"]),
        ("ru", "Анна Ли и Борис Рэй", ["Анна Ли", "Борис Рэй"]),
        ("en", "Ana Ruiz y Luis Gil", ["Ana Ruiz y Luis Gil"]),
    ],
)
def test_the_word_for_and_is_that_of_the_language(
    language: str, byline: str, names: list[str]
) -> None:
    assert list(find_names(byline, language=language)) == names


@pytest.mark.parametrize(
    ("language", "byline", "name"),
    [
        (None, "By Ann Lee", "Ann Lee"),
        ("en-GB", "BY ANN LEE", "ANN LEE"),
        ("en", "Written by Ann Lee", "Ann Lee"),
        ("en", "Von Miller", "Von Miller"),
        ("en", "Byron Lee", "Byron Lee"),
        ("de", "Von Anna Groß", "Anna Groß"),
        ("de-AT", "von Anna Groß", "Anna Groß"),
        ("de", "Von Trapp", "Von Trapp"),
        ("de", "von der Leyen", "von der Leyen"),
        ("en", "Von Anna Groß", "Von Anna Groß"),
        (None, "Von: Anna Groß", "Anna Groß"),
        ("fr", "Par Jean Roy", "Jean Roy"),
        ("en", "Par Lagerkvist", "Par Lagerkvist"),
        ("fr", "De Gaulle", "De Gaulle"),
        ("es", "De la Cruz", "De la Cruz"),
        ("es", "Por Ana Ruiz", "Ana Ruiz"),
        ("ro", "De Ion Popescu", "Ion Popescu"),
        ("it", "Di Maria Rossi", "Di Maria Rossi"),
        ("nl", "Door Jan Bos", "Jan Bos"),
        ("zh-Hant", "記者王小明", "王小明"),
        ("zh-Hant", "記者王小明／台北報導", "王小明"),
        ("zh-Hans", "本报记者 李红 北京报道", "李红"),
        (None, "作者：李红", "李红"),
        (None, "Autor: Ana Ruiz", "Ana Ruiz"),
    ],
)
def test_by_goes_where_it_is_surely_no_name(language: str | None, byline: str, name: str) -> None:
    assert find_names(byline, language=language) == (name,)


@pytest.mark.parametrize(
    ("value", "name"),
    [
        ("ann@news.engineering (Ann Lee)", "Ann Lee"),
        ("Ann Lee <ann@x.example>", "Ann Lee"),
        ("noreply@blogger.com (Ann)", "Ann"),
        ("Ann Lee (ann@x.example)", "Ann Lee"),
        ('"Lee, Ann" <ann@x.co.uk>', "Lee, Ann"),
        ("mailto:ann@x.museum", "ann@x.museum"),
        ("ann@x.example", "ann@x.example"),
        ("Ann @ Harbour", "Ann @ Harbour"),
    ],
)
def test_a_name_is_read_beside_its_address(value: str, name: str) -> None:
    assert name_of_mailbox(value) == name
    assert find_names(value) == (name,)
