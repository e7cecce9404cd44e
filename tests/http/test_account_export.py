"""The download of what is kept about a person: everything on the list, and no secret."""

import json
import re
from pathlib import Path

from sqlalchemy import LargeBinary, select

from tests.http.conftest import Protected, both_engines
from tests.http.raw_requests import rows
from tests.support import people
from tests.support.browser import Browser
from tests.support.installation import PASSWORD, Installation
from tests.support.secret_search import found, of_bytes, of_codes, of_text
from tests.use_cases.instrumentation import events
from xpressbot.foundation.database.engine import METADATA
from xpressbot.identity.audit.rules.event import EventKind

EXPORT = "/account/export"
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")


def secrets_of(installation: Installation, protected: Protected) -> dict[str, bytes]:
    """The password, every token that the browser holds, the codes, the app's secret, and each digest, salt and ciphertext stored."""
    needles = of_text("password", PASSWORD) | of_codes(protected.codes)
    needles |= {f"cookie {name}": value.encode() for name, value in protected.browser.cookies.items() if len(value) > 40}
    found_secret = re.search(r"secret=([A-Z2-7]+)", protected.phone.uri)
    assert found_secret is not None
    needles |= {"app": found_secret[1].encode()}
    with installation.services.database.read() as connection:
        for table in METADATA.sorted_tables:
            for row in connection.execute(select(table)).mappings():
                for column in table.columns:
                    if isinstance(column.type, LargeBinary) and row[column.name] and len(set(row[column.name])) > 1:
                        needles |= of_bytes(f"{table.name}.{column.name}", row[column.name])
                    if column.name == "password_hash":
                        needles[f"{table.name}.{column.name}"] = row[column.name].encode()
    return needles


@both_engines
def test_the_file_has_all_that_is_kept_and_no_secret(installation: Installation, protected: Protected) -> None:
    """By an allow-list (ASVS 14.2.6, 15.3.1); times are ISO 8601 in UTC."""
    berta = installation.add_account("berta@example.com", "Berta")
    people.session_by_password(installation.services, berta.email)
    answer = protected.browser.post(EXPORT)
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
    assert re.fullmatch(r'attachment; filename="xpressbot-account[\w.-]*\.json"', answer.headers["content-disposition"])
    data = json.loads(answer.text)
    assert set(data) == {
        "exported_at",
        "exported_from",
        "account",
        "sessions",
        "known_browsers",
        "authenticators",
        "recovery_codes_left",
        "notices",
        "security_events",
    }
    account = protected.browser.me()["account"]
    assert {key: data["account"][key] for key in ("id", "email", "name", "status", "language")} == {
        **account,
        "status": "active",
        "language": None,
    }
    assert [(len(data["sessions"]), data["sessions"][0]["methods"])] == [(1, ["otp", "pwd"])]
    assert (len(data["known_browsers"]), data["recovery_codes_left"], data["authenticators"][0]["kind"]) == (1, 10, "totp")
    recorded = events(installation, account["id"])
    assert [event["number"] for event in data["security_events"]] == list(range(1, len(recorded) + 1))
    assert (data["security_events"][-1]["kind"], recorded[-1].kind) == ("account.exported", EventKind.ACCOUNT_EXPORTED)
    assert {notice["kind"] for notice in data["notices"]} <= {kind.value for kind in EventKind if kind.notice}
    times = [data["exported_at"], data["account"]["created_at"], data["account"]["email_confirmed_at"]]
    times += [event["at"] for event in data["security_events"]] + [data["sessions"][0][key] for key in ("began_at", "last_used_at")]
    assert all(TIME.fullmatch(time) for time in times)
    assert found(answer.content, secrets_of(installation, protected)) == []
    assert "berta" not in answer.text.lower()


def test_it_asks_who_is_there_and_tells_the_others(installation: Installation, protected: Protected) -> None:
    """ASVS 7.5.1: after six minutes the session alone is not enough; the event is one that a notice tells."""
    assert EventKind.ACCOUNT_EXPORTED.notice
    assert 'action="/account/export"' in protected.browser.get("/account").text
    installation.clock.advance(minutes=6)
    answer = protected.browser.post(EXPORT, None)
    assert answer.headers["location"] == "/account/confirm-identity?next=/account"
    assert EventKind.ACCOUNT_EXPORTED not in {event.kind for event in events(installation, protected.browser.me()["account"]["id"])}


def test_nothing_of_the_person_lies_in_the_data_directory(installation: Installation, signed_in: Browser) -> None:
    """The file is made for the answer alone."""
    before = set(Path(installation.services.settings.data_dir).rglob("*"))
    assert signed_in.post(EXPORT).status_code == 200
    assert {path.suffix for path in set(Path(installation.services.settings.data_dir).rglob("*")) - before} <= {".eml"}


def test_many_downloads_are_one_notice(signed_in: Browser, installation: Installation) -> None:
    """And so one mail a day: else they would bury the mail that matters."""
    for _download in range(5):
        assert signed_in.post(EXPORT).status_code == 200
    notices = [row["count"] for row in rows(installation, "notice") if row["kind"] == EventKind.ACCOUNT_EXPORTED.value]
    assert notices == [5]
    assert len([row for row in rows(installation, "outbox") if row["kind"] == "notice"]) == 1
