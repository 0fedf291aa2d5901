"""File names for items: an item id may hold any character, a file name may not."""

import re
from collections.abc import Iterable
from hashlib import sha256

__all__ = ["page_names"]

PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,59}")
RESERVED = re.compile(r"(con|prn|aux|nul|index|com\d|lpt\d)", re.IGNORECASE)


def page_names(item_ids: Iterable[str]) -> dict[str, str]:
    """The file name of each item's page: safe on every system, unique even where case does not count.

    Plain ids keep their name; others get their readable part and ten digits of a hash.

    >>> page_names(["Q001", "<script>", "a/b", "q001"])["Q001"]
    'Q001-db7a1569a5.html'
    >>> list(page_names(["Q002", "Net work #7"]).values())
    ['Q002.html', 'Net-work-7-be8dd74657.html']
    """
    ids = list(dict.fromkeys(item_ids))
    folded: dict[str, int] = {}
    for item in ids:
        folded[item.casefold()] = folded.get(item.casefold(), 0) + 1
    names: dict[str, str] = {}
    used: set[str] = set()
    # Plain names first: a hashed name must step aside for an id that looks like it.
    for item in sorted(ids, key=lambda item: not _is_plain(item, folded)):
        stem = item if _is_plain(item, folded) else _hashed(item)
        while stem.casefold() in used:
            stem = f"{stem}-x"
        used.add(stem.casefold())
        names[item] = f"{stem}.html"
    return {item: names[item] for item in ids}


def _is_plain(item: str, folded: dict[str, int]) -> bool:
    plain = PLAIN.fullmatch(item) is not None and RESERVED.fullmatch(item) is None
    return plain and folded[item.casefold()] == 1


def _hashed(item: str) -> str:
    readable = re.sub(r"[^A-Za-z0-9_]+", "-", item).strip("-")[:40]
    return f"{readable or 'item'}-{sha256(item.encode()).hexdigest()[:10]}"
