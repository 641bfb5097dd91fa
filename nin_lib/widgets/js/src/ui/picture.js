// The charts on the screen as one picture, with the status line above them.

const MARGIN = 16;
const LINE = 20;
const SAMPLE = 28;
const FONT = "14px system-ui, sans-serif";

/**
 * @param {HTMLElement} root
 * @param {OnScreen[]} charts
 */
export function pictureOf(root, charts) {
  const drawn = charts.map(chart => ({ ...chart, canvas: chart.canvas() })).filter(({ canvas }) => canvas);
  const boxes = drawn.map(({ canvas }) => canvas?.getBoundingClientRect() ?? new DOMRect());
  const width = Math.max(...boxes.map(box => box.width));
  const picture = document.createElement("canvas");
  const context = picture.getContext("2d");
  if (!context) throw new Error("no picture can be drawn here");
  context.font = FONT;
  const words = lines(context, root.querySelector(".nin-status")?.textContent ?? "", width);
  const legends = drawn.map(({ legend }) => places(context, legend(), width));
  const heights = boxes.map((box, k) => box.height + LINE * (1 + legends[k].rows) + MARGIN);
  const height = words.length * LINE + heights.reduce((a, b) => a + b, 0);
  const dpr = devicePixelRatio;
  Object.assign(picture, { width: (width + 2 * MARGIN) * dpr, height: (height + 2 * MARGIN) * dpr });
  context.scale(dpr, dpr);
  context.fillStyle = root.dataset.scheme === "dark" ? "#121212" : "#ffffff";
  context.fillRect(0, 0, picture.width, picture.height);
  context.fillStyle = getComputedStyle(root).color;
  context.textBaseline = "top";
  let y = MARGIN;
  /** @type {(text: string, font?: string) => void} */
  const write = (text, font = FONT) => {
    context.font = font;
    context.fillText(text, MARGIN, y);
    y += LINE;
  };
  for (const line of words) write(line);
  drawn.forEach(({ title, canvas }, k) => {
    y += MARGIN;
    write(title, `600 ${FONT}`);
    drawLegend(context, legends[k], y);
    y += LINE * legends[k].rows;
    if (canvas) context.drawImage(canvas, MARGIN, y, boxes[k].width, boxes[k].height);
    y += boxes[k].height;
  });
  return picture;
}

/** @typedef {ReturnType<OnScreen["legend"]>[number]} Entry */

/**
 * Where the entries of a legend stand, in rows of at most this width.
 * @param {CanvasRenderingContext2D} context
 * @param {Entry[]} entries
 * @param {number} width
 */
function places(context, entries, width) {
  let [x, row] = [0, 0];
  const placed = entries.map(entry => {
    const wide = SAMPLE + context.measureText(entry.text).width + MARGIN;
    if (x > 0 && x + wide > width) [x, row] = [0, row + 1];
    x += wide;
    return { ...entry, x: x - wide, row };
  });
  return { placed, rows: entries.length > 0 ? row + 1 : 0 };
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {ReturnType<typeof places>} legend
 * @param {number} top
 */
function drawLegend(context, { placed }, top) {
  context.font = FONT;
  context.lineWidth = 2.5;
  for (const { text, color, dashes, x, row } of placed) {
    const [left, y] = [MARGIN + x, top + row * LINE];
    context.strokeStyle = color;
    context.setLineDash(dashes);
    context.beginPath();
    context.moveTo(left, y + 8);
    context.lineTo(left + SAMPLE - 6, y + 8);
    context.stroke();
    context.fillText(text, left + SAMPLE, y);
  }
  context.setLineDash([]);
}

/**
 * A text in lines of at most this width.
 * @param {CanvasRenderingContext2D} context
 * @param {string} text
 * @param {number} width
 */
function lines(context, text, width) {
  /** @type {string[]} */
  const result = [];
  for (const word of text.split(" ").filter(Boolean)) {
    const longer = `${result[result.length - 1] ?? ""} ${word}`.trim();
    if (result.length > 0 && context.measureText(longer).width <= width) result[result.length - 1] = longer;
    else result.push(word);
  }
  return result;
}
