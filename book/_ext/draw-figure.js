// How a Plotly figure of the book is laid out for a width: drawn once as a picture (book/pictures.py), and on the page
// where a reader asks for the interactive figure. Plotly leaves margins, the gaps between panels and the length of a title
// to the author, who does not know the reader's width. Here they follow from what was measured.
const NARROW = 560; // px of width below which panels stand one above the other
const PANEL = 200; // px, the height of a panel there, unless it is the only one
const GAP = 8;

const axisOf = (kind, id) => id.replace(kind, kind + "axis"); // x2 -> xaxis2
const rounded = number => Math.round(1e3 * number);

// The panels of a figure: their axes, their title among the annotations, and their place in the grid.
function panelsOf(layout) {
  const panels = Object.keys(layout)
    .filter(key => /^xaxis\d*$/.test(key))
    .sort((a, b) => (a.slice(5) || 1) - (b.slice(5) || 1))
    .map(key => {
      const [x, y] = [key, key.replace("x", "y")];
      const [across, up] = [layout[x].domain ?? [0, 1], layout[y].domain ?? [0, 1]];
      const title = (layout.annotations ?? []).findIndex(
        ({ xref, yref, x, y }) =>
          xref === "paper" && yref === "paper" && x > across[0] && x < across[1] && rounded(y) === rounded(up[1]),
      );
      return { x, y, across, up: [1 - up[1], 1 - up[0]], title };
    });
  for (const [side, span] of [["across", "columns"], ["up", "rows"]]) {
    const starts = [...new Set(panels.map(panel => rounded(panel[side][0])))].sort((a, b) => a - b);
    for (const panel of panels) {
      const within = starts.filter(start => start < rounded(panel[side][1]));
      panel[span] = [starts.indexOf(rounded(panel[side][0])), within.length - 1];
      panel[side] = panel[side][1] - panel[side][0];
    }
  }
  return panels;
}

// One column: by columns where these share an abscissa, so that it stands below its panels, else by rows.
function stack(layout, panels) {
  const first = panels.some(panel => layout[panel.x].matches) ? "columns" : "rows";
  const second = first === "rows" ? "columns" : "rows";
  panels.sort((a, b) => a[first][0] - b[first][0] || a[second][0] - b[second][0]);
  panels.forEach((panel, row) => {
    Object.assign(panel, { columns: [0, 0], rows: [row, row], across: 1 });
    const shared = layout[panel.y].matches; // its labels and title stand at the first panel of the row only
    if (shared) layout[panel.y].title ??= layout[axisOf("y", shared)].title;
    if (layout[panel.y].showticklabels === false) layout[panel.y].showticklabels = true;
  });
}

// The length of a text, its tags and all, in px.
function lengthOf(text, { size, family }) {
  const probe = document.body.appendChild(document.createElement("span"));
  probe.style.cssText = `position: absolute; white-space: nowrap; font: ${size}px ${family}`;
  probe.innerHTML = text;
  const { width } = probe.getBoundingClientRect();
  probe.remove();
  return width;
}

// Words on as few lines as the width takes.
function wrapped(text, width, font) {
  const lines = text.split("<br>").flatMap(paragraph =>
    paragraph.split(" ").reduce((done, word) => {
      const longer = done.length && `${done.at(-1)} ${word}`;
      return longer && lengthOf(longer, font) <= width ? [...done.slice(0, -1), longer] : [...done, word];
    }, []),
  );
  return lines.join("<br>");
}

// The labels of ticks that the author chose, without those that a narrow axis has no room for.
function thinned(axis, texts, font) {
  let end = -Infinity;
  return Array.from(axis.tickvals, (value, i) => {
    const [at, half] = [axis.d2p(value), lengthOf(texts[i], font) / 2];
    if (at - half < end) return "";
    end = at + half + GAP / 2;
    return texts[i];
  });
}

// What stands out of a panel on each side, in px: tick labels, the axes' titles, its own title and a colour bar.
function overhangs(div, panel) {
  const { left, top } = div.getBoundingClientRect();
  const [x, y] = [div._fullLayout[panel.x], div._fullLayout[panel.y]];
  const out = { left: 0, right: 0, top: 0, bottom: 0 };
  const parts = [x._id, y._id].map(id => `.${id}tick text, .g-${id}title`).join(", ");
  for (const part of div.querySelectorAll(panel.bar ? `${parts}, .colorbar` : parts)) {
    const box = part.getBoundingClientRect();
    if (!box.width) continue;
    out.left = Math.max(out.left, x._offset - (box.left - left));
    out.right = Math.max(out.right, box.right - left - x._offset - x._length);
    out.top = Math.max(out.top, y._offset - (box.top - top));
    out.bottom = Math.max(out.bottom, box.bottom - top - y._offset - y._length);
  }
  const title = div.querySelector(`.annotation[data-index="${panel.title}"]`);
  if (title) out.top = Math.max(out.top, title.getBoundingClientRect().height);
  return out;
}

