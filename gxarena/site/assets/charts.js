"use strict";
// Charts, drawn when they come into view, in the colours of the style sheet.
(() => {
  const { load } = gxarena;
  const places = [...document.querySelectorAll(".chart")];

  function coloured(spec) {
    const style = getComputedStyle(document.documentElement);
    return JSON.parse(JSON.stringify(spec).replace(/var\((--[a-zA-Z]+)\)/g, (_, name) => style.getPropertyValue(name).trim()));
  }

  function looks() {
    const style = getComputedStyle(document.documentElement);
    const [text, soft, line] = ["--text", "--soft", "--line"].map((name) => style.getPropertyValue(name).trim());
    const axis = { labelColor: text, titleColor: soft, gridColor: line, domainColor: soft, tickColor: soft, labelLimit: 240 };
    return { background: "transparent", font: "system-ui, sans-serif", view: { stroke: "transparent" }, axis, header: { labelColor: text, labelFontSize: 12 }, legend: { labelColor: text, titleColor: soft, titleLimit: 400 } };
  }

  async function draw(place) {
    const specs = await load(place.dataset.name, `data/${place.dataset.name}.js`);
    await load("vega", "assets/vega.js");
    await vegaEmbed(place, coloured(specs[place.dataset.key]), {
      mode: "vega-lite",
      ast: true, // without eval, which the page forbids
      renderer: "svg",
      config: looks(),
      tooltip: { theme: matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light" },
      actions: { export: { svg: true, png: true }, source: false, compiled: false, editor: false },
      downloadFileName: place.dataset.key.replace(/[^A-Za-z0-9]+/g, "-"),
    });
    // The library names its menu by a picture alone.
    const menu = place.querySelector("details > summary");
    menu?.setAttribute("aria-label", `Save “${place.getAttribute("aria-label")}” as a picture`);
    place.dataset.drawn = "yes";
  }

  const seen = new IntersectionObserver((entries) => {
    for (const { target, isIntersecting } of entries)
      if (isIntersecting) {
        seen.unobserve(target);
        draw(target);
      }
  }, { rootMargin: "200px" });
  places.forEach((place) => seen.observe(place));
  addEventListener("beforeprint", () => places.filter((place) => !place.dataset.drawn).forEach(draw));
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => places.filter((place) => place.dataset.drawn).forEach(draw));
})();
