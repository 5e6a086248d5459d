"use strict";
// Whatever a model wrote reaches the page through textContent only.
(async () => {
  const REASONS = ["correct", "wrong", "truncated", "looped", "no answer", "undecided", "failed", "ungraded"];
  const GLYPH = { correct: "✓", wrong: "✗", truncated: "…", looped: "↻", "no answer": "∅", undecided: "?", failed: "!", ungraded: "·" };
  const SIDE_BY_SIDE = 8;
  const $ = (id) => document.getElementById(id);
  const css = (reason) => "o-" + reason.replace(" ", "-");

  function make(tag, attributes = {}, ...children) {
    const node = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) if (value != null) node.setAttribute(name, value);
    node.append(...children.filter((child) => child != null));
    return node;
  }

  async function unpack(text) {
    const bytes = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
    return new Response(stream).json();
  }

  const { lines, problems } = await unpack($("data").textContent.trim());
  const swatch = (reason) => make("span", { class: "swatch " + css(reason) });
  const answersOf = (problem) => Object.entries(problem.answers).flatMap(([line, all]) => all.map((a) => [Number(line), a]));
  const link = (p, line, sample) => `#r/${p}/${line}/${sample}`;

  // ---- the table of problems
  const reasonsOf = (problem) => new Set(Object.values(problem.counts).flatMap(Object.keys));
  const present = REASONS.filter((r) => problems.some((p) => reasonsOf(p).has(r)));
  const choices = [["", "all"], ["differ", "where runs differ"], ["right", "all correct"], ["never", "never correct"], ...present.map((r) => ["=" + r, "with " + r])];
  $("show").append(...choices.map(([value, text]) => make("option", { value }, text)));

  $("table").tHead.append(make("tr", {}, make("th", { scope: "col" }, "problem"), ...lines.map((l) => make("th", { scope: "col", title: l.run }, l.name)), make("th", { scope: "col" }, "question")));
  // Few responses stand side by side; of many each outcome has its number, and opens its first.
  function cell(problem, p, line, l) {
    const answers = problem.answers[l] || [], counts = problem.counts[l] || {};
    const all = Object.values(counts).reduce((sum, n) => sum + n, 0);
    const each = answers.length === all && all <= SIDE_BY_SIDE
      ? answers.map((answer) => [answer.reason, answer, ""])
      : REASONS.filter((r) => counts[r]).map((r) => [r, answers.find((a) => a.reason === r), counts[r] > 1 ? ` ${counts[r]}` : ""]);
    return make("td", {}, ...each.flatMap(([reason, answer, times]) => {
      const label = `${problem.id}, ${line.name}: ${reason}${times}`;
      const place = answer ? { href: link(p, l, answer.sample), title: reason } : { title: `${reason}, not in this file` };
      return [make(answer ? "a" : "span", { ...place, "aria-label": label }, swatch(reason), GLYPH[reason] + times), " "];
    }));
  }
  const rows = problems.map((problem, p) => {
    const cells = lines.map((line, l) => cell(problem, p, line, l));
    const row = make("tr", {}, make("td", {}, problem.id), ...cells, make("td", { class: "q", title: problem.question }, problem.question));
    const text = `${problem.benchmark} ${problem.id} ${problem.question} ${problem.gold}`.toLowerCase();
    return { row, text, reasons: reasonsOf(problem), p };
  });
  $("table").tBodies[0].append(...rows.map((r) => r.row));

  const kept = (reasons, show) => {
    const right = reasons.has("correct");
    if (show === "differ") return right && reasons.size > 1;
    if (show === "right") return right && reasons.size === 1;
    if (show === "never") return !right;
    return !show || reasons.has(show.slice(1));
  };
  let visible = rows, at = -1;
  function filter() {
    const words = $("find").value.toLowerCase().split(/\s+/).filter(Boolean), show = $("show").value;
    visible = [];
    for (const each of rows) {
      const shown = words.every((w) => each.text.includes(w)) && kept(each.reasons, show);
      each.row.hidden = !shown;
      if (shown) visible.push(each);
    }
    $("shown").textContent = `${visible.length} of ${rows.length}`;
    move(-1);
  }
  function move(to) {
    if (at >= 0 && visible[at]) visible[at].row.classList.remove("at");
    for (const each of document.querySelectorAll("#table tr.at")) each.classList.remove("at");
    at = Math.max(-1, Math.min(to, visible.length - 1));
    if (at >= 0) {
      visible[at].row.classList.add("at");
      visible[at].row.scrollIntoView({ block: "nearest" });
    }
  }
  $("filters").addEventListener("submit", (event) => event.preventDefault());
  $("find").addEventListener("input", filter);
  $("show").addEventListener("change", filter);
  filter();

  // ---- the page of a response
  function facts(pairs) {
    const list = make("dl");
    for (const [name, value] of pairs) if (value !== null && value !== undefined && value !== "" && value !== 0) list.append(make("dt", {}, name), make("dd", {}, ...mathematics(String(value), name === "gold" || name === "extracted")));
    return list;
  }
  function written(segments) {
    const box = make("pre", { tabindex: "0", "aria-label": "response" });
    for (const [by, role, looped, text] of segments) {
      const kinds = [looped ? "looped" : by === "forced" ? "forced" : by === "model" ? "" : "second", role === "thinking" ? "thinking" : ""];
      const author = by === "forced" ? "written by the strategy" : by;
      box.append(make("span", { class: kinds.join(" ").trim(), title: `${author}, ${role}${looped ? ", looping" : ""}` }, ...mathematics(text)));
    }
    return box;
  }
  let place = null;
  function open(p, l, sample) {
    const problem = problems[p], all = problem && problem.answers[l], answer = all && (all.find((a) => a.sample === sample) || all[0]);
    if (!answer) return close();
    place = { p, l, sample: answer.sample };
    const chips = lines.flatMap((line, other) => (problem.answers[other] || []).map((a) => make("a", { class: "chip", href: link(p, other, a.sample), "aria-current": other === l && a.sample === answer.sample ? "page" : null }, swatch(a.reason), `${line.name}${problem.answers[other].length > 1 ? " #" + a.sample : ""}`)));
    const bar = make("nav", { class: "bar", "aria-label": "responses" }, make("a", { class: "chip", href: "#problems" }, "← all problems"), ...chips, make("span", { class: "keys" }, make("kbd", {}, "←"), " ", make("kbd", {}, "→"), " problem ", make("kbd", {}, "↑"), " ", make("kbd", {}, "↓"), " run ", make("kbd", {}, "Esc"), " back"));
    const f = answer.facts;
    const trail = (answer.trail || []).map(([stage, outcome, extracted, evidence, confidence]) => make("tr", {}, ...[stage, outcome, extracted, evidence, confidence === null ? "" : confidence.toFixed(2)].map((t) => make("td", {}, ...mathematics(t)))));
    const labels = (answer.labels || []).map(([outcome, by, when, note]) => make("tr", {}, ...[outcome, by, when, note].map((t) => make("td", {}, t))));
    const table = (heads, body) => make("div", { class: "scroll" }, make("table", {}, make("thead", {}, make("tr", {}, ...heads.map((h) => make("th", { scope: "col" }, h)))), make("tbody", {}, ...body)));
    const legend = make("p", { class: "note" });
    if (answer.segments.some(([, role]) => role === "thinking")) legend.append("grey: thinking ");
    for (const [name, text] of [["forced", "written by the strategy"], ["second", "second model"], ["looped", "loop after its first cycle"]])
      if (answer.segments.some(([by, , looped]) => (name === "looped" ? looped : name === "forced" ? by === "forced" : by !== "forced" && by !== "model"))) legend.append(make("mark", { style: `background: var(--${name}); color: inherit` }, text), " ");
    const page = $("page");
    page.replaceChildren(
      bar,
      make("h2", { tabindex: "-1", id: "head" }, `${problem.id} · ${lines[l].name} · `, swatch(answer.reason), answer.reason),
      make("pre", {}, ...mathematics(problem.question), ...problem.choices.map((c, i) => make("span", {}, `\n${String.fromCharCode(65 + i)}) `, ...mathematics(c)))),
      facts([["gold", problem.gold], ["extracted", answer.extracted], ["decided by", answer.stage], ["loop", answer.loop], ["ended", f.finish], ["tokens", f.tokens], ["forced tokens", f.forced], ["discarded tokens", f.discarded], ["seconds", f.seconds], ["seed", f.seed], ["error", f.error], ["run", lines[l].run]]),
      legend,
      written(answer.segments),
      trail.length ? make("h2", {}, "Trail") : "",
      trail.length ? table(["stage", "outcome", "answer read", "evidence", "confidence"], trail) : "",
      labels.length ? make("h2", {}, "Labels") : "",
      labels.length ? table(["outcome", "by", "at", "note"], labels) : "",
    );
    page.hidden = false;
    $("overview").hidden = true;
    document.querySelector("header").hidden = true;
    $("head").focus({ preventScroll: true });
    bar.querySelector("[aria-current]").scrollIntoView({ block: "nearest" });
    scrollTo(0, 0);
  }
  function close() {
    const from = place;
    place = null;
    $("page").hidden = true;
    $("overview").hidden = false;
    document.querySelector("header").hidden = false;
    if (from) {
      $("problems").scrollIntoView();
      move(visible.findIndex((each) => each.p === from.p));
    }
  }
  function route() {
    const match = location.hash.match(/^#r\/(\d+)\/(\d+)\/(\d+)$/);
    if (match) open(...match.slice(1).map(Number));
    else if (place || !$("page").hidden) close();
  }
  addEventListener("hashchange", route);
  route();

  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.matches("input, select")) {
      if (event.key === "Escape") event.target.blur();
      return;
    }
    if (place) {
      const { p, l, sample } = place;
      const list = visible.map((each) => each.p).filter((each) => problems[each].answers[l]);
      const mates = answersOf(problems[p]).map(([line, a]) => [line, a.sample]);
      const index = mates.findIndex(([line, s]) => line === l && s === sample);
      const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key], turn = { ArrowUp: -1, ArrowDown: 1 }[event.key];
      if (event.key === "Escape") location.hash = "#problems";
      else if (step && list[list.indexOf(p) + step] !== undefined) location.hash = link(list[list.indexOf(p) + step], l, sample);
      else if (turn && mates[index + turn]) location.hash = link(p, ...mates[index + turn]);
      else return;
      event.preventDefault();
    } else if (event.key === "/") {
      $("find").focus();
      event.preventDefault();
    } else if (event.key === "j" || event.key === "k") move(at + (event.key === "j" ? 1 : -1));
    else if (event.key === "Enter" && at >= 0 && event.target === document.body) {
      const first = visible[at].row.querySelector("a");
      if (first) location.hash = first.getAttribute("href");
    }
  });
})();
