"""A shop's bot with a script that asks, hands over and ends, on both engines."""

import pytest

from tests.support.chats import Chats
from tests.support.installation import Installation
from tests.support.shop_script import SHOP


@pytest.fixture
def shop(installation: Installation) -> Chats:
    """A channel with the shop's bot."""
    return Chats(installation.services, SHOP)
