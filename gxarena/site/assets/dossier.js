"use strict";
// A number's sequences: a strip of their values, and the best and the worst, as letters where they are here.
(() => {
  const { element, svg, number, load, glyph } = gxarena;
  const place = document.getElementById("values");
  const WIDEST = 640, HEIGHT = 60, LETTER = 10, LOGO = 44;

  function strip(values) {
    const low = Math.min(...values), high = Math.max(...values);
    const wide = Math.min(WIDEST, place.clientWidth);
    const x = (value) => 10 + ((value - low) / (high - low || 1)) * (wide - 20);
    const drawn = svg("svg", { class: "dot method", viewBox: `0 0 ${wide} ${HEIGHT + 18}`, width: "100%", role: "img", "aria-label": `${values.length} values from ${number(low)} to ${number(high)}` });
    if (low < 0 && high > 0) drawn.append(svg("line", { class: "zero", x1: x(0), x2: x(0), y1: 0, y2: HEIGHT }));
    // Apart by their order, not by chance: the same page looks the same.
    values.forEach((value, i) => drawn.append(svg("circle", { cx: x(value), cy: 8 + ((i * 37) % (HEIGHT - 16)), r: 2.5, "fill-opacity": 0.6, "stroke-width": 0 })));
    for (const [value, anchor] of [[low, "start"], [high, "end"]])
      drawn.append(svg("text", { x: x(value), y: HEIGHT + 14, "text-anchor": anchor, fill: "currentColor", "font-size": 12 }, number(value)));
    return drawn;
  }

  // Where most of the explanation lies, as high as the whole's largest score allows.
  function stretch(one, name) {
    const width = one.letters.length * LETTER, zero = LOGO / 2, scale = zero / (one.most || 1);
    const drawn = svg("svg", { class: "stretch", viewBox: `0 0 ${width} ${LOGO}`, role: "img", "aria-label": `Scores of ${name}, ${one.letters}` });
    for (const [start, end] of one.annotations) {
      const [from, to] = [Math.max(start - one.start, 0), Math.min(end - one.start, one.letters.length)];
      if (from < to) drawn.append(svg("rect", { class: "annotation", x: from * LETTER, y: 0, width: (to - from) * LETTER, height: LOGO, "stroke-dasharray": "3 2" }));
    }
    drawn.append(svg("line", { class: "stroke", x1: 0, x2: width, y1: zero, y2: zero, "stroke-width": 0.7 }));
    [...one.letters].forEach((letter, i) => drawn.append(...glyph(letter, i * LETTER, LETTER, one.scores[i] * scale, zero)));
    const boxes = one.annotations.map(([start, end, label]) => `${label} ${start} to ${end}`).join(", ");
    return [drawn, element("p", { class: "soft" }, `${one.start} to ${one.start + one.letters.length} of ${one.of}${boxes ? `; annotated: ${boxes}` : ""}`)];
  }

  function names(heading, pairs, explored, letters) {
    const list = element("ol");
    for (const [id, value] of pairs) {
      const line = element("li", {});
      line.append(explored.includes(id) ? element("a", { href: `${place.dataset.samples}&sample=${encodeURIComponent(id)}` }, id) : id, ` ${number(value)}`);
      if (id in letters) line.append(...stretch(letters[id], id));
      list.append(line);
    }
    return element("section", {}, element("h3", {}, heading), list);
  }

  function drawn_of(pairs, letters) {
    const shown = new Set(pairs.map(([id]) => id)), here = [...shown].filter((id) => id in letters).length;
    if (!here) return "Their explanations are not here: a run's folder has those of all sequences, a bundle those of its first.";
    const which = here < shown.size ? `Of ${here} of these ${shown.size} sequences the explanation is here. ` : "";
    return `${which}Letters are the stretch of a sequence in which most of its explanation lies, as high as their scores, the largest of the whole sequence as high as the line; boxes are annotated.`;
  }

  // Under the number's own line: where one looks, and where the address leads.
  function under(button) {
    const line = element("tr", { id: "shown" }, element("td", { colspan: button.closest("tr").cells.length }, place));
    document.getElementById("shown")?.remove();
    button.closest("tr").after(line);
  }

  async function show(button) {
    under(button);
    const data = await load(place.dataset.name, place.dataset.source);
    const letters = data.letters ? await load(data.letters, `../data/${data.letters}.js`) : {};
    const all = data.ids.map((id, i) => [id, data.values[button.dataset.at][i]]);
    const pairs = all.filter(([, value]) => value !== null).sort((a, b) => a[1] - b[1]);
    if (!pairs.length) return place.replaceChildren(element("p", {}, "No value is defined."));
    const lowest = pairs.slice(0, data.ends), highest = pairs.slice(-data.ends).reverse();
    const better = button.dataset.better;
    const ends = better === "none" ? [["Highest", highest], ["Lowest", lowest]] : better === "higher" ? [["Best", highest], ["Worst", lowest]] : [["Best", lowest], ["Worst", highest]];
    place.replaceChildren(
      element("h3", {}, `${button.dataset.label}: ${pairs.length} of ${all.length} sequences`),
      strip(pairs.map(([, value]) => value)),
      element("p", { class: "soft" }, drawn_of([...lowest, ...highest], letters)),
      element("div", { class: "ends" }, ...ends.map(([heading, list]) => names(heading, list, data.explored, letters))),
    );
  }

  const buttons = [...document.querySelectorAll("button[data-at]")];
  const addressed = () => {
    const button = buttons.find((one) => one.dataset.at === location.hash.slice(1));
    if (button) show(button);
  };
  buttons.forEach((button) => button.addEventListener("click", () => show(button)));
  addEventListener("hashchange", addressed);
  addressed();
})();
