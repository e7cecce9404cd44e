"""An installation with one kind of factor more."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.applications import Starlette

from tests.factor_kind.challenge_response.core.tables import METADATA
from tests.factor_kind.registry import FACTORS_AND_ONE_MORE, kinds_and_one_more
from tests.support.installation import Installation, install
from xpressbot.entrypoints.http.app import create_app


@pytest.fixture
def installation(tmp_path: Path, database_url: str) -> Iterator[Installation]:
    installation = install(tmp_path, database_url, make_kinds=kinds_and_one_more)
    with installation.services.database.write() as connection:
        METADATA.create_all(connection)
        connection.commit()
    yield installation
    with installation.services.database.write() as connection:  # PostgreSQL's is used again
        METADATA.drop_all(connection)
        connection.commit()
    installation.close()


@pytest.fixture
def app(installation: Installation) -> Starlette:
    return create_app(installation.services, factors=FACTORS_AND_ONE_MORE)
