// The script of the page, which holds it whole: it imports nothing and fetches nothing.
(() => {
  const { runs, tags, stride, live } = JSON.parse(document.getElementById("data").textContent);
  const uPlot = globalThis.uPlot;

  const COLOURS = [
    ...["#3b82c4", "#d9722b", "#3a9d5d", "#c94f6d", "#8a6fc9"],
    ...["#a07c1a", "#2f9aa0", "#c65bb0", "#7a8b1f", "#8b6f5c"],
  ];
  const DASHES = [[], [8, 4], [2, 3], [8, 3, 2, 3], [14, 3]];
  const HEIGHT = 340;

  /** Gives an element its attributes and children. */
  const filled = (made, attributes, children) => {
    for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
    made.append(...children);
    return made;
  };

  const element = (tag, attributes = {}, ...children) =>
    filled(document.createElement(tag), attributes, children);

  const SVG = "http://www.w3.org/2000/svg";

  const drawn = (tag, attributes, ...children) =>
    filled(document.createElementNS(SVG, tag), attributes, children);

  const select = (label, options) => {
    const made = element("select");
    options.forEach(([value, text]) => made.append(element("option", { value }, text)));
    return [element("label", {}, `${label} `, made), made];
  };

  const checkbox = (label) => {
    const made = element("input", { type: "checkbox" });
    return [element("label", {}, made, ` ${label}`), made];
  };

  const format = (value) => value === null || value === undefined ? "—" : String(value);

  // Curves

  const chart = document.getElementById("chart");
  const [tagLabel, tagSelect] = select("Show", tags);
  const [logLabel, logBox] = checkbox("logarithmic");
  const surface = element("div", { tabindex: "0", role: "group" });
  const rows = element("div", { class: "scroll", tabindex: "0", role: "region" });
  const values = element("details", {}, element("summary", {}, "Values as a table"), rows);
  let plot;
  /** The curves that are drawn, and how. */
  let drawnCurves;
  let isDue = false;

  /** The runs that have a curve, in the order in which they came by it. */
  const withCurve = runs.flatMap(({ epochs }, i) => epochs.length > 0 ? [i] : []);

  /** The colour and the dashes of a run's curve, which no choice of other runs changes. */
  const strokeOf = (i) => {
    if (!withCurve.includes(i)) withCurve.push(i);
    const place = withCurve.indexOf(i);
    return {
      stroke: COLOURS[place % COLOURS.length],
      dash: DASHES[Math.floor(place / COLOURS.length) % DASHES.length],
    };
  };

  /** A run's name in the legend, behind a piece of its curve. */
  const legendLabel = (i) => {
    const { stroke, dash } = strokeOf(i);
    const line = drawn("line", {
      ...{ x1: 0, x2: 30, y1: 6, y2: 6, stroke, "stroke-width": 2 },
      "stroke-dasharray": dash.join(" "),
    });
    const piece = drawn("svg", { width: 30, height: 12, "aria-hidden": true }, line);
    return element("span", { class: "curve" }, piece, runs[i].name);
  };

  const chosen = () => {
    const boxes = [...document.querySelectorAll("[data-curve]")].filter(({ checked }) => checked);
    return boxes.map(({ dataset }) => Number(dataset.curve))
      .filter((i) => runs[i].values[tagSelect.value]);
  };

  /** The epochs of the runs, and the values of each at these; `null` where it has none. */
  const aligned = (shown) => {
    const epochs = [...new Set(shown.flatMap((i) => runs[i].epochs))].sort((a, b) => a - b);
    const columns = shown.map((i) => {
      const at = new Map(runs[i].epochs.map((epoch, j) => [epoch, j]));
      return epochs.map((epoch) => runs[i].values[tagSelect.value][at.get(epoch)] ?? null);
    });
    return [epochs, ...columns];
  };

  const axis = (label) => ({
    label,
    stroke: () => getComputedStyle(chart).color,
    grid: { stroke: () => getComputedStyle(chart).borderTopColor, width: 1 },
    ticks: { stroke: () => getComputedStyle(chart).borderTopColor, width: 1 },
    font: "12px system-ui, sans-serif",
    labelFont: "13px system-ui, sans-serif",
  });

  /** Draws new epochs of the same curves, and keeps what the reader has zoomed to or hidden. */
  const extend = (data) => {
    const [epochs] = plot.data;
    const { min, max } = plot.scales.x;
    const isWhole = min <= epochs[0] && max >= epochs.at(-1);
    plot.setData(data, isWhole);
    if (!isWhole) plot.redraw();
  };

  const draw = () => {
    const shown = chosen();
    const data = aligned(shown);
    const title = tagSelect.selectedOptions[0]?.text ?? "";
    const isShort = data[0].length < 40;
    const curves = JSON.stringify([tagSelect.value, logBox.checked, isShort, shown]);
    if (plot && curves === drawnCurves) extend(data);
    else drawAnew(shown, data, title);
    drawnCurves = curves;
    surface.setAttribute("aria-label", `Curves: ${title}. Left and right arrows move the cursor.`);
    rows.setAttribute("aria-label", `Values: ${title}`);
    rows.replaceChildren(element(
      "table",
      {},
      element("thead", {}, headerRow(["epoch", ...shown.map((i) => runs[i].name)])),
      element("tbody", {}, ...data[0].map((_, j) => dataRow(data.map((column) => column[j])))),
    ));
  };

  const drawAnew = (shown, data, title) => {
    plot?.destroy();
    plot = new uPlot(
      {
        width: Math.max(200, chart.clientWidth),
        height: HEIGHT,
        scales: { x: { time: false }, y: { distr: logBox.checked ? 3 : 1 } },
        axes: [axis("epoch"), { ...axis(title), size: 64 }],
        // uPlot's own are squares, in which dashes can't be told.
        legend: { markers: { show: false } },
        series: [
          { label: "epoch" },
          ...shown.map((i) => ({
            label: legendLabel(i),
            ...strokeOf(i),
            width: 2,
            spanGaps: true,
            points: { show: data[0].length < 40, fill: strokeOf(i).stroke },
            value: (_, value) => format(value),
          })),
        ],
      },
      data,
      surface,
    );
  };

  const headerRow = (cells) =>
    element("tr", {}, ...cells.map((text) => element("th", { scope: "col" }, text)));

  const dataRow = ([first, ...others]) =>
    element(
      "tr",
      {},
      element("th", { scope: "row" }, format(first)),
      ...others.map((value) => element("td", { class: "number" }, format(value))),
    );

  /** Shows the chart once there is something to draw. */
  const showChart = () => {
    if (tags.length === 0) return;
    if (chart.hidden) {
      chart.hidden = false;
      document.querySelector("#curves > p")?.remove();
      chart.append(element("p", { class: "tools" }, tagLabel, " ", logLabel), surface, values);
      if (stride > 1) chart.append(element("p", {}, `Of ${stride} epochs one is shown.`));
      tagSelect.value = (tags.find(([tag]) => tag.startsWith("test/")) ?? tags[0])[0];
      for (const one of [tagSelect, logBox]) one.addEventListener("change", draw);
      document.getElementById("runs").addEventListener("change", draw);
      surface.addEventListener("keydown", moveCursor);
      new ResizeObserver(() => plot.setSize({ width: chart.clientWidth, height: HEIGHT }))
        .observe(chart);
    }
    draw();
  };

  const moveCursor = (event) => {
    const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!by) return;
    event.preventDefault();
    const last = plot.data[0].length - 1;
    const before = plot.cursor.idx ?? (by > 0 ? -1 : last + 1);
    const index = Math.min(last, Math.max(0, before + by));
    plot.setCursor({ left: plot.valToPos(plot.data[0][index], "x"), top: HEIGHT / 4 });
  };

  showChart();

  // Settings of two runs

  const compare = document.getElementById("compare");
  if (compare) {
    const names = runs.map(({ name }, i) => [String(i), name]);
    const [firstLabel, first] = select("First", names);
    const [secondLabel, second] = select("Second", names);
    const [allLabel, all] = checkbox("also equal settings");
    const table = element("div", {
      class: "scroll",
      tabindex: "0",
      role: "region",
      "aria-label": "Settings of both runs",
    });
    const renew = () => {
      const [a, b] = [first, second].map(({ value }) => runs[value]);
      const paths = [...new Set([a, b].flatMap(({ settings }) => Object.keys(settings)))].sort();
      const isEqual = (path) => a.settings[path] === b.settings[path];
      const shown = paths.filter((path) => all.checked || !isEqual(path));
      if (shown.length === 0) {
        return table.replaceChildren(element("p", {}, "No setting differs."));
      }
      table.replaceChildren(element(
        "table",
        {},
        element("thead", {}, headerRow(["setting", a.name, b.name])),
        element(
          "tbody",
          {},
          ...shown.map((path) =>
            element(
              "tr",
              isEqual(path) ? {} : { class: "differs" },
              element("th", { scope: "row" }, path),
              ...[a, b].map(({ settings }) => element("td", {}, format(settings[path]))),
            )
          ),
        ),
      ));
    };
    second.value = "1";
    for (const one of [first, second, all]) one.addEventListener("change", renew);
    compare.append(
      element("p", { class: "tools" }, firstLabel, " ", secondLabel, " ", allLabel),
      table,
    );
    renew();
  }

  // Themes

  const theme = document.getElementById("theme");
  theme.addEventListener("change", () => {
    document.documentElement.style.colorScheme = theme.value;
    plot?.redraw();
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => plot?.redraw());

  // Runs that begin and epochs that end while the page is open

  if (live) listen(live);

  function listen({ events, after }) {
    const state = document.getElementById("live");
    const source = new EventSource(`${events}?after=${after}`);
    source.addEventListener("open", () => state.textContent = "live");
    source.addEventListener("error", () => {
      const isOver = source.readyState === EventSource.CLOSED;
      state.textContent = isOver
        ? "not connected; load the page again"
        : "not connected; trying again";
    });
    source.addEventListener("reload", () => location.reload());
    source.addEventListener("restart", ({ data }) => {
      const { run } = JSON.parse(data);
      Object.assign(runs[run], { epochs: [], values: {} });
    });
    source.addEventListener("epoch", ({ data }) => {
      const { run, entry, titles } = JSON.parse(data);
      for (const [tag, title] of titles) addTag(tag, title);
      addEpoch(runs[run], entry);
    });
    source.addEventListener("row", ({ data }) => {
      const { run, cells } = JSON.parse(data);
      renewCells(run, cells);
      redraw();
    });
  }

  /** Shows the chart at the next frame: after a pause, many epochs come at once. */
  function redraw() {
    if (isDue) return;
    isDue = true;
    requestAnimationFrame(() => {
      isDue = false;
      showChart();
    });
  }

  function addTag(tag, title) {
    if (tags.some(([known]) => known === tag)) return;
    tags.push([tag, title]);
    tagSelect.append(element("option", { value: tag }, title));
  }

  function addEpoch(run, { epoch, ...entry }) {
    run.epochs.push(epoch);
    for (const [tag, value] of Object.entries(entry)) {
      run.values[tag] ??= Array(run.epochs.length - 1).fill(null);
      run.values[tag].push(value);
    }
    for (const column of Object.values(run.values)) {
      if (column.length < run.epochs.length) column.push(null);
    }
  }

  function renewCells(run, cells) {
    const row = document.querySelector(`[data-run="${run}"]`);
    // A run that had no log when the page was made.
    if (!row.querySelector("[data-curve]")) {
      const box = element("input", {
        "type": "checkbox",
        "aria-label": `Show the curve of ${runs[run].name}`,
        "data-curve": run,
      });
      box.checked = true;
      row.children[1].append(box);
    }
    for (const [name, text] of Object.entries(cells)) {
      row.querySelector(`[data-cell="${name}"]`).textContent = text;
    }
  }
})();
