// A map over two settings: an image of cells, lines and names on it, and a point that the pointer and the arrow keys move.

import { h } from "../ui/elements.js";
import { onFrame } from "../ui/frames.js";
import { followPointer } from "../ui/pointer.js";
import { scaleOf } from "../ui/scale.js";
import { prepare } from "./canvas.js";
import { ink } from "./chart-parts.js";
import { drawAxes, drawLines, drawNames, drawPoint, drawVertical, FONT } from "./map-drawing.js";
import { fromAbove, geometryOf, moved } from "./map-geometry.js";

/** @typedef {ReturnType<typeof createMap>} CellMap */

/**
 * @param {View} view
 * @param {{ columns: number, rows: number, label: string, move: (x: number, y: number) => void }} options how many cells;
 *   what to do with the values of both settings that the reader asks for
 */
export function createMap({ root, signal, own, charts }, { columns, rows, label, move }) {
  const canvas = h("canvas");
  const element = h(
    "div",
    { class: "nin-map", tabindex: "0", role: "application", "aria-label": label },
    canvas,
  );
  const cells = h("canvas", { width: columns, height: rows });
  /** @type {MapShown} */
  const shown = { axes: null, vertical: "", lines: [], names: [], point: null, kept: [] };
  const geometry = () =>
    geometryOf({ width: element.clientWidth, height: element.clientHeight, columns, rows });

  const draw = onFrame(() => {
    const context = canvas.getContext("2d");
    const box = geometry();
    if (!context || !shown.axes || box.w <= 0) return;
    prepare(context, element);
    drawMap(context, box, { ...shown, axes: shown.axes, cells, color: ink(root, 0.8) });
  });
  followPointer(element, (x, y) => {
    if (!shown.axes) return;
    const { placeAtX, placeAtY } = geometry();
    move(scaleOf(shown.axes.x).settingAt(placeAtX(x)), scaleOf(shown.axes.y).settingAt(placeAtY(y)));
  });
  onArrows(element, (right, up) => {
    const { axes, point } = shown;
    if (!axes || !point) return;
    move(
      moved(point.x, axes.x, { by: right, count: columns }),
      moved(point.y, axes.y, { by: up, count: rows }),
    );
  });
  const observer = new ResizeObserver(draw);
  observer.observe(element);
  own(() => observer.disconnect());
  root.addEventListener("nin-theme", draw, { signal });

  charts.push(onScreen(canvas, label.split(";")[0], shown, draw));
  return {
    element,
    /**
     * Shows what is given, and all else as before.
     * @param {Partial<MapShown>} changes
     */
    show(changes) {
      Object.assign(shown, changes);
      draw();
    },
    /**
     * @param {Uint32Array} pixels the four bytes of each cell's colour as one number, row by row from below
     */
    showCells(pixels) {
      const image = new Uint8ClampedArray(fromAbove(pixels, columns).buffer);
      cells.getContext("2d")?.putImageData(new ImageData(image, columns, rows), 0, 0);
      draw();
    },
  };
}

/**
 * A map to be kept, of which the point stays, or taken away, which has no curves.
 * @param {HTMLCanvasElement} canvas
 * @param {string} title
 * @param {MapShown} shown
 * @param {() => void} draw
 * @returns {OnScreen}
 */
const onScreen = (canvas, title, shown, draw) => ({
  title,
  data: () => ({ title, at: { name: "", values: [] }, curves: [] }),
  legend: () => [],
  canvas: () => canvas,
  keep() {
    const { axes, point, kept } = shown;
    if (axes && point) shown.kept = [...kept, { point, vertical: axes.y.name }].slice(-3);
    draw();
  },
  kept: () => [],
  forget() {
    shown.kept = [];
    draw();
  },
});

/**
 * @param {CanvasRenderingContext2D} context
 * @param {MapGeometry} geometry
 * @param {MapShown & { axes: MapAxes, cells: HTMLCanvasElement, color: string }} map
 */
function drawMap(context, geometry, { axes, vertical, lines, names, point, kept, cells, color }) {
  const { x0, y0, w, h } = geometry;
  context.imageSmoothingEnabled = false;
  context.drawImage(cells, x0, y0, w, h);
  context.font = FONT;
  drawAxes(context, geometry, axes, color);
  context.save();
  context.beginPath();
  context.rect(x0, y0, w, h);
  context.clip();
  drawLines(context, geometry, axes, lines);
  drawNames(context, geometry, { columns: cells.width, rows: cells.height }, names);
  drawVertical(context, geometry, vertical);
  context.restore();
  context.globalAlpha = 0.5;
  for (const { point: ghost, vertical: name } of kept)
    if (name === axes.y.name) drawPoint(context, geometry, axes, ghost);
  context.globalAlpha = 1;
  if (point) drawPoint(context, geometry, axes, point);
}

/** @type {Record<string, [right: number, up: number]>} */
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowDown: [0, -1], ArrowUp: [0, 1] };

/**
 * Tells by how many cells an arrow key moves to the right and upwards: by one, with Shift by ten.
 * @param {HTMLElement} element
 * @param {(right: number, up: number) => void} move
 */
function onArrows(element, move) {
  element.addEventListener("keydown", event => {
    if (!(event.key in ARROWS)) return;
    event.preventDefault();
    const [right, up] = ARROWS[event.key].map(cells => cells * (event.shiftKey ? 10 : 1));
    move(right, up);
  });
}
