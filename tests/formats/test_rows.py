"""Files as people have them: broken lines, wrong encodings, tables of every kind."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pyarrow
import pyarrow.parquet
import pytest
from hypothesis import given
from hypothesis import strategies as st

from judgekit.errors import DataError, EnvironmentFault
from judgekit.formats.rows import LeftOut, cell_text, read_rows


def saved(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def both(path: Path) -> tuple[list[tuple[int, dict[str, object]]], list[LeftOut]]:
    left_out: list[LeftOut] = []
    return list(read_rows(path, left_out)), left_out


class TestJsonLines:
    def test_rows_have_the_number_of_their_line(self, tmp_path: Path) -> None:
        path = saved(
            tmp_path, "a.jsonl", b'\xef\xbb\xbf{"a": 1}\n\n  {"a": "\xc3\xa9"}\r\n{"a": 3}'
        )
        assert both(path) == ([(1, {"a": 1}), (3, {"a": "é"}), (4, {"a": 3})], [])

    def test_broken_lines_are_left_out_by_number(self, tmp_path: Path) -> None:
        lines = [b'{"a": 1}', b'{"a": 1', b"[1, 2]", b"null", b'{"a": "\xff"}', b'{"a": 6}', b'{"a']
        rows, left_out = both(saved(tmp_path, "a.jsonl", b"\n".join(lines)))
        assert [number for number, _ in rows] == [1, 6]
        assert [number for number, _ in left_out] == [2, 3, 4, 5, 7]
        assert left_out[0].reason.startswith("not JSON: ")
        assert left_out[1].reason == "a JSON object was expected, this is a list"
        assert left_out[2].reason == "a JSON object was expected, this is None"

    def test_broken_line_is_fatal_where_nobody_collects(self, tmp_path: Path) -> None:
        path = saved(tmp_path, "a.jsonl", '{"a": 1}\n{"a"')
        with pytest.raises(DataError, match=r"a\.jsonl, row 2: not JSON"):
            list(read_rows(path))

    def test_not_a_number_as_python_writes_it(self, tmp_path: Path) -> None:
        rows, left_out = both(saved(tmp_path, "a.jsonl", '{"a": NaN}\n{"a": Infinity, }'))
        assert rows[0][1]["a"] != rows[0][1]["a"]
        assert [number for number, _ in left_out] == [2]

    def test_nesting_that_would_exhaust_the_stack(self, tmp_path: Path) -> None:
        deep = '{"a": ' + "[" * 200_000 + "NaN"
        rows, left_out = both(saved(tmp_path, "a.jsonl", f'{{"a": 1}}\n{deep}'))
        assert rows == [(1, {"a": 1})]
        assert [number for number, _ in left_out] == [2]

    @given(
        st.lists(
            st.dictionaries(
                st.text(st.characters(exclude_categories=["Cs"])),
                st.none() | st.booleans() | st.text(st.characters(exclude_categories=["Cs"])),
            ),
            min_size=1,
            max_size=5,
        )
    )
    def test_what_json_writes_is_read_back(
        self, tmp_path_factory: pytest.TempPathFactory, rows: list[dict[str, object]]
    ) -> None:
        path = tmp_path_factory.mktemp("rows") / "a.jsonl"
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
        assert both(path) == (list(enumerate(rows, 1)), [])


class TestJson:
    def test_array(self, tmp_path: Path) -> None:
        path = saved(tmp_path, "a.json", ' [{"a": 1},\n 7, {"a": 2}]')
        rows, left_out = both(path)
        assert rows == [(1, {"a": 1}), (3, {"a": 2})]
        assert left_out == [(2, "a JSON object was expected, this is a number")]

    def test_lines_under_the_wrong_name(self, tmp_path: Path) -> None:
        assert both(saved(tmp_path, "a.json", '{"a": 1}\n{"a": 2}'))[0][1] == (2, {"a": 2})

    def test_broken_array(self, tmp_path: Path) -> None:
        with pytest.raises(DataError, match=r"a\.json: not JSON"):
            both(saved(tmp_path, "a.json", '[{"a": 1},'))


class TestTables:
    def test_csv_with_line_breaks_quotes_and_byte_order_mark(self, tmp_path: Path) -> None:
        path = saved(tmp_path, "a.csv", '\ufeffid,text\r\n1,"a ""b"",\nc"\r\n\r\n2,\r\n')
        assert both(path) == (
            [(1, {"id": "1", "text": 'a "b",\nc'}), (2, {"id": "2", "text": ""})],
            [],
        )

    def test_response_longer_than_the_csv_module_allows_by_default(self, tmp_path: Path) -> None:
        text = "x" * 1_000_000
        rows, _ = both(saved(tmp_path, "a.csv", f"id,text\n1,{text}\n"))
        assert rows == [(1, {"id": "1", "text": text})]

    def test_rows_of_the_wrong_width(self, tmp_path: Path) -> None:
        rows, left_out = both(saved(tmp_path, "a.csv", "a,b\n1,2\n3\n4,5,6\n7,8\n"))
        assert [number for number, _ in rows] == [1, 4]
        assert left_out == [(2, "1 fields under 2 columns"), (3, "3 fields under 2 columns")]

    def test_quote_that_is_never_closed_hides_no_rows_silently(self, tmp_path: Path) -> None:
        rows, left_out = both(saved(tmp_path, "a.csv", 'a,b\n1,2\n3,"4\n5,6\n'))
        assert rows == [(1, {"a": "1", "b": "2"})]
        assert [(number, "not CSV" in reason) for number, reason in left_out] == [(2, True)]

    def test_tabs(self, tmp_path: Path) -> None:
        assert both(saved(tmp_path, "a.tsv", "a\tb\n1\t2, 3\n"))[0] == [
            (1, {"a": "1", "b": "2, 3"})
        ]

    def test_column_twice(self, tmp_path: Path) -> None:
        with pytest.raises(DataError, match="two columns are named 'a'"):
            both(saved(tmp_path, "a.csv", "a,b,a\n1,2,3\n"))

    def test_parquet(self, tmp_path: Path) -> None:
        table = pyarrow.table({"a": [1, None, 3], "b": ["x", "y", None]})
        pyarrow.parquet.write_table(table, tmp_path / "a.parquet")
        assert both(tmp_path / "a.parquet")[0] == [
            (1, {"a": 1, "b": "x"}),
            (2, {"a": None, "b": "y"}),
            (3, {"a": 3, "b": None}),
        ]

    @pytest.mark.parametrize("keep", [0.0, 0.5, 0.98])
    def test_torn_parquet(self, tmp_path: Path, keep: float) -> None:
        path = tmp_path / "a.parquet"
        pyarrow.parquet.write_table(pyarrow.table({"a": list(range(1000))}), path)
        whole = path.read_bytes()
        path.write_bytes(whole[: int(keep * len(whole))])
        with pytest.raises(DataError, match=r"a\.parquet: not Parquet"):
            both(path)

    def test_parquet_with_a_hole_in_it(self, tmp_path: Path) -> None:
        path = tmp_path / "a.parquet"
        table = pyarrow.table({"a": [f"text {i}" for i in range(5000)]})
        pyarrow.parquet.write_table(table, path, compression="zstd")
        whole = path.read_bytes()
        path.write_bytes(whole[:4] + b"\xff" * 3000 + whole[3004:])
        with pytest.raises(DataError, match=r"a\.parquet: not Parquet"):
            both(path)


class TestFiles:
    @pytest.mark.parametrize("suffix", [".jsonl", ".json", ".csv", ".tsv"])
    def test_empty(self, tmp_path: Path, suffix: str) -> None:
        for content in ("", "\n\n"):
            with pytest.raises(DataError, match="holds no rows"):
                both(saved(tmp_path, f"a{suffix}", content))

    def test_header_alone(self, tmp_path: Path) -> None:
        with pytest.raises(DataError, match="holds no rows"):
            both(saved(tmp_path, "a.csv", "a,b\n"))

    def test_nothing_can_be_read(self, tmp_path: Path) -> None:
        with pytest.raises(DataError, match="no row can be read; row 1: not JSON"):
            both(saved(tmp_path, "a.jsonl", "hello\nworld\n"))

    def test_unknown_suffix_names_the_known_ones(self, tmp_path: Path) -> None:
        with pytest.raises(DataError, match=r"'\.xlsx' .*\.jsonl.*\.csv.*\.parquet"):
            both(saved(tmp_path, "a.xlsx", "x"))

    def test_absent_and_folder(self, tmp_path: Path) -> None:
        for name in ("a.jsonl", "runs"):
            with pytest.raises(DataError, match="no such file"):
                both(tmp_path / name)
        (tmp_path / "b.jsonl").mkdir()
        with pytest.raises(DataError, match="is a folder"):
            both(tmp_path / "b.jsonl")

    def test_another_encoding(self, tmp_path: Path) -> None:
        with pytest.raises(DataError, match=r"a\.csv is not UTF-8"):
            both(saved(tmp_path, "a.csv", "a,b\n1,é\n".encode("latin-1")))

    @pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root reads everything")
    def test_no_permission(self, tmp_path: Path) -> None:
        path = saved(tmp_path, "a.jsonl", "{}")
        path.chmod(0)
        with pytest.raises(EnvironmentFault, match="Permission denied"):
            both(path)


@pytest.mark.parametrize(
    ("cell", "text"), [("x", "x"), (18, "18"), (18.0, "18"), (0.1, "0.1"), (-0.5, "-0.5"), ("", "")]
)
def test_cells_as_text(cell: object, text: str) -> None:
    assert cell_text(cell) == text


@pytest.mark.parametrize(
    ("cell", "says"),
    [
        (None, "is missing"),
        (float("nan"), "is missing"),
        (True, "should be text, is True"),
        (["5"], "should be text, is a list"),
        ({}, "should be text, is an object"),
        (1e30, "too large a number"),
        ("\ud800", "not valid Unicode"),
    ],
)
def test_cells_that_are_no_text(cell: object, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        cell_text(cell)
