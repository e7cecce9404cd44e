"""What is taken for an answer, as it is remembered."""

from collections.abc import Sequence

import pytest

from xpressbot.chat.scripts.answers import chosen, valid_answer
from xpressbot.chat.scripts.events import Message
from xpressbot.chat.scripts.number_formats import number, written_number
from xpressbot.chat.scripts.script import MAX_SAID_LENGTH, Answer, Option


@pytest.mark.parametrize(
    ("typed", "kept"), [(" Anna\n", "Anna"), ("a\nb", "a\nb"), ("x" * 5000, "x" * MAX_SAID_LENGTH), ("  ", None), ("", None)]
)
def test_text_is_anything_but_nothing(typed: str, kept: str | None) -> None:
    """Without white space around it, at most as long as a message can say it again."""
    assert kept == valid_answer(Answer.TEXT, typed, "en")


@pytest.mark.parametrize(
    ("typed", "language", "kept"),
    [
        ("3", "en", "3"),
        (" 3. ", "en", "3"),
        ("-2.5", "en", "-2.5"),
        ("+7", "en", "7"),
        ("\u22124", "en", "-4"),
        ("1,234.5", "en", "1234.5"),
        ("1.234,5", "es", "1234,5"),
        ("1.234", "en", "1.234"),
        ("1.234", "es", "1234"),
        ("1.234", "es-MX", "1.234"),
        ("1,234", "es", "1,234"),
        ("1 234 567", "en", "1234567"),
        ("12,34,567", "hi", "1234567"),
        ("१२", "hi", "12"),
        ("\u0663\u066b\u0665", "en", "3.5"),
        ("007", "en", "7"),
        ("1.2.3", "en", None),
        ("12,34,5", "en", None),
        ("three", "en", None),
        ("3 boxes", "en", None),
        ("1e5", "en", None),
        ("NaN", "en", None),
        ("", "en", None),
        ("1" * 41, "en", None),
    ],
)
def test_a_number_is_read_and_written_by_the_language(typed: str, language: str, kept: str | None) -> None:
    """Digits of every script and groups; only what could be either is decided by the language."""
    assert kept == valid_answer(Answer.NUMBER, typed, language)


@pytest.mark.parametrize("language", ["en", "es", "es-MX", "hi", "de"])
def test_a_written_number_reads_as_itself(language: str) -> None:
    """Else an If would compare something else than what was answered."""
    for typed in ("1.234", "1234567", "0.001", "-12.50"):
        value = number(typed, "en")
        assert value is not None
        assert value == number(written_number(value, language), language)


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("anna@example.com", "anna@example.com"),
        ("It is <Anna.Berg+x@mail.example.co.uk>.", "Anna.Berg+x@mail.example.co.uk"),
        ("anna@example.com or ANNA@example.com", None),
        ("anna@example.com, anna@example.com", "anna@example.com"),
        ("अनीता@उदाहरण.भारत", "अनीता@उदाहरण.भारत"),
        ("anna@example", None),
        ("@example.com", None),
        ("anna at example.com", None),
        ("a@b@c.com", None),
        ("x" * 65 + "@example.com", None),
        ("a@" + "x" * 250 + ".com", None),
        ("", None),
    ],
)
def test_an_email_address_may_stand_in_a_sentence(typed: str, kept: str | None) -> None:
    """If it is the only one."""
    assert kept == valid_answer(Answer.EMAIL, typed, "en")


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("0151 2345-6789", "015123456789"),
        ("+44 (0)20 7946 0018", "+442079460018"),
        ("0034 655 123 456", "+34655123456"),
        ("call me: (555) 123-4567!", "5551234567"),
        ("९८७६५ ४३२१०", "9876543210"),
        ("12345", None),
        ("1234567890123456", None),
        ("0151 23456789 or 0170 1234567", None),
        ("none", None),
    ],
)
def test_a_phone_number_is_kept_in_digits(typed: str, kept: str | None) -> None:
    """7 to 15 of them, with the + of an international one."""
    assert kept == valid_answer(Answer.PHONE, typed, "en")


@pytest.mark.parametrize(
    ("typed", "language", "kept"),
    [
        ("Yes, please!", "en", "yes"),
        ("ok", "en", "yes"),
        ("no thanks", "en", "no"),
        ("yes and no", "en", None),
        ("yes, but tomorrow", "en", None),
        ("please", "en", None),
        ("", "en", None),
        ("si", "es", "sí"),
        ("no, gracias", "es-MX", "no"),
        ("yes", "es", None),
        ("हाँ जी", "hi", "हाँ"),
        ("जी नहीं", "hi", "नहीं"),
        ("जी", "hi", "हाँ"),
        ("haan ji", "hi", "हाँ"),
        ("nahi", "hi", "नहीं"),
        ("yes", "de", "yes"),
    ],
)
def test_yes_and_no_are_said_in_the_language_of_the_script(typed: str, language: str, kept: str | None) -> None:
    """Remembered in one form, so that an If can ask for it; in English where the language is unknown."""
    assert kept == valid_answer(Answer.YES_NO, typed, language)


def options(*labels: str) -> Sequence[Option]:
    return [Option(f"o{i}", label) for i, label in enumerate(labels, 1)]


DELIVERY = options("Yes, deliver it", "No, I pick it up", "Talk to a person")


@pytest.mark.parametrize(
    ("offered", "typed", "place"),
    [
        (DELIVERY, "yes, deliver it", 1),
        (DELIVERY, "Yes", 1),
        (DELIVERY, "pick it up", 2),
        (DELIVERY, "it", None),
        (DELIVERY, "talk to a person please", 3),
        (DELIVERY, "3", 3),
        (DELIVERY, "4", None),
        (DELIVERY, "0", None),
        (DELIVERY, "1.5", None),
        (DELIVERY, "", None),
        (options("Red", "Dark red"), "red", 1),
        (options("Red", "Dark red"), "dark red", 2),
        (options("Red", "Dark red"), "the dark red", 2),
        (options("Red", "Blue"), "red or blue", None),
        (options("Red", "Blue"), "where is my red shirt", None),
        (options("Red", "Red wine"), "red wine", 2),
        (options("🙂", "🙁"), "🙁", 2),
        (options("🙂", "🙁"), "1", 1),
        (options("2 boxes", "1 box"), "1", 2),
        (options("मझला डिब्बा", "बड़ा डिब्बा"), "बड़ा", 2),
    ],
)
def test_an_option_is_written_named_or_counted(offered: Sequence[Option], typed: str, place: int | None) -> None:
    """By its whole label, within few words, by words that it alone has, or by its number."""
    found = chosen(offered, Message(typed), "en")
    assert place == (None if found is None else int(found.id[1:]))
