"""The assessment as a workbook: the figures and what they mean, their parts with charts, and the rows behind them."""

from __future__ import annotations

import io
from datetime import date
from typing import Any

import xlsxwriter

from documents.wording import Catalogue, Plain

WIDE, NARROW = 34, 12  # characters of a column
CHART_ROWS = 18


def workbook(facts: dict[str, Any], catalogue: Catalogue) -> bytes:
    """XLSX. `facts` has `title`, `figures` (key: met, total), `parts` (dimension: key: lines) and `rows` (key: rows).

    A line is name, met, total; a row is task number, name, organ, area, day and whether it is met. No text is ever
    taken for a formula. Call it in a thread.
    """
    t, made = Plain(catalogue), io.BytesIO()
    with xlsxwriter.Workbook(made, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}) as book:
        book.set_properties({"title": facts["title"]})
        book.set_size(2400, 1400)
        _Writer(book, t, facts).write()
    return made.getvalue()


class _Writer:
    def __init__(self, book: Any, t: Plain, facts: dict[str, Any]) -> None:
        self.book, self.t, self.facts = book, t, facts
        self.bold = book.add_format({"bold": True, "bg_color": "#E4E7EC", "border": 1, "text_wrap": True})
        self.percent = book.add_format({"num_format": "0.0%"})
        self.day = book.add_format({"num_format": "yyyy-mm-dd"})
        self.title = book.add_format({"bold": True, "font_size": 14})
        self.names = {key: t(f"statistics.{key}") for key in facts["figures"]}

    def write(self) -> None:
        """All sheets: the overview, one a dimension, one of rows."""
        self._overview()
        for dimension, lines in self.facts["parts"].items():
            self._part(dimension, lines)
        self._rows()

    def _share(self, sheet: Any, row: int, column: int, met: int, total: int) -> None:
        if total:
            sheet.write_number(row, column, met / total, self.percent)
        else:
            sheet.write_string(row, column, "—")

    def _sheet(self, name: str, head: list[str], widths: list[int]) -> Any:
        sheet = self.book.add_worksheet(name)
        sheet.write_string(0, 0, self.facts["title"], self.title)
        for column, (text, width) in enumerate(zip(head, widths, strict=True)):
            sheet.set_column(column, column, width)
            sheet.write_string(2, column, text, self.bold)
        sheet.freeze_panes(3, 1)
        return sheet

    def _chart(self, sheet: Any, name: str, kind: str, columns: list[tuple[int, str]], last: int, at: str) -> None:
        chart = self.book.add_chart({"type": kind})
        for column, key in columns:
            chart.add_series(
                {
                    "name": self.names[key],
                    "categories": [name, 3, 0, last, 0],
                    "values": [name, 3, column, last, column],
                }
            )
        chart.set_y_axis({"num_format": "0%", "min": 0, "max": 1} if kind != "bar" else {"reverse": True})
        if kind == "bar":
            chart.set_x_axis({"num_format": "0%", "min": 0, "max": 1})
        chart.set_title({"name": self.names[columns[0][1]] if len(columns) == 1 else self.t("statistics.sheet.main")})
        chart.set_legend({"none": True} if len(columns) == 1 else {"position": "bottom"})
        chart.set_size({"width": 720, "height": 380})
        sheet.insert_chart(at, chart)

    def _overview(self) -> None:
        t, name = self.t, self.t("statistics.sheet.overview")
        head = [
            t(f"statistics.column.{one}") for one in ("figure", "percent", "met", "total", "means_met", "means_total")
        ]
        sheet = self._sheet(name, head, [22, NARROW, NARROW, NARROW, WIDE, WIDE + 10])
        row = 2
        for row, (key, (met, total)) in enumerate(self.facts["figures"].items(), 3):
            sheet.write_string(row, 0, self.names[key])
            self._share(sheet, row, 1, met, total)
            sheet.write_number(row, 2, met)
            sheet.write_number(row, 3, total)
            sheet.write_string(row, 4, t(f"statistics.{key}.met"))
            sheet.write_string(row, 5, t(f"statistics.{key}.total"))
        chart = self.book.add_chart({"type": "bar"})
        chart.add_series(
            {"categories": [name, 3, 0, row, 0], "values": [name, 3, 1, row, 1], "data_labels": {"value": True}}
        )
        chart.set_legend({"none": True})
        chart.set_y_axis({"reverse": True})
        chart.set_x_axis({"num_format": "0%", "min": 0, "max": 1})
        chart.set_title({"name": self.facts["title"]})
        chart.set_size({"width": 720, "height": 420})
        sheet.insert_chart(f"A{row + 4}", chart)

    def _part(self, dimension: str, parts: dict[str, list[tuple[str, int, int]]]) -> None:
        """A line a department, area, item or month; percent, then numbers, of every figure."""
        name = self.t(f"statistics.sheet.{dimension}")
        lines = list(dict.fromkeys(line[0] for found in parts.values() for line in found))
        if dimension == "month":
            lines.sort()
        keys = list(parts)
        counts = [f"{self.names[key]} {self.t('statistics.column.of')}" for key in keys]
        head = [self.t(f"statistics.by.{dimension}"), *self.names.values(), *counts]
        sheet = self._sheet(name, head, [WIDE, *[NARROW] * (2 * len(keys))])
        for column, key in enumerate(keys, 1):
            for line, met, total in parts[key]:
                self._share(sheet, 3 + lines.index(line), column, met, total)
                sheet.write_string(3 + lines.index(line), column + len(keys), f"{met}/{total}")
        for row, line in enumerate(lines, 3):
            sheet.write_string(row, 0, line)
        if lines:
            main = [(1 + keys.index(key), key) for key in ("check", "publication", "problem")]
            kind = "line" if dimension == "month" else "column"
            last = 2 + min(len(lines), CHART_ROWS)
            self._chart(sheet, name, kind, main, last, f"A{len(lines) + 6}")

    def _rows(self) -> None:
        """What was counted, row by row, with a filter on every column."""
        t, columns = self.t, ("figure", "task", "name", "organ", "area", "day", "is_met")
        widths = [20, 26, WIDE, WIDE, NARROW, NARROW, NARROW]
        sheet = self._sheet(t("statistics.sheet.rows"), [t(f"statistics.column.{one}") for one in columns], widths)
        row = 2
        for key, rows in self.facts["rows"].items():
            for number, name, organ, area, day, met in rows:
                row += 1
                for column, text in enumerate((self.names[key], number, name, organ, area)):
                    sheet.write_string(row, column, text)
                sheet.write_datetime(row, 5, date.fromisoformat(day), self.day)
                sheet.write_string(row, 6, t("statistics.yes" if met else "statistics.no"))
        sheet.autofilter(2, 0, max(row, 3), len(columns) - 1)
        if self.facts["cut"]:
            sheet.write_string(1, 0, t("statistics.cut", n=self.facts["cut"]))
