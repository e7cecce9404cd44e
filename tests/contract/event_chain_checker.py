"""Checks chains of security events by docs/event-chain.md alone: nothing of XpressBot is imported.

Rows are mappings with the columns of the table `security_event`, heads with those of `chain_head`; bytes are bytes.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Any

Row = Mapping[str, Any]
FIELDS = ("subject", "seq", "kind", "factor", "actor", "target", "at")


def check(rows: Iterable[Row], heads: Iterable[Row]) -> list[str]:
    """What contradicts the rule, one sentence for each place."""
    chains: dict[Any, list[Row]] = {}
    for row in rows:
        chains.setdefault(row["subject"], []).append(row)
    ends = {head["subject"]: head for head in heads}
    faults = [f"{subject}: rule 2: a head without rows" for subject in ends.keys() - chains.keys()]
    for subject, chain in chains.items():
        faults += [f"{subject}: {fault}" for fault in _check_chain(sorted(chain, key=lambda row: row["seq"]), ends.get(subject))]
    return faults


def _check_chain(chain: list[Row], head: Row | None) -> Iterable[str]:
    previous = bytes(32)
    for number, row in enumerate(chain, start=1):
        if row["seq"] != number:
            yield f"rule 2: {row['seq']} stands where {number} should"
            return
        if row["details"] is None or row["salt"] is None:
            yield f"rule 9: {number} has no details"
        elif hashlib.sha256(row["salt"] + row["details"].encode()).digest() != row["details_hash"]:
            yield f"rule 4: {number}"
        fields = json.dumps([row[name] for name in FIELDS], separators=(",", ":"), ensure_ascii=True)
        if hashlib.sha256(previous + row["details_hash"] + fields.encode()).digest() != row["hash"]:
            yield f"rule 7: {number}"
        previous = row["hash"]
    if head is None or (head["seq"], head["hash"]) != (len(chain), previous):
        yield f"rule 8: the head does not fit {len(chain)}"
