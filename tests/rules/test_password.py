"""What makes a password acceptable."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xpressbot.identity.passwords.rules import PasswordWeakness, context_words, normalise, weakness_of
from xpressbot.identity.passwords.strength import estimate_strength

ANNA = context_words(email="anna@example.com", name="Anna Berg")
EMOJI = "".join(
    map(
        chr,
        (
            0x1F98A,
            0x1F30B,
            0x1F3BB,
            0x1F9CA,
            0x1F4CE,
            0x1F346,
            0x1F6F6,
            0x1F9F2,
            0x1F40C,
            0x1F3A9,
            0x1FAB4,
            0x1F955,
            0x1F4FB,
            0x1F9ED,
            0x1F41D,
        ),
    )
)
LEET = "4@8({[<369!1|70$5%+2"
SIXTY_FOUR = "correcthorsebatterystaplevioletanchormeadowkettleprovincesilverb"


def weakness(password: str, context: frozenset[str] = ANNA) -> PasswordWeakness | None:
    return weakness_of(normalise(password), min_length=15, context=context, strength=estimate_strength)


@pytest.mark.parametrize(
    ("password", "expected"),
    [
        ("", PasswordWeakness.TOO_SHORT),
        ("kettle-meadow1", PasswordWeakness.TOO_SHORT),
        ("kettle-meadow17", None),
        ("kettle-meadow17\n", PasswordWeakness.CONTROL),
        ("kettle\tmeadow-anchor", PasswordWeakness.CONTROL),
        ("\x00kettle-meadow17", PasswordWeakness.CONTROL),
        ("kettle-meadow17\x7f", PasswordWeakness.CONTROL),
        ("kettle-\u2029meadow17", PasswordWeakness.CONTROL),
        ("kettle-\u00a0me\u200badow17", None),
        (EMOJI[:14], PasswordWeakness.TOO_SHORT),
        (EMOJI, None),
        ("passwordpassword", PasswordWeakness.GUESSABLE),
        ("aaaaaaaaaaaaaaaaaaaa", PasswordWeakness.GUESSABLE),
        ("123456789012345678", PasswordWeakness.GUESSABLE),
        ("qwertyuiopasdfgh", PasswordWeakness.GUESSABLE),
        ("xpressbot-xpressbot", PasswordWeakness.CONTEXT),
        ("XPressBot-2026-XPressBot", PasswordWeakness.CONTEXT),
        ("anna@example.com7", PasswordWeakness.CONTEXT),
        ("7ANNA@EXAMPLE.COM", PasswordWeakness.CONTEXT),
        ("AnnaBergAnnaBerg", PasswordWeakness.CONTEXT),
        (SIXTY_FOUR, None),
        ("violet anchor meadow kettle", None),
    ],
)
def test_a_password_is_judged_by_length_context_and_strength(password: str, expected: PasswordWeakness | None) -> None:
    """15 code points, whatever they are; common passwords and the person's own words are refused, with the reason."""
    assert expected == weakness(password)


def test_length_counts_code_points_and_not_bytes_or_columns() -> None:
    """15 emoji are 15, though they are 60 bytes."""
    assert (len(EMOJI), len(EMOJI.encode())) == (15, 60)
    assert weakness(EMOJI) is None


def test_the_limit_is_one_kilobyte_of_utf_8() -> None:
    """1,024 bytes are taken, one more is refused; a megabyte is refused as quickly."""
    assert weakness(SIXTY_FOUR * 16) is None
    assert weakness(SIXTY_FOUR * 16 + "x") is PasswordWeakness.TOO_LONG
    assert weakness((SIXTY_FOUR * 16)[:1023] + "\u00e9") is PasswordWeakness.TOO_LONG
    assert weakness("x" * 1_000_000) is PasswordWeakness.TOO_LONG


def test_a_long_password_is_judged_by_its_beginning() -> None:
    """The estimator sees at most 32 code points."""
    assert weakness("a" * 32 + SIXTY_FOUR) is PasswordWeakness.GUESSABLE
    assert weakness(SIXTY_FOUR[:32] + "a" * 32) is None