const sum = numbers => numbers.reduce((a, b) => a + b, 0);

// Room, in px, before each of `count` columns (or rows) of panels and after the last.
function rooms(panels, span, count, before, after) {
  const most = (place, end, side) =>
    Math.max(0, ...panels.filter(panel => panel[span][end] === place).map(panel => panel.out[side]));
  return Array.from({ length: count + 1 }, (_, i) => GAP + most(i - 1, 1, after) + most(i, 0, before));
}

// Start and end of a panel as fractions of what lies between the first room and the last.
function domain([first, last], sizes, room) {
  const at = place => sum(sizes.slice(0, place)) + sum(room.slice(1, place + 1));
  const whole = at(sizes.length - 1) + sizes.at(-1);
  return [at(first) / whole, (at(last) + sizes[last]) / whole];
}

// The size of each column (or row): that of a panel which has it to itself.
function sizesOf(panels, span, size) {
  const count = 1 + Math.max(...panels.map(panel => panel[span][1]));
  return Array.from({ length: count }, (_, i) =>
    Math.max(...panels.filter(panel => panel[span].every(place => place === i)).map(size)),
  );
}

// Draws { data, layout } into the empty element `div`, `width` px wide, with `head` px left free at the top.
async function drawFigure(div, figure, width, head, config) {
  const { data, layout } = structuredClone({ data: figure.data, layout: figure.layout });
  const font = layout.template.layout.font;
  const panels = panelsOf(layout);
  const tall = (layout.height ?? layout.template.layout.height) - 80;
  const isSquare = panel => layout[panel.x].scaleanchor || layout[panel.y].scaleanchor;
  if (width < NARROW) stack(layout, panels);
  for (const panel of panels) {
    panel.words = [panel.x, panel.y].map(axis => layout[axis].title?.text);
    panel.heading = layout.annotations?.[panel.title]?.text;
    const own = panel.x.replace("axis", "");
    panel.bar = data.find(trace => trace.type === "heatmap" && (trace.xaxis ?? "x") === own && trace.showscale !== false);
  }
  for (const trace of data) if (trace.name) trace.name = wrapped(trace.name, width - 60, font);

  const shares = sizesOf(panels, "columns", panel => panel.across);
  const stacked = width < NARROW && panels.length > 1;
  const heights = sizesOf(panels, "rows", panel => Math.min(panel.up * tall, stacked ? PANEL : Infinity));
  layout.width = width;
  layout.legend = { x: 0, xref: "container", y: 1, yref: "container", yanchor: "top" };
  await Plotly.newPlot(div, data, layout, config);
  for (const panel of panels) {
    const { tickmode, tickvals, ticktext } = div._fullLayout[panel.x];
    if (tickmode === "array") panel.labels = ticktext ?? Array.from(tickvals, String);
  }
  for (const _ of "twice") await fit();

  async function fit() {
    for (const panel of panels) panel.out = overhangs(div, panel);
    const across = rooms(panels, "columns", shares.length, "left", "right");
    const down = rooms(panels, "rows", heights.length, "top", "bottom");
    const widths = shares.map(share => (share * (width - sum(across))) / sum(shares));
    if (width < NARROW) for (const panel of panels) if (isSquare(panel)) heights[panel.rows[0]] = widths[0];
    const top = head + (div.querySelector(".legend")?.getBoundingClientRect().height ?? 0);
    layout.height = top + sum(down) + sum(heights);
    layout.legend.y = 1 - head / layout.height;
    layout.margin = { l: across[0], r: across.at(-1), t: top + down[0], b: down.at(-1), autoexpand: false };
    for (const panel of panels) {
      const x = domain(panel.columns, widths, across);
      const y = domain(panel.rows, heights, down).map(from => 1 - from).reverse();
      const lengths = [(x[1] - x[0]) * (width - across[0] - across.at(-1)), (y[1] - y[0]) * (layout.height - layout.margin.t - layout.margin.b)];
      [panel.x, panel.y].forEach((axis, i) => {
        layout[axis].domain = [x, y][i];
        if (panel.words[i]) layout[axis].title = { text: wrapped(panel.words[i], lengths[i], font) };
      });
      if (panel.labels) {
        const ticktext = thinned(div._fullLayout[panel.x], panel.labels, font);
        Object.assign(layout[panel.x], { ticktext, tickangle: 0 });
      }
      if (panel.heading) {
        const { size } = layout.annotations[panel.title].font ?? font;
        const text = wrapped(panel.heading, lengths[0] + GAP, { ...font, size });
        Object.assign(layout.annotations[panel.title], { text, x: (x[0] + x[1]) / 2, y: y[1] });
      }
      if (panel.bar) panel.bar.colorbar = { x: x[1], y: (y[0] + y[1]) / 2, len: y[1] - y[0] };
    }
    await Plotly.react(div, data, layout, config);
  }
}
