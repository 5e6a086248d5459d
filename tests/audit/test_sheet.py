"""Sheets and pages for people without a terminal: what goes out, what comes back."""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from making import label, row, subject

from judgekit.audit.page import page
from judgekit.audit.plan import plan_uniform, write_plan
from judgekit.audit.queue import Task
from judgekit.audit.sheet import read_sheet, sheet
from judgekit.audit.subject import Subject
from judgekit.audit.tasks import planned
from judgekit.errors import DataError
from judgekit.records import Verdict
from judgekit.runs import Writer

HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(1)>\x1b[31m\u202e]]>"
NOW = "2026-02-02T00:00:00+00:00"


def made(folder: Path) -> Subject:
    return subject(
        folder,
        [
            row("a", "correct", "large", Verdict("large", "correct", "4", "It matches.")),
            row("=cmd|' /C calc'!A0", text="=1+1", question="+Q", gold="-4"),
            row("c", text=HOSTILE, question=HOSTILE, gold=HOSTILE),
        ],
    )


def filled(text: str, labels: dict[int, str], **more: str) -> str:
    """The sheet as somebody sends it back."""
    rows = list(csv.DictReader(io.StringIO(text)))
    for number, word in labels.items():
        rows[number] |= {"label": word, **more}
    out = io.StringIO()
    writer = csv.DictWriter(out, list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


class TestSheet:
    def test_a_sheet_comes_back_as_labels(self, tmp_path: Path) -> None:
        what = made(tmp_path)
        plan = plan_uniform(what, 3)
        write_plan(what, plan)
        text = sheet(planned(what, plan), blind=True)
        path = tmp_path / "back.csv"
        path.write_text(filled(text, {0: "Correct", 2: " u "}, by="ben", note="n"), "utf-8")
        found = read_sheet(path, what, plan, by="ana", at=NOW)
        keys = [each.id for each in plan.rows]
        assert [(each.id, each.outcome) for each in found.labels] == [
            (keys[0], "correct"),
            (keys[2], "undecided"),
        ]
        assert {(e.by, e.at, e.note, e.blind, e.design) for e in found.labels} == {
            ("ben", NOW, "n", True, "uniform")
        }
        assert {each.probability for each in found.labels} == {1.0}
        assert (found.same, found.empty) == (0, 1)
        with Writer(tmp_path) as writer:
            writer.append(*found.labels)
        again = read_sheet(path, what, plan, by="ana", at=NOW)
        assert (again.labels, again.same) == ((), 2)

    def test_blind_sheets_show_no_verdict(self, tmp_path: Path) -> None:
        tasks = [Task(each, "triage") for each in made(tmp_path).rows]
        assert "It matches." in sheet(tasks, blind=False)
        assert "It matches." not in sheet(tasks, blind=True)

    def test_no_field_is_a_formula(self, tmp_path: Path) -> None:
        tasks = [Task(each, "triage") for each in made(tmp_path).rows]
        for fields in csv.reader(io.StringIO(sheet(tasks, blind=False))):
            assert not [field for field in fields if field.startswith(("=", "+", "-", "@"))]

    def test_every_wrong_row_is_named_and_nothing_imported(self, tmp_path: Path) -> None:
        what = made(tmp_path)
        path = tmp_path / "wrong.csv"
        path.write_text(
            "id,label,design,sample\n"
            "nobody,c,,\n"
            "a,maybe,,\n"
            "a,c,,\n"
            "a,i,,0\n"
            "c,c,plan,\n"
            "c,c,chance,\n"
            "c,c,,x\n"
        )
        with pytest.raises(DataError) as fault:
            read_sheet(path, what, None, by="ana", at=NOW)
        assert fault.value.message.split(": ", 1)[1] == (
            "row 1: id 'nobody' is no row of what is audited; "
            "row 2: label 'maybe' is none of correct, incorrect, unsure; "
            "row 4: id 'a' is labelled by ana in row 3 too; "
            "row 5: id 'c' was not drawn by the plan in force; "
            "row 6: design 'chance' is none of uniform, plan, triage; and 1 more"
        )
        assert fault.value.hint == "nothing was imported"

    def test_two_people_may_label_one_row(self, tmp_path: Path) -> None:
        path = tmp_path / "two.csv"
        path.write_text("id,label,by\na,c,ana\na,i,ben\n")
        found = read_sheet(path, made(tmp_path), None, by="x", at=NOW)
        assert [each.by for each in found.labels] == ["ana", "ben"]

    def test_a_sheet_without_the_columns(self, tmp_path: Path) -> None:
        path = tmp_path / "none.csv"
        path.write_text("name,verdict\na,c\n")
        with pytest.raises(DataError, match="row 1: there is no column 'id'"):
            read_sheet(path, made(tmp_path), None, by="x", at=NOW)

    def test_jsonl_with_truth_values(self, tmp_path: Path) -> None:
        path = tmp_path / "sheet.jsonl"
        path.write_text('{"id":"a","label":true}\n{"id":"c","sample":0,"label":false}\n')
        found = read_sheet(path, made(tmp_path), None, by="x", at=NOW)
        assert [each.outcome for each in found.labels] == ["correct", "incorrect"]

    def test_a_changed_label_replaces_the_earlier_one(self, tmp_path: Path) -> None:
        with Writer(tmp_path) as writer:
            writer.append(label("a", "correct", design="triage"))
        path = tmp_path / "two.csv"
        path.write_text("id,label\na,i\n")
        (new,) = read_sheet(path, made(tmp_path), None, by="ana", at=NOW).labels
        assert new.outcome == "incorrect"


class TestPage:
    def text(self, folder: Path, blind: bool = False) -> str:
        tasks = [Task(each, "uniform", 0.5) for each in made(folder).rows]
        return page(tasks, "<b>a run</b>", blind=blind)

    def test_it_stands_alone(self, tmp_path: Path) -> None:
        text = self.text(tmp_path)
        assert not re.search(r"""(?:src|href)\s*=\s*["']?(?:https?:)?//""", text)
        assert "@import" not in text
        assert "url(" not in text
        (script,) = re.findall(r"<script>(.*?)</script>", text, re.DOTALL)
        allowed = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
        assert f"script-src 'sha256-{allowed}'" in text
        assert "default-src 'none'" in text

    def test_hostile_text_is_data(self, tmp_path: Path) -> None:
        text = self.text(tmp_path)
        assert "alert(1)" not in text
        assert "<b>a run" not in text
        (data,) = re.findall(r'id="data">"([^"]*)"', text)
        rows = json.loads(base64.b64decode(data))["rows"]
        assert rows[2]["question"].endswith("\\x1b[31m\\u202e]]>")

    def test_blind_pages_carry_no_verdict(self, tmp_path: Path) -> None:
        for blind in (True, False):
            (data,) = re.findall(r'id="data">"([^"]*)"', self.text(tmp_path, blind))
            assert (b"It matches." in base64.b64decode(data)) is not blind


DRIVER = """
<script>
addEventListener("load", () => {
  const press = key => document.dispatchEvent(
    new KeyboardEvent("keydown", {key, bubbles: true, cancelable: true}));
  URL.createObjectURL = blob => { blob.text().then(text => {
    const out = document.createElement("pre");
    out.id = "csv"; out.textContent = text;
    document.body.append(out);
  }); return "#"; };
  document.getElementById("note").value = "units, \\"differ\\"";
  for (const key of KEYS) press(key);
  const by = document.getElementById("by"); by.value = "ana"; by.oninput();
  document.getElementById("save").click();
});
</script>
"""


@pytest.mark.browser
class TestInABrowser:
    @pytest.fixture
    def dom(self, tmp_path: Path) -> Any:
        browser = next(filter(None, map(shutil.which, ("chromium", "google-chrome"))), None)
        if browser is None:
            pytest.skip("no Chromium on the path")

        def dump(text: str) -> str:
            path = tmp_path / "page.html"
            path.write_text(text, encoding="utf-8")
            arguments = ("--headless=new", "--no-sandbox", "--disable-gpu", "--dump-dom")
            more = ("--virtual-time-budget=3000", f"--user-data-dir={tmp_path / 'profile'}")
            done = subprocess.run(
                [browser, *arguments, *more, path.as_uri()],
                capture_output=True,
                text=True,
                timeout=90,
                check=True,
            )
            return done.stdout

        return dump

    def test_the_page_as_written_shows_the_first_row(self, tmp_path: Path, dom: Any) -> None:
        tasks = [Task(each, "uniform", 0.5) for each in made(tmp_path).rows[2:]]
        shown = dom(page(tasks, "a run", blind=False))
        assert "0 of 1 labelled" in shown
        assert "&lt;img src=x onerror=alert(1)&gt;\\x1b[31m\\u202e]]&gt;" in shown
        assert "<img" not in shown

    def test_keys_label_and_the_csv_comes_back(self, tmp_path: Path, dom: Any) -> None:
        what = made(tmp_path)
        plan = plan_uniform(what, 3)
        write_plan(what, plan)
        text = page(planned(what, plan), "a run", blind=True)
        # The file itself lets no other script run.
        text = re.sub(r"<meta http-equiv[^>]*>", "", text)
        driver = DRIVER.replace("KEYS", '["c", "i", "z", "s", "u"]')
        shown = dom(text.replace("</body>", f"{driver}</body>"))
        (table,) = re.findall(r'<pre id="csv">(.*?)</pre>', shown, re.DOTALL)
        import html

        path = tmp_path / "labels.csv"
        path.write_text(html.unescape(table), "utf-8")
        found = read_sheet(path, what, plan, by="x", at=NOW)
        keys = [each.id for each in plan.rows]
        assert [(each.id, each.outcome, each.note) for each in found.labels] == [
            (keys[0], "correct", 'units, "differ"'),
            (keys[2], "undecided", ""),
        ]
        assert {(each.by, each.design, each.blind) for each in found.labels} == {
            ("ana", "uniform", True)
        }