@pytest.mark.parametrize("password", [LEET * 4, LEET[:16] * 4, "x" * 1024, "violet " * 100, SIXTY_FOUR * 16])
def test_however_long_a_password_is_the_estimator_gets_its_beginning(password: str) -> None:
    """The letters that stand for others are what it takes longest over; of the whole of them it would take seconds."""
    asked = []

    def strength(text: str) -> int:
        asked.append(text)
        return 4

    weakness_of(password, min_length=15, context=ANNA, strength=strength)
    assert asked == [password[:32]]


def test_a_long_password_that_begins_with_ones_own_words_is_judged_by_what_follows() -> None:
    """They add nothing and take nothing away."""
    assert weakness("anna.berg@example.com-of-xpressbot-likes-violet-kettles-on-meadows") is None
    assert weakness("xpressbot anna berg " * 4) is PasswordWeakness.CONTEXT


def test_six_of_the_shortest_words_make_a_good_passphrase() -> None:
    """As the pages that ask for a new password suggest them, however the words turn out."""
    assert weakness("ace-bat-cod-dot-elk-fox") is None


@pytest.mark.parametrize("character", ["\u00df", "\u0130", "\ufb03", "\u1fb7", "\u0149"])
def test_letters_that_grow_when_their_case_is_folded_are_judged_too(character: str) -> None:
    """32 letters of which each folds to several are still within what the estimator takes."""
    assert weakness(character * 32) is PasswordWeakness.GUESSABLE


def test_two_unicode_spellings_are_one_password() -> None:
    """Composed and decomposed forms of the same letters are the same password."""
    composed, decomposed = "h\u00f6lle-\u00fcber-fjord-9", "ho\u0308lle-u\u0308ber-fjord-9"
    assert composed != decomposed
    assert composed == normalise(composed) == normalise(decomposed)


@pytest.mark.parametrize(
    "password", [" leading space kept", "trailing space kept ", "Two  Spaces", "UPPER lower", "\ufb01ne", "\uff21\uff22", "tab\t\n\r", ""]
)
def test_nothing_but_the_spelling_is_normalised(password: str) -> None:
    """Spaces, case, ligatures and wide letters stay as typed."""
    assert password == normalise(password)


@given(st.text(st.characters(codec="utf-8")))
def test_normalising_is_nfc_and_happens_once(password: str) -> None:
    """The result is NFC, and normalising it again changes nothing."""
    assert unicodedata.is_normalized("NFC", normalise(password))
    assert normalise(password) == normalise(normalise(password))


def test_context_words_are_the_product_the_person_and_their_parts() -> None:
    """Parts shorter than three letters are left alone, since they occur in everything."""
    words = context_words(email="Jo.van_Dyck@Mail.example.org", name="Jo van Dyck")
    expected = {"xpressbot", "xpress", "jo.van_dyck@mail.example.org", "jo van dyck", "van", "dyck", "mail", "example", "org"}
    assert expected == words


def test_context_adds_nothing_to_strength_and_costs_nothing_else() -> None:
    """What is left without the context decides: a good passphrase may contain one's name."""
    assert weakness("anna-violet-kettle-meadow-anchor") is None
    assert weakness("anna@example.com-xpressbot") is PasswordWeakness.CONTEXT
    assert weakness("anna@example.com-xpressbot", frozenset()) is None
    assert weakness("passwordpassword", frozenset()) is PasswordWeakness.GUESSABLE


@pytest.mark.parametrize("name", [".*", "(((", "[a-z", "\\", "a|b|c", "^.+$"])
def test_a_name_is_taken_literally(name: str) -> None:
    """Names that look like patterns neither fail nor swallow the password."""
    assert weakness("violet-anchor-meadow-kettle", context_words(email="anna@example.com", name=name)) is None


@given(st.text(st.characters(codec="utf-8"), min_size=15, max_size=80), st.text(st.characters(codec="utf-8"), max_size=20))
def test_any_text_is_judged_without_an_error(password: str, name: str) -> None:
    """Whatever is typed, there is an answer, and the estimator is asked about 1 to 32 code points."""
    asked = []

    def strength(text: str) -> int:
        asked.append(len(text))
        return 4

    weakness_of(normalise(password), min_length=15, context=context_words(email="anna@example.com", name=name), strength=strength)
    assert all(1 <= length <= 32 for length in asked)
