"use strict";
// A number's sequences: a strip of their values, and the lowest and highest by name.
(() => {
  const { element, svg, number } = gxarena;
  const place = document.getElementById("values");
  const WIDTH = 640, HEIGHT = 60, ENDS = 10;

  function strip(values) {
    const low = Math.min(...values), high = Math.max(...values);
    const x = (value) => 10 + ((value - low) / (high - low || 1)) * (WIDTH - 20);
    const drawn = svg("svg", { class: "dot method", viewBox: `0 0 ${WIDTH} ${HEIGHT + 18}`, width: "100%", role: "img", "aria-label": `${values.length} values from ${number(low)} to ${number(high)}` });
    if (low < 0 && high > 0) drawn.append(svg("line", { class: "zero", x1: x(0), x2: x(0), y1: 0, y2: HEIGHT }));
    // Apart by their order, not by chance: the same page looks the same.
    values.forEach((value, i) => drawn.append(svg("circle", { cx: x(value), cy: 8 + ((i * 37) % (HEIGHT - 16)), r: 2.5, "fill-opacity": 0.6, "stroke-width": 0 })));
    for (const [value, anchor] of [[low, "start"], [high, "end"]])
      drawn.append(svg("text", { x: x(value), y: HEIGHT + 14, "text-anchor": anchor, fill: "currentColor", "font-size": 12 }, number(value)));
    return drawn;
  }

  function names(heading, pairs, explored) {
    const list = element("ol");
    for (const [id, value] of pairs) {
      const line = element("li", {});
      line.append(explored.includes(id) ? element("a", { href: `${place.dataset.samples}&sample=${encodeURIComponent(id)}` }, id) : id, ` ${number(value)}`);
      list.append(line);
    }
    return element("section", {}, element("h3", {}, heading), list);
  }

  // Under the number's own line: where one looks, and where the address leads.
  function under(button) {
    const line = element("tr", { id: "shown" }, element("td", { colspan: button.closest("tr").cells.length }, place));
    document.getElementById("shown")?.remove();
    button.closest("tr").after(line);
  }

  async function show(button) {
    under(button);
    const data = await gxarena.load(place.dataset.name, place.dataset.source);
    const all = data.ids.map((id, i) => [id, data.values[button.dataset.at][i]]);
    const pairs = all.filter(([, value]) => value !== null).sort((a, b) => a[1] - b[1]);
    if (!pairs.length) return place.replaceChildren(element("p", {}, "No value is defined."));
    const lowest = pairs.slice(0, ENDS), highest = pairs.slice(-ENDS).reverse();
    const better = button.dataset.better;
    const ends = better === "none" ? [["Highest", highest], ["Lowest", lowest]] : better === "higher" ? [["Best", highest], ["Worst", lowest]] : [["Best", lowest], ["Worst", highest]];
    place.replaceChildren(
      element("h3", {}, `${button.dataset.label}: ${pairs.length} of ${all.length} sequences`),
      strip(pairs.map(([, value]) => value)),
      element("div", { class: "controls-row" }, ...ends.map(([heading, list]) => names(heading, list, data.explored))),
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
