"""The list of a month's leads as a workbook: one row a lead, ready to be filtered and printed."""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import date, datetime

from xlsxwriter import Workbook

WIDEST = 60  # characters
Cell = str | int | date | datetime | None


def workbook(title: str, header: Sequence[str], rows: Sequence[Sequence[Cell]], day_format: str) -> bytes:
    """An XLSX with one sheet: a title, a header that stays in sight and filters, days as days, text never a formula."""
    held = io.BytesIO()
    book = Workbook(held, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    sheet = book.add_worksheet(title[:31])
    bold = book.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "top"})
    plain = book.add_format({"text_wrap": True, "valign": "top"})
    day = book.add_format({"num_format": day_format, "valign": "top", "align": "left"})
    widths = [2 * len(name) + 2 for name in header]
    for column, name in enumerate(header):
        sheet.write_string(0, column, name, bold)
    for number, row in enumerate(rows, 1):
        for column, cell in enumerate(row):
            if isinstance(cell, date):
                sheet.write_datetime(number, column, cell, day)
                widths[column] = max(widths[column], 12)
            elif isinstance(cell, int):
                sheet.write_number(number, column, cell, plain)
            else:
                sheet.write_string(number, column, cell or "", plain)
                widths[column] = max(widths[column], min(WIDEST, 2 * len(cell or "")))
    for column, width in enumerate(widths):
        sheet.set_column(column, column, width)
    sheet.freeze_panes(1, 0)
    sheet.autofilter(0, 0, max(1, len(rows)), len(header) - 1)
    sheet.set_landscape()
    sheet.set_paper(9)  # A4
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(0)
    book.close()
    return held.getvalue()
