"""Properties are searched in the same order in every run."""

from tests.support.properties import search_in_the_same_order

search_in_the_same_order()
