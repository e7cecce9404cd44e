"""A shop's bot with a script that asks, hands over and ends, on both engines. Properties are searched as in tests/rules."""

import pytest

from tests.support.chats import Chats
from tests.support.installation import Installation
from tests.support.properties import search_in_the_same_order
from tests.support.shop_script import SHOP

search_in_the_same_order()


@pytest.fixture
def shop(installation: Installation) -> Chats:
    """A channel with the shop's bot."""
    return Chats(installation.services, SHOP)
