"use strict";
// Two explanations of one sequence over each other, as letters or as the model's units.
(() => {
  const { state, keep, load, element, svg, number, glyph } = gxarena;
  const form = document.getElementById("explore");
  const place = document.getElementById("letters");
  const WIDTH = 11, PANEL = 62, GAP = 28, HIGHEST = 8;
  const fields = form.elements;

  const parts = (map, length) => {
    const ends = map.ends ?? Array.from({ length }, (_, i) => i + 1);
    return ends.map((end, i) => ({ start: i ? ends[i - 1] : 0, end, score: map.scores[i] ?? 0 }));
  };
  const isEnd = (name) => name.includes("SEP");

  // What stands on the axis, from left to right: special tokens at their ends, then nucleotides.
  function columns(sequence, one, other) {
    const names = fields.special.checked ? [...new Set([...Object.keys(one.special), ...Object.keys(other.special)])] : [];
    const special = (wanted) => names.filter((name) => isEnd(name) === wanted).map((name) => ({ special: name, width: 4 }));
    const letters = [...sequence.letters].map((letter, at) => ({ letter, at, width: 1 }));
    return [...special(false), ...letters, ...special(true)];
  }

  function wrapped(all) {
    const most = Math.max(20, Math.floor((place.clientWidth - 8) / WIDTH));
    const rows = [[]];
    let used = 0;
    for (const column of all) {
      if (used + column.width > most) { rows.push([]); used = 0; }
      rows.at(-1).push({ ...column, x: used * WIDTH });
      used += column.width;
    }
    return rows;
  }

  function largest(map) {
    const scores = [...map.scores, ...(fields.special.checked ? Object.values(map.special) : [])];
    return Math.max(...scores.map((score) => Math.abs(score ?? 0))) || 1;
  }

  function bar(x, width, height, zero, title) {
    const drawn = svg("rect", { class: height < 0 ? "fill-against" : "fill-for", x: x + 0.5, width: Math.max(width - 1, 1), y: height < 0 ? zero : zero - height, height: Math.abs(height) });
    drawn.append(svg("title", {}, title));
    return drawn;
  }

  // Units in the order in which the metric replaced them, until as many nucleotides are as it says.
  function replaced(one, index, length) {
    const steps = one.drops[index]?.[fields.order.value] ?? [];
    const step = steps[Math.min(Number(fields.budget.value), steps.length - 1)];
    if (!step || !step[0]) return { gone: new Set(), step };
    const sign = fields.order.value === "mif" ? -1 : 1;
    const ordered = parts(one.maps[index], length).sort((a, b) => sign * (a.score - b.score));
    const gone = new Set();
    let many = 0;
    for (const unit of ordered) {
      if (many >= step[0] * length - 0.5) break;
      gone.add(unit.start);
      many += unit.end - unit.start;
    }
    return { gone, step };
  }

  function panel(row, map, units, gone, top, name) {
    const zero = top + PANEL / 2 + 12, scale = PANEL / 2 / largest(map);
    const end = row.at(-1).x + row.at(-1).width * WIDTH;
    const drawn = svg("g");
    drawn.append(svg("line", { class: "stroke", x1: 0, x2: end, y1: zero, y2: zero, "stroke-width": 0.7 }));
    for (const column of row.filter((one) => one.special)) {
      const score = map.special[column.special];
      if (score === undefined || score === null) continue;
      drawn.append(bar(column.x, 4 * WIDTH, score * scale, zero, `${column.special} ${number(score)}`));
      drawn.append(svg("text", { class: "note", x: column.x, y: top + PANEL + 24 }, column.special));
    }
    const letters = row.filter((one) => one.letter);
    if (!letters.length) return drawn;
    const [first, last] = [letters[0].at, letters.at(-1).at];
    const x = (at) => letters[0].x + (at - first) * WIDTH;
    const here = units.filter((unit) => unit.end > first && unit.start <= last);
    for (const unit of here) {
      const [from, to] = [Math.max(unit.start, first), Math.min(unit.end, last + 1)];
      const marks = svg("g", gone.has(unit.start) ? { class: "gone" } : {});
      if (fields.level.value === "unit" && map.ends)
        marks.append(bar(x(from), (to - from) * WIDTH, unit.score * scale, zero, `${unit.start} to ${unit.end}: ${number(unit.score)}`));
      else for (const column of letters.slice(from - first, to - first)) marks.append(...glyph(column.letter, column.x, WIDTH, unit.score * scale, zero));
      // Crossed out, for colour and shade alone would not tell.
      if (gone.has(unit.start)) drawn.append(svg("line", { class: "stroke", x1: x(from) + 1, x2: x(to) - 1, y1: zero + 4, y2: zero - 4 }));
      drawn.append(marks);
      if (fields.level.value === "unit" && map.ends)
        for (const column of letters.slice(from - first, to - first))
          drawn.append(svg("text", { class: `fill-${column.letter}`, x: column.x + 2, y: top + PANEL + 24 }, column.letter));
      // A bracket under each token; open where it goes on in the next row.
      if (map.ends) {
        const y = top + PANEL + 14;
        const path = `${unit.start >= first ? `M${x(from) + 1.5} ${y - 3}V${y}` : `M${x(from)} ${y}`}H${x(to) - 1.5}${unit.end <= last + 1 ? `V${y - 3}` : ""}`;
        drawn.append(svg("path", { class: "stroke", d: path, "stroke-width": 1 }));
      }
    }
    if (name) drawn.append(svg("text", { class: "note", x: 0, y: top + 10 }, name));
    return drawn;
  }

  function annotations(row, sequence, top, height) {
    const drawn = svg("g");
    const letters = row.filter((one) => one.letter);
    if (!letters.length) return drawn;
    const [first, last] = [letters[0].at, letters.at(-1).at];
    for (const [start, end, name, strand] of sequence.annotations) {
      const [from, to] = [Math.max(start, first), Math.min(end, last + 1)];
      if (from >= to) continue;
      const x = letters[0].x + (from - first) * WIDTH;
      drawn.append(svg("rect", { class: "annotation", x, y: top, width: (to - from) * WIDTH, height, "stroke-dasharray": "3 2" }));
      drawn.append(svg("text", { class: "note", x: x + 2, y: top + height + 10 }, `${name}${strand === "." ? "" : ` (${strand})`}`));
    }
    return drawn;
  }

  function row_drawn(row, sequence, maps) {
    const height = 2 * (PANEL + GAP) + 22, width = row.at(-1).x + row.at(-1).width * WIDTH;
    const letters = row.filter((one) => one.letter);
    const span = letters.length ? `positions ${letters[0].at} to ${letters.at(-1).at + 1}` : "special tokens";
    const drawn = svg("svg", { width, height, viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": `Scores at ${span}` });
    drawn.append(annotations(row, sequence, 13, 2 * (PANEL + GAP) - 24));
    maps.forEach((map, i) => drawn.append(panel(row, map.map, map.units, map.gone, i * (PANEL + GAP), map.name)));
    for (const column of letters.filter((one) => one.at % 20 === 0))
      drawn.append(svg("text", { class: "note", x: column.x, y: height - 2 }, String(column.at)));
    return drawn;
  }

  // The same in words: for those who do not see it.
  function highest(sequence, { map, units, name }) {
    const most = largest(map);
    const listed = [...units].sort((a, b) => Math.abs(b.score) - Math.abs(a.score)).slice(0, HIGHEST);
    const list = element("ol");
    for (const unit of listed)
      list.append(element("li", {}, element("code", {}, sequence.letters.slice(unit.start, unit.end)), ` ${unit.start} to ${unit.end}: ${number(unit.score / most)} (${number(unit.score)})`));
    return element("section", {}, element("h2", {}, `Largest of ${name}`), list);
  }

  function options(select, pairs, wanted) {
    select.replaceChildren(...pairs.map(([value, text]) => element("option", { value }, text)));
    if (pairs.some(([value]) => value === wanted)) select.value = wanted;
  }

  let at = 0;
  async function show() {
    const turn = ++at;
    const view = state();
    if ([...fields.set.options].some((one) => one.value === view.get("set"))) fields.set.value = view.get("set");
    const name = `sequences-${fields.set.value}`;
    const data = await load(name, `data/${name}.js`);
    options(fields.sample, data.sequences.map(({ id, label }) => [id, label === null ? id : `${id} (class ${label})`]), view.get("sample"));
    const known = data.explanations.map(({ file, model, explainer, role }) => [file, `${model} / ${explainer}${role === "method" ? "" : ` (${role})`}`]);
    const methods = data.explanations.filter(({ role }) => role === "method").map(({ file }) => file);
    options(fields.a, known, view.get("a") ?? methods[0]);
    options(fields.b, known, view.get("b") ?? methods[1] ?? known[1]?.[0]);
    fields.level.value = view.get("level") ?? "nucleotide";
    fields.special.checked = view.get("special") === "1";
    fields.blind.checked = view.get("blind") === "1";
    document.body.classList.toggle("blind", fields.blind.checked);
    const index = data.sequences.findIndex(({ id }) => id === fields.sample.value);
    const sequence = data.sequences[index];
    const files = [fields.a.value, fields.b.value];
    const loaded = await Promise.all(files.map((file) => load(file, `data/${file}.js`)));
    if (turn !== at) return;
    const steps = Math.max(0, ...loaded.map((one) => (one.drops[index]?.mif?.length ?? 1) - 1));
    fields.budget.max = steps;
    fields.budget.disabled = fields.order.disabled = !steps;
    fields.order.value = view.get("order") ?? "mif";
    fields.budget.value = view.get("budget") ?? "0";
    const maps = loaded.map((one) => ({ ...replaced(one, index, sequence.letters.length), dropped: one.dropped, map: one.maps[index], units: parts(one.maps[index], sequence.letters.length), name: `${one.model} / ${one.explainer}${one.note ? ` (${one.note})` : ""}` }));
    const rows = wrapped(columns(sequence, maps[0].map, maps[1].map));
    place.replaceChildren(...rows.map((row, i) => row_drawn(row, sequence, i ? maps.map((one) => ({ ...one, name: "" })) : maps)));
    const told = maps.filter(({ step }) => step).map(({ step, dropped, name }) => element("p", {}, `${name}: ${Math.round(100 * step[0])}% replaced, ${dropped} ${number(step[1])}.`));
    document.getElementById("drops").replaceChildren(...told);
    const boxes = sequence.annotations.map(([start, end, label]) => `${label} ${start} to ${end}`).join(", ");
    document.getElementById("facts").textContent = `${sequence.id}: ${sequence.letters.length} nucleotides; ${boxes ? `annotated: ${boxes}` : "nothing is annotated"}. ${data.sequences.length} of ${data.of} sequences are here.`;
    const special = maps.filter(({ map }) => Object.keys(map.special).length).map(({ map, name: of }) => element("p", {}, `Special tokens of ${of}: ${Object.entries(map.special).map(([token, score]) => `${token} ${number(score)}`).join(", ")}.`));
    document.getElementById("highest").replaceChildren(element("div", { class: "controls-row" }, ...maps.map((one) => highest(sequence, one))), ...special);
  }

  function save() {
    const drawings = [...place.querySelectorAll("svg")];
    const style = getComputedStyle(document.body);
    const value = (name) => style.getPropertyValue(name).trim();
    const rules = ["A", "C", "G", "T", "for", "against"].map((name) => `.fill-${name}{fill:${value(`--${name}`)}}`).join("");
    const height = drawings.reduce((sum, one) => sum + Number(one.getAttribute("height")), 0);
    const whole = svg("svg", { xmlns: "http://www.w3.org/2000/svg", width: Math.max(...drawings.map((one) => Number(one.getAttribute("width")))), height });
    whole.append(svg("style", {}, `${rules}text{font:700 10px monospace}.note{font:11px sans-serif;fill:${value("--soft")}}.stroke{stroke:${value("--soft")};fill:none}.annotation{fill:${value("--mark")};stroke:${value("--soft")}}`));
    let y = 0;
    for (const one of drawings) {
      const copy = one.cloneNode(true);
      copy.setAttribute("y", y);
      y += Number(one.getAttribute("height"));
      whole.append(copy);
    }
    const link = element("a", { href: URL.createObjectURL(new Blob([whole.outerHTML], { type: "image/svg+xml" })), download: `${fields.sample.value}.svg` });
    link.click();
  }

  form.addEventListener("input", ({ target }) => {
    const value = target.type === "checkbox" ? (target.checked ? "1" : "") : target.value;
    // What belongs to the old set is another one's.
    keep(target.name === "set" ? { set: value, sample: "", a: "", b: "", budget: "" } : { [target.name]: value });
    show();
  });
  form.addEventListener("submit", (event) => event.preventDefault());
  document.getElementById("save").addEventListener("click", save);
  addEventListener("hashchange", show);
  addEventListener("resize", show);
  show();
})();
