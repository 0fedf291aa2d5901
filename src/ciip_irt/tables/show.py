"""How a result shows itself in a notebook: a title, its sentences, the first rows of its table."""

from html import escape

import polars as pl

from ciip_irt.errors import printable

__all__ = ["show_html"]


def show_html(title: str, sentences: str, frame: pl.DataFrame, rows: int = 10) -> str:
    """A compact HTML block; everything that comes from data is escaped.

    >>> print(show_html("Items <1>", "Two items.", pl.DataFrame({"item_id": ["I1", "I2"]}))[:60])
    <div><strong>Items &lt;1&gt;</strong><p>Two items.</p><div><
    """
    with pl.Config(
        tbl_hide_dataframe_shape=True, tbl_hide_column_data_types=True, tbl_rows=rows, float_precision=3
    ):
        table = frame.head(rows)._repr_html_()
    more = (
        f"<p>{frame.height - rows:,} more rows in <code>.to_frame()</code></p>" if frame.height > rows else ""
    )
    said = "".join(f"<p>{escape(line)}</p>" for line in sentences.splitlines() if line)
    return printable(f"<div><strong>{escape(title)}</strong>{said}{table}{more}</div>")
