"use strict";
(() => {
  const bytes = Uint8Array.from(atob(JSON.parse(document.getElementById("data").textContent)), c => c.charCodeAt(0));
  const data = JSON.parse(new TextDecoder().decode(bytes));
  const rows = data.rows, store = "judgekit-labels-" + data.name;
  const $ = id => document.getElementById(id);
  const filters = ["open", "all", "labelled", "unsure"];
  let state = { labels: {}, by: data.by || "" }, at = 0, unfolded = false, history = [];

  // A browser may refuse storage to a local file; the labels then last as long as the page.
  try { state = Object.assign(state, JSON.parse(localStorage.getItem(store) || "{}")); } catch { /* none */ }
  const keep = () => { try { localStorage.setItem(store, JSON.stringify(state)); } catch { /* none */ } };
  let saved = true;

  const label = i => state.labels[i];
  const shown = i => {
    const said = label(i) && label(i).outcome, wanted = $("filter").value;
    if (wanted === "open" && said || wanted === "labelled" && !said || wanted === "unsure" && said !== "unsure") return false;
    const sought = $("search").value.trim().toLowerCase();
    if (!sought) return true;
    const row = rows[i], text = (row.whole || row.response).map(part => part[1]).join("");
    return [row.id, row.question, row.gold, text].join("\n").toLowerCase().includes(sought);
  };
  const step = (start, by) => {
    for (let n = 0; n < rows.length; n++) {
      const i = (((start + n * by) % rows.length) + rows.length) % rows.length;
      if (shown(i)) { at = i; break; }
    }
    unfolded = false;
    draw();
  };

  const element = (name, text, look) => {
    const made = document.createElement(name);
    made.textContent = text;
    if (look) made.className = look;
    return made;
  };
  const fill = (id, children) => $(id).replaceChildren(...children);

  function draw() {
    const row = rows[at], here = rows.length && shown(at), done = Object.keys(state.labels).filter(i => label(i).outcome).length;
    $("progress").textContent = `${done} of ${rows.length} labelled${data.blind ? " · blind" : ""}${saved ? "" : " · not downloaded yet"}`;
    $("filled").style.width = `${100 * done / Math.max(rows.length, 1)}%`;
    document.querySelector("article").hidden = !here;
    $("nothing").hidden = here;
    if (!here) {
      $("nothing").textContent = done === rows.length && !$("search").value
        ? "All rows are labelled. Download the CSV and send it back." : "No row is shown here: change the search or what is shown.";
      return;
    }
    $("name").textContent = row.id + (row.sample ? ` · sample ${row.sample}` : "") + (row.variant ? ` · ${row.variant}` : "");
    const said = label(at) || {};
    $("said").textContent = said.outcome ? `labelled ${said.outcome}` : "";
    $("said").className = said.outcome || "";
    $("question").textContent = row.question || "(the question is not known)";
    fill("choices", row.choices.map(choice => element("li", choice)));
    $("gold").textContent = row.gold;
    const parts = unfolded && row.whole ? row.whole : row.response;
    fill("response", parts.map(([look, text]) => element("span", text, look)));
    if (!parts.length) $("response").textContent = "(the response is empty)";
    $("unfold").hidden = !row.whole;
    $("response").scrollTop = unfolded ? 0 : $("response").scrollHeight;
    $("verdicts-box").hidden = data.blind;
    fill("verdicts", row.verdicts.concat(row.why).map(line => element("li", line)));
    $("note").value = said.note || "";
  }

  const change = (i, value) => {
    history.push([i, label(i)]);
    state.labels[i] = value;
    saved = false;
    keep();
  };
  function say(outcome) {
    if (!rows.length || !shown(at)) return;
    change(at, { outcome, note: $("note").value, at: new Date().toISOString() });
    step(at + 1, 1);
  }
  function undo() {
    const last = history.pop();
    if (!last) return;
    if (last[1]) state.labels[last[0]] = last[1]; else delete state.labels[last[0]];
    at = last[0];
    if (!shown(at)) { $("filter").value = "all"; $("search").value = ""; }
    saved = false;
    keep();
    draw();
  }

  // A spreadsheet takes a field that begins so for a formula.
  const cell = value => {
    let text = String(value ?? "");
    if (/^[=+\-@\t\r]/.test(text)) text = "'" + text;
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  function csv() {
    const lines = [["id", "sample", "variant", "label", "note", "by", "at", "design", "probability", "blind"]];
    rows.forEach((row, i) => {
      const said = label(i);
      if (said && said.outcome) lines.push([row.id, row.sample, row.variant, said.outcome, said.note, state.by, said.at, row.design, row.probability, data.blind]);
    });
    return lines.map(line => line.map(cell).join(",")).join("\r\n") + "\r\n";
  }
  function download() {
    if (!state.by.trim()) { $("by").focus(); $("progress").textContent = "Write your name first: labels carry it."; return; }
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([csv()], { type: "text/csv" }));
    link.download = "labels.csv";
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
    saved = true;
    draw();
  }

  const toggle = () => { unfolded = !unfolded; draw(); };
  const nextFilter = () => { $("filter").value = filters[(filters.indexOf($("filter").value) + 1) % 4]; step(at, 1); };
  const keys = {
    c: () => say("correct"), i: () => say("incorrect"), u: () => say("unsure"), s: () => step(at + 1, 1),
    ArrowRight: () => step(at + 1, 1), ArrowLeft: () => step(at - 1, -1), z: undo, t: toggle, f: nextFilter,
    n: () => $("note").focus(), "/": () => $("search").focus(),
  };
  document.addEventListener("keydown", event => {
    const writing = /^(INPUT|SELECT)$/.test(event.target.tagName);
    if (event.key === "Escape" || event.key === "Enter" && event.target.tagName === "INPUT") { event.target.blur(); $("row").focus(); return; }
    if (writing || event.ctrlKey && event.key !== "z" || event.metaKey || event.altKey) return;
    if (keys[event.key]) { event.preventDefault(); keys[event.key](); }
  });
  for (const outcome of ["correct", "incorrect", "unsure"]) $(outcome).onclick = () => say(outcome);
  $("skip").onclick = () => step(at + 1, 1);
  $("back").onclick = () => step(at - 1, -1);
  $("undo").onclick = undo;
  $("unfold").onclick = toggle;
  $("save").onclick = download;
  $("by").value = state.by;
  $("by").oninput = () => { state.by = $("by").value; keep(); };
  $("note").onchange = () => { if (label(at)) { change(at, { ...label(at), note: $("note").value }); draw(); } };
  $("filter").onchange = $("search").oninput = () => step(at, 1);
  addEventListener("beforeunload", event => { if (!saved) event.preventDefault(); });
  step(0, 1);
})();
