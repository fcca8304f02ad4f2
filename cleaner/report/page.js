"use strict";
(() => {
  const root = document.documentElement;
  root.classList.add("js");
  const by = (id) => document.getElementById(id);
  const data = JSON.parse(by("data").textContent);
  const shown = new Intl.NumberFormat("en");
  const number = (n) => shown.format(n);
  const short = (n) => String(Number(n.toPrecision(6)));

  // Theme: the system's until a reader says otherwise.
  by("theme").addEventListener("click", () => {
    const dark = root.dataset.theme
      ? root.dataset.theme === "dark"
      : matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.theme = dark ? "light" : "dark";
  });

  // Tables that can be sorted by the head of a column.
  for (const table of document.querySelectorAll("table.sortable")) {
    const heads = [...table.tHead.rows[0].cells];
    heads.forEach((head, column) => {
      if (!head.classList.contains("n") && column) return;
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = head.textContent;
      head.replaceChildren(button);
      button.addEventListener("click", () => {
        const down = head.getAttribute("aria-sort") !== "descending";
        heads.forEach((one) => one.removeAttribute("aria-sort"));
        head.setAttribute("aria-sort", down ? "descending" : "ascending");
        const key = (row) => row.cells[column].dataset.v ?? row.cells[column].textContent;
        const rows = [...table.tBodies[0].rows].sort((a, b) => {
          const [x, y] = [key(a), key(b)];
          const order = column ? Number(x) - Number(y) : x.localeCompare(y);
          return down ? -order : order;
        });
        table.tBodies[0].append(...rows);
      });
    });
  }

  // What if: exact counts from the stored histogram, whose edges are the slider's steps.
  if (data.sliders.length) whatIf(data.sliders);

  function whatIf(sliders) {
    const pick = by("pick");
    const graph = by("plot-g");
    const NS = "http://www.w3.org/2000/svg";
    const [LEFT, RIGHT, TOP, BOTTOM] = [8, 752, 10, 190];
    sliders.forEach((one, at) => pick.append(new Option(`${one.stage} · ${one.rule} · ${one.signal}`, at)));
    let rule, sides;

    const draw = (name, attributes) => {
      const node = document.createElementNS(NS, name);
      for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
      graph.append(node);
      return node;
    };

    // A step is one stored bin; a limit lies before its first kept bin or after its last one.
    const passes = (bin) => bin >= sides.low && bin <= sides.high;

    function choose() {
      rule = sliders[Number(pick.value)];
      sides = { low: rule.first, high: rule.last };
      const places = by("limits");
      places.replaceChildren();
      for (const [side, said] of [["low", "at least"], ["high", "at most"]]) {
        if (rule[side] === null) continue;
        const label = document.createElement("label");
        label.htmlFor = `limit-${side}`;
        const range = document.createElement("input");
        Object.assign(range, {
          type: "range", id: `limit-${side}`, min: side === "low" ? 0 : -1,
          max: side === "low" ? rule.alone.length : rule.alone.length - 1, step: 1,
        });
        range.value = sides[side];
        const told = () => {
          label.textContent = `${rule.signal} ${said} ${limitText(side)}`;
          range.setAttribute("aria-valuetext", label.textContent);
        };
        range.addEventListener("input", () => { sides[side] = Number(range.value); told(); show(); });
        told();
        places.append(label, range);
      }
      show();
    }

    function value(side) {
      if (side === "low") {
        if (sides.low === rule.first) return rule.low;
        return sides.low < rule.alone.length ? rule.lows[sides.low] : Infinity;
      }
      if (sides.high === rule.last) return rule.high;
      return sides.high >= 0 ? rule.highs[sides.high] : -Infinity;
    }
    const limitText = (side) => { const v = value(side); return Number.isFinite(v) ? short(v) : "nothing"; };

    function show() {
      let kept = 0, was = 0, total = rule.unmeasured, othersIn = 0;
      rule.alone.forEach((count, bin) => {
        total += count + rule.others[bin];
        if (passes(bin)) { kept += count; othersIn += rule.others[bin]; }
        if (bin >= rule.first && bin <= rule.last) was += count;
      });
      const fails = total - kept - othersIn;
      const change = kept - was;
      const answer = by("answer");
      answer.replaceChildren();
      const strong = document.createElement("b");
      strong.textContent = number(kept);
      answer.append(
        `${rule.stage} would keep `, strong, ` of ${number(total)} documents`,
        change ? ` (${change > 0 ? "+" : "−"}${number(Math.abs(change))} against this run)` : " (as in this run)",
        `; ${number(fails)} would fail ${rule.rule}.`,
      );
      answer.dataset.kept = kept;
      answer.dataset.fails = fails;
      const terms = [];
      if (rule.low !== null) terms.push(`${rule.signal} ${rule.lowOpen && sides.low === rule.first ? ">" : ">="} ${short(value("low"))}`);
      if (rule.high !== null) terms.push(`${rule.signal} ${rule.highOpen && sides.high === rule.last ? "<" : "<="} ${short(value("high"))}`);
      if (rule.rest) terms.push(rule.rest);
      by("command").textContent = `cleaner whatif ${data.path} --filter ${rule.filter} --set '${rule.rule}=${terms.join(" AND ")}'`;
      plot(total);
    }

    // A bar is as high as its documents are dense; the root shows few ones beside many.
    function plot(total) {
      graph.replaceChildren();
      const x = (place) => LEFT + place * (RIGHT - LEFT);
      const all = (bin) => rule.alone[bin] + rule.others[bin];
      const wide = (bin) => Math.max(rule.places[bin + 1] - rule.places[bin], 0.005);
      const dense = rule.alone.map((_, bin) => all(bin) / wide(bin));
      const most = Math.max(...dense, 1e-9);
      let sum = 0, path = `M${LEFT},${BOTTOM}`;
      dense.forEach((density, bin) => {
        const tall = Math.sqrt(density / most) * (BOTTOM - TOP);
        const own = all(bin) ? tall * rule.alone[bin] / all(bin) : 0;
        const look = { x: x(rule.places[bin]), width: wide(bin) * (RIGHT - LEFT) };
        draw("rect", { ...look, y: BOTTOM - tall, height: Math.max(tall - own, 0), class: "bar-drop-soft" });
        draw("rect", { ...look, y: BOTTOM - own, height: own, class: passes(bin) ? "bar-keep" : "bar-drop" });
        sum += all(bin);
        path += `L${x(rule.places[bin + 1]).toFixed(1)},${(BOTTOM - (sum / (total || 1)) * (BOTTOM - TOP)).toFixed(1)}`;
      });
      draw("path", { d: path, class: "curve" });
      draw("line", { x1: LEFT, x2: RIGHT, y1: BOTTOM, y2: BOTTOM, class: "axis" });
      const cut = (bin) => {
        const at = x(rule.places[Math.max(bin, 0)]);
        draw("line", { x1: at, x2: at, y1: TOP - 6, y2: BOTTOM + 4, class: "limit" });
      };
      if (rule.low !== null) cut(sides.low);
      if (rule.high !== null) cut(sides.high + 1);
      for (let tick = 0; tick <= 6; tick++) {
        const bin = rule.places.findIndex((place) => place >= tick / 6);
        if (bin < 0 || bin >= rule.lows.length) continue;
        const at = draw("text", { x: x(rule.places[bin]), y: BOTTOM + 18, "text-anchor": tick ? "middle" : "start" });
        at.textContent = Number(rule.lows[bin].toPrecision(3));
      }
    }

    pick.addEventListener("change", choose);
    by("copy").addEventListener("click", async () => {
      try {
        await navigator.clipboard.writeText(by("command").textContent);
        by("copy").textContent = "Copied";
      } catch {
        const range = document.createRange();
        range.selectNodeContents(by("command"));
        getSelection().removeAllRanges();
        getSelection().addRange(range);
      }
    });
    choose();
  }

  // Samples: by why they went, and by what they say; some at a time.
  const documents = [...document.querySelectorAll("#samples article.doc")];
  if (documents.length) {
    const STEP = 40;
    let limit = STEP;
    const folded = documents.map((one) => one.textContent.toLowerCase());
    const why = by("why"), search = by("search"), more = by("more");
    const show = () => {
      const words = search.value.toLowerCase().trim();
      let found = 0;
      documents.forEach((one, at) => {
        const fits = (!why.value || one.dataset.why === why.value) && (!words || folded[at].includes(words));
        found += fits;
        one.classList.toggle("hidden", !fits || found > limit);
      });
      by("found").textContent = `${number(found)} documents`;
      more.classList.toggle("hidden", found <= limit);
    };
    const again = () => { limit = STEP; show(); };
    why.addEventListener("change", again);
    search.addEventListener("input", again);
    more.firstElementChild.addEventListener("click", () => { limit += STEP; show(); });
    show();
  }
})();
