"""Files that a page downloads."""

import asyncio
from collections.abc import Callable, Mapping

from segclr_viewer.exchange.parquet import selection_parquet
from segclr_viewer.exchange.selection import SelectedRows, selection_csv
from segclr_viewer.serving.routes import Reply, Route

_KINDS: Mapping[str, tuple[Callable[[SelectedRows], bytes], str]] = {
    "csv": (selection_csv, "text/csv; charset=utf-8"),
    "parquet": (selection_parquet, "application/vnd.apache.parquet"),
}


def export_routes(selections: Mapping[str, Callable[[str], SelectedRows | None]]) -> list[Route]:
    """The routes of downloads.

    Args:
        selections: by annotator, what tells the rows of a mask; called on the loop.
    """

    async def selection(mask: str, kind: str, annotator: str) -> Reply | None:
        selected = selections[annotator](mask)
        if selected is None:
            return None
        write, content_type = _KINDS[kind]
        return Reply(await asyncio.to_thread(write, selected), content_type, lasting=False)

    return [Route(r"/export/selection/(?P<mask>[0-9a-f]{1,64})\.(?P<kind>csv|parquet)", selection, is_personal=True)]
