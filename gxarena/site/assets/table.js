"use strict";
// The table: rows of one board, filtered, searched and sorted here; the view is in the address.
(() => {
  const { state, keep, element, svg, number, duration } = gxarena;
  const STEP = 200, WIDTH = 120;
  const FILTERS = ["question", "dataset", "model", "explainer", "metric", "role"];
  const form = document.getElementById("controls");
  const table = document.getElementById("table");
  const percent = (share) => (share === null ? "–" : `${Math.floor(100 * share + 1e-9)}%`);
  const interval = (row) => (row.ci_low === null ? "–" : `${number(row.ci_low)} to ${number(row.ci_high)}`);
  // key, heading, what stands there, what it is sorted by, shown at first
  const COLUMNS = [
    ["explainer", "explainer", (row) => link(row.explainer_page, row.explainer), null, true],
    ["model", "model", (row) => link(row.model_page, row.model), null, true],
    ["dataset", "data set", (row) => row.dataset, null, true],
    ["metric", "metric", (row) => link(row.metric_page, row.metric), null, true],
    ["aggregator", "scores on", (row) => row.aggregator, null, true],
    ["question", "question", (row) => row.question || "–", null, false],
    ["role", "who", (row) => row.role, null, false],
    ["estimate", "mean", (row) => link(row.dossier, row.estimate === null ? (row.n_failed ? "failed" : "undefined") : number(row.estimate)), null, true],
    ["ci", "95% interval", interval, (row) => row.ci_low, true],
    ["dots", "drawn", dots, (row) => row.estimate, true],
    ["direction", "better", (row) => (row.direction === "none" ? "–" : row.direction), null, false],
    ["rank", "rank", (row) => row.place, null, true],
    ["tier", "tier", (row) => row.tier ?? "–", null, true],
    ["coverage", "coverage", (row) => percent(row.coverage), null, true],
    ["seconds_per_sequence", "a sequence", (row) => duration(row.seconds_per_sequence), null, true],
    ["sequences", "sequences", (row) => row.sequences, null, false],
    ["replicates", "weights", (row) => row.replicates, null, false],
    ["n_undefined", "undefined", (row) => row.n_undefined, null, false],
    ["n_failed", "failed", (row) => row.n_failed, null, false],
    ["not_ranked", "not ranked because", (row) => row.not_ranked || "–", null, false],
    ["behind_best", "behind the best", (row) => number(row.behind_best), null, false],
    ["estimate_filled", "mean with the floor's", (row) => number(row.estimate_filled), null, false],
    ["rank_filled", "rank with the floor's", (row) => row.rank_filled ?? "–", null, false],
    ["verification", "checked", (row) => row.verification, null, false],
  ];
  const TEXT = new Set(["explainer", "model", "dataset", "metric", "aggregator", "question", "role", "direction", "verification", "not_ranked"]);
  let rows = [], axes = new Map(), many = STEP;

  function link(page, text) {
    return element("a", { href: page }, text);
  }

  const group = (row) => JSON.stringify([row.metric, row.aggregator, row.dataset]);

  // Of one metric on one data set all stand on one axis.
  function measure() {
    axes = new Map();
    for (const row of rows) {
      const axis = axes.get(group(row)) ?? [Infinity, -Infinity];
      for (const value of [row.estimate, row.ci_low, row.ci_high])
        if (value !== null) { axis[0] = Math.min(axis[0], value); axis[1] = Math.max(axis[1], value); }
      axes.set(group(row), axis);
    }
  }

  function dots(row) {
    if (row.estimate === null) return "";
    const [low, high] = axes.get(group(row));
    const x = (value) => 6 + ((value - low) / (high - low || 1)) * (WIDTH - 12);
    const drawn = svg("svg", { class: `dot ${row.role}`, width: WIDTH, height: 18, "aria-hidden": "true" });
    drawn.append(svg("line", { class: "ground", x1: 6, x2: WIDTH - 6, y1: 9, y2: 9 }));
    if (low < 0 && high > 0) drawn.append(svg("line", { class: "zero", x1: x(0), x2: x(0), y1: 0, y2: 18 }));
    if (row.ci_low !== null) drawn.append(svg("line", { class: "interval", x1: x(row.ci_low), x2: x(row.ci_high), y1: 9, y2: 9 }));
    drawn.append(svg("circle", { cx: x(row.estimate), cy: 9, r: 4 }));
    return drawn;
  }

  function unfolded(data) {
    const columns = Object.entries(data.columns);
    return Array.from({ length: data.length }, (_, i) => {
      const row = {};
      for (const [name, column] of columns) row[name] = column.levels ? column.levels[column.codes[i]] : column[i];
      return row;
    });
  }

  const compare = (a, b) => (a === b ? 0 : a === null ? 1 : b === null ? -1 : typeof a === "string" ? a.localeCompare(b, "en", { numeric: true }) : a - b);

  function chosen() {
    const view = state();
    const words = (view.get("q") ?? "").toLowerCase().split(/\s+/).filter(Boolean);
    const filters = FILTERS.filter((name) => view.get(name));
    const found = rows.filter((row) => {
      if (!filters.every((name) => row[name] === view.get(name))) return false;
      const text = words.length ? `${row.explainer} ${row.model} ${row.dataset} ${row.metric} ${row.aggregator} ${row.question} ${row.role}`.toLowerCase() : "";
      return words.every((word) => text.includes(word));
    });
    const sort = view.get("sort");
    if (sort) {
      const down = sort.startsWith("-");
      const [key, , , by] = COLUMNS.find(([name]) => name === sort.replace(/^-/, "")) ?? COLUMNS[0];
      const value = by ?? ((row) => row[key]);
      found.sort((a, b) => (value(a) === null || value(b) === null ? compare(value(a), value(b)) : (down ? -1 : 1) * compare(value(a), value(b))));
    }
    return found;
  }

  function shownColumns() {
    const asked = state().get("columns");
    return COLUMNS.filter(([key, , , , first]) => (asked ? asked.split(",").includes(key) : first));
  }

  function draw() {
    const found = chosen(), columns = shownColumns(), sort = state().get("sort") ?? "";
    const head = element("tr");
    for (const [key, heading] of columns) {
      const now = sort.replace(/^-/, "") === key;
      const cell = element("th", { scope: "col", "aria-sort": now ? (sort.startsWith("-") ? "descending" : "ascending") : "none" });
      if (!TEXT.has(key)) cell.className = key === "dots" ? "dots" : "number";
      const button = element("button", { type: "button" }, heading + (now ? (sort.startsWith("-") ? " ▼" : " ▲") : ""));
      button.addEventListener("click", () => {
        keep({ sort: now && !sort.startsWith("-") ? `-${key}` : now ? "" : key });
        draw();
        [...table.querySelectorAll("thead button")].find((one) => one.textContent.startsWith(heading))?.focus();
      });
      cell.append(button);
      head.append(cell);
    }
    const body = element("tbody");
    for (const row of found.slice(0, many)) {
      const line = element("tr", { class: row.role });
      columns.forEach(([key, , shown], i) => {
        const cell = element(i ? "td" : "th", i ? { class: key === "dots" ? "dots" : key === "metric" || key === "aggregator" ? `name ${key}` : TEXT.has(key) ? "" : "number" } : { scope: "row" });
        cell.append(shown(row));
        line.append(cell);
      });
      body.append(line);
    }
    table.replaceChildren(element("thead", {}, head), body);
    document.getElementById("count").textContent = `${found.length} of ${rows.length} rows` + (found.length > many ? `, the first ${many} shown` : "") + ".";
    document.getElementById("more").hidden = found.length <= many;
  }

  function fill() {
    const view = state();
    for (const name of FILTERS) {
      const select = form.elements[name];
      const known = [...new Set(rows.map((row) => row[name]))].filter(Boolean).sort((a, b) => a.localeCompare(b, "en", { numeric: true }));
      select.replaceChildren(element("option", { value: "" }, "all"), ...known.map((value) => element("option", { value }, value)));
      const wanted = view.get(name) ?? "";
      // What the address asks for is shown, also where this board has none of it.
      if (wanted && !known.includes(wanted)) select.append(element("option", { value: wanted }, `${wanted} (none here)`));
      select.value = wanted;
    }
    form.elements.q.value = view.get("q") ?? "";
    const box = document.getElementById("columns");
    const now = new Set(shownColumns().map(([key]) => key));
    box.replaceChildren(...COLUMNS.map(([key, heading]) => {
      const input = element("input", { type: "checkbox", value: key });
      input.checked = now.has(key);
      return element("label", {}, input, ` ${heading}`);
    }));
  }

  async function open() {
    const board = state().get("board") ?? "1";
    form.elements.board.value = board;
    const name = `board-${form.elements.board.value || "1"}`;
    rows = unfolded(await gxarena.load(name, `data/${name}.js`));
    measure();
    fill();
    draw();
  }

  form.addEventListener("input", ({ target }) => {
    many = STEP;
    keep({ [target.name]: target.name === "board" && target.value === "1" ? "" : target.value });
    if (target.name === "board") {
      keep(Object.fromEntries(FILTERS.map((name) => [name, ""])));
      open();
    } else draw();
  });
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("reset", (event) => {
    event.preventDefault();
    const board = state().get("board");
    history.replaceState(null, "", board ? `#board=${board}` : "#");
    many = STEP;
    open();
  });
  document.getElementById("columns").addEventListener("change", () => {
    const keys = [...document.querySelectorAll("#columns input:checked")].map((input) => input.value);
    keep({ columns: keys.join(",") });
    draw();
  });
  document.getElementById("more").addEventListener("click", () => {
    many += 5 * STEP;
    draw();
  });
  window.addEventListener("hashchange", open);
  open();
})();
