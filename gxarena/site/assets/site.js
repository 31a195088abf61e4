"use strict";
// What all pages share: data that scripts bring, the address as state, keys.
(() => {
  const waiting = {}, there = {};
  const gxarena = (window.gxarena = {
    // Called by the scripts of data; who asked for it is told.
    data(name, value) {
      there[name] = value;
      (waiting[name] || []).forEach((tell) => tell(value));
      delete waiting[name];
    },
    // A page may not fetch from file://, but may add a script.
    load(name, source) {
      return new Promise((tell, fail) => {
        if (name in there) return tell(there[name]);
        if (name in waiting) return waiting[name].push(tell);
        waiting[name] = [tell];
        const script = document.createElement("script");
        script.src = source;
        script.onerror = () => fail(new Error(`${source}: expected a file, got none`));
        document.head.append(script);
      });
    },
    state() {
      return new URLSearchParams(location.hash.slice(1));
    },
    keep(changes) {
      const state = gxarena.state();
      for (const [key, value] of Object.entries(changes)) {
        if (value === "" || value === null || value === undefined) state.delete(key);
        else state.set(key, value);
      }
      history.replaceState(null, "", `#${state}`);
    },
    number(value, digits = 3) {
      if (value === null || value === undefined) return "–";
      const size = Math.abs(value);
      const text = size && (size < 1e-3 || size >= 1e5) ? value.toExponential(digits - 1)
        : size < 10 ** digits - 0.5 ? value.toPrecision(digits) : value.toFixed(0);
      return (Number(text) ? text : "0").replaceAll("-", "−");
    },
    duration(seconds) {
      if (seconds === null || seconds === undefined) return "–";
      const [value, unit] = seconds >= 1 ? [seconds, "s"] : seconds >= 1e-3 ? [seconds * 1e3, "ms"] : [seconds * 1e6, "µs"];
      return `${gxarena.number(value, 2)} ${unit}`;
    },
    element(name, attributes = {}, ...children) {
      const made = document.createElement(name);
      for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
      made.append(...children);
      return made;
    },
    svg(name, attributes = {}, ...children) {
      const made = document.createElementNS("http://www.w3.org/2000/svg", name);
      for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
      made.append(...children);
      return made;
    },
    // A letter as high as its score, above the line or below it; 6.1 and 7.2 are a capital's size.
    glyph(letter, x, width, height, zero) {
      const size = Math.abs(height);
      if (size < 0.5) return [];
      const y = height > 0 ? zero : zero + size;
      return [gxarena.svg("text", { class: `fill-${letter}`, transform: `translate(${x} ${y}) scale(${width / 6.1} ${size / 7.2})` }, letter)];
    },
  });

  function choose() {
    const form = document.getElementById("choose");
    if (!form) return;
    form.hidden = false;
    const show = () => {
      const state = gxarena.state();
      const everything = location.hash === "";
      const wanted = { model: state.get("model") ?? "", question: state.get("question") ?? (everything ? form.elements.question[0].value : "") };
      for (const [name, value] of Object.entries(wanted))
        for (const input of form.querySelectorAll(`input[name="${name}"]`)) input.checked = input.value === value;
      let shown = 0;
      for (const section of document.querySelectorAll("section.question")) {
        let here = 0;
        for (const article of section.querySelectorAll("article")) {
          // A model is asked for by what it is; pages of models ask for one by its label.
          const names = { model: [article.dataset.model, article.dataset.kind], question: [article.dataset.question] };
          const fits = Object.entries(wanted).every(([name, value]) => !value || names[name].includes(value));
          article.hidden = !fits;
          here += fits;
        }
        // Where nothing else is shown, what is folded is.
        for (const box of section.querySelectorAll("details.alone")) {
          const many = box.querySelectorAll("article:not([hidden])").length;
          box.hidden = !many;
          box.open = many > 0 && many === here;
        }
        section.hidden = !here;
        shown += here;
      }
      document.getElementById("none").hidden = shown > 0;
    };
    form.addEventListener("change", () => {
      const chosen = new FormData(form);
      const question = chosen.get("question");
      gxarena.keep({ model: chosen.get("model") ?? gxarena.state().get("model"), question, all: question ? "" : 1 });
      show();
    });
    window.addEventListener("hashchange", show);
    show();
  }

  function keys(event) {
    const typing = /^(INPUT|SELECT|TEXTAREA)$/.test(document.activeElement.tagName);
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const search = document.querySelector('input[type="search"]');
    if (event.key === "/" && !typing && search) {
      event.preventDefault();
      search.focus();
    } else if (event.key === "?" && !typing) {
      document.getElementById("help").showModal();
    } else if ((event.key === "ArrowDown" || event.key === "ArrowUp") && !typing) {
      const row = document.activeElement.closest("tbody tr");
      if (!row) return;
      event.preventDefault();
      const rows = [...row.closest("table").querySelectorAll("tbody tr:not(.band)")];
      const next = rows[rows.indexOf(row) + (event.key === "ArrowDown" ? 1 : -1)];
      (next?.querySelector("a") ?? next)?.focus();
    }
  }

  // What the address names may be folded, or hold what is.
  function unfold() {
    const named = location.hash.length > 1 && document.getElementById(location.hash.slice(1));
    if (!named) return;
    for (let at = named; at; at = at.parentElement) if (at.tagName === "DETAILS") at.open = true;
    const within = named.querySelector(":scope > details.folded");
    if (within) within.open = true;
    named.scrollIntoView();
  }

  // Says of whatever is wider than its place that there is more.
  function watchWidths() {
    const look = (entries) => entries.forEach(({ target }) => target.classList.toggle("cut", target.scrollWidth > target.clientWidth + 1));
    const seen = new ResizeObserver(look);
    document.querySelectorAll(".wide, .chart").forEach((place) => seen.observe(place));
  }

  document.addEventListener("keydown", keys);
  addEventListener("beforeprint", () => document.querySelectorAll("details.folded").forEach((one) => (one.open = true)));
  choose();
  addEventListener("hashchange", unfold); // after what is chosen is shown
  unfold();
  watchWidths();
})();
