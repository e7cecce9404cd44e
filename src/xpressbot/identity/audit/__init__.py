"""Security events in a hash chain for each account, and the notices that people are shown of them."""
