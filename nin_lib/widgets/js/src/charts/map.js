// A map over two settings: an image of cells, lines and names on it, and a point that the pointer and the arrow keys move.

import { powerOfTen } from "./chart-parts.js";
import { scaleOf } from "../ui/controls.js";
import { h, inkOf, onFrame } from "../ui/host.js";

const MARGIN = { left: 44, bottom: 24, top: 8, right: 10 };
const FONT = "12px system-ui, sans-serif";

// columns, rows: how many cells; move(x, y): called with the values under the pointer.
export function createMap(root, { columns, rows, label, move }) {
  const canvas = h("canvas");
  const element = h(
    "div",
    { class: "nin-map", tabindex: "0", role: "application", "aria-label": label },
    canvas,
  );
  const cells = h("canvas", { width: columns, height: rows });
  let axes = null; // { x, y }: settings with min, max, log, integer
  let [lines, names, point] = [[], [], null];

  // A value's place on the canvas, in CSS pixels: the middle of its cell.
  const box = () => {
    const [width, height] = [element.clientWidth, element.clientHeight];
    const [x0, y0] = [MARGIN.left, MARGIN.top];
    return { x0, y0, w: width - x0 - MARGIN.right, h: height - y0 - MARGIN.bottom, width, height };
  };
  const toX = (b, place) => b.x0 + (b.w * (place * (columns - 1) + 0.5)) / columns;
  const toY = (b, place) => b.y0 + b.h - (b.h * (place * (rows - 1) + 0.5)) / rows;

  const draw = onFrame(() => {
    const b = box();
    if (!axes || b.w <= 0) return;
    const dpr = devicePixelRatio;
    const [width, height] = [Math.round(b.width * dpr), Math.round(b.height * dpr)];
    if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
    const context = canvas.getContext("2d");
    context.setTransform(dpr, 0, 0, dpr, 0, 0);
    context.clearRect(0, 0, b.width, b.height);
    context.imageSmoothingEnabled = false;
    context.drawImage(cells, b.x0, b.y0, b.w, b.h);
    context.font = FONT;
    drawAxes(context, b);
    context.save();
    context.beginPath();
    context.rect(b.x0, b.y0, b.w, b.h);
    context.clip();
    drawLines(context, b);
    drawNames(context, b);
    context.restore();
    if (point) drawPoint(context, b);
  });

  function drawAxes(context, b) {
    context.fillStyle = context.strokeStyle = `rgba(${inkOf(root)},0.8)`;
    context.lineWidth = 1;
    context.strokeRect(b.x0 - 0.5, b.y0 - 0.5, b.w + 1, b.h + 1);
    context.textAlign = "center";
    context.textBaseline = "top";
    const tick = (x, y, dx, dy) => {
      context.beginPath();
      context.moveTo(x, y);
      context.lineTo(x + dx, y + dy);
      context.stroke();
    };
    for (const value of ticks(axes.x, b.w / 40)) {
      const x = toX(b, scaleOf(axes.x).place(value));
      tick(x, b.y0 + b.h, 0, 4);
      context.fillText(value, x, b.y0 + b.h + 7);
    }
    context.textAlign = "right";
    context.textBaseline = "middle";
    for (const value of ticks(axes.y, b.h / 24)) {
      const y = toY(b, scaleOf(axes.y).place(value));
      tick(b.x0, y, -4, 0);
      context.fillText(
        value >= 1e4 ? powerOfTen(Math.log10(value)) : String(value).replace("-", "−"),
        b.x0 - 7,
        y,
      );
    }
  }

  function drawLines(context, b) {
    for (const [style, width] of [
      ["rgba(255,255,255,0.85)", 4],
      ["#000", 1.75],
    ]) {
      for (const { dash, points } of lines) {
        context.strokeStyle = style;
        context.lineWidth = width;
        context.setLineDash(width > 2 ? [] : dash);
        context.beginPath();
        for (const [x, y] of points) {
          const px = toX(b, scaleOf(axes.x).place(x));
          if (Number.isFinite(px))
            context.lineTo(Math.min(Math.max(px, -1e4), 1e4), toY(b, scaleOf(axes.y).place(y)));
        }
        context.stroke();
      }
    }
    context.setLineDash([]);
  }

  function drawNames(context, b) {
    context.textAlign = "center";
    context.textBaseline = "middle";
    context.fillStyle = "#000";
    for (const { text, row, from, to } of names) {
      if (context.measureText(text).width + 12 > ((to - from) * b.w) / columns) continue;
      context.fillText(text, b.x0 + ((from + to) / 2 / columns) * b.w, toY(b, row / (rows - 1)));
    }
  }

  function drawPoint(context, b) {
    const [x, y] = ["x", "y"].map(axis => {
      const place = Math.min(Math.max(scaleOf(axes[axis]).place(point[axis]), 0), 1);
      return axis === "x" ? toX(b, place) : toY(b, place);
    });
    for (const [style, width] of [
      ["#fff", 5],
      ["#000", 2],
    ]) {
      context.strokeStyle = style;
      context.lineWidth = width;
      context.beginPath();
      context.arc(x, y, 7, 0, 2 * Math.PI);
      context.stroke();
    }
  }

  const pointTo = event => {
    const b = box();
    const area = element.getBoundingClientRect();
    const inside = (pixel, cells) => Math.min(Math.max((pixel * cells - 0.5) / (cells - 1), 0), 1);
    const x = inside((event.clientX - area.left - b.x0) / b.w, columns);
    const y = inside(1 - (event.clientY - area.top - b.y0) / b.h, rows);
    move(scaleOf(axes.x).settingAt(x), scaleOf(axes.y).settingAt(y));
  };
  element.addEventListener("pointerdown", event => {
    if (event.button !== 0) return;
    element.setPointerCapture(event.pointerId);
    pointTo(event);
  });
  element.addEventListener("pointermove", event => {
    if (element.hasPointerCapture(event.pointerId)) pointTo(event);
  });
  // An arrow moves the point by a cell, with Shift by ten; on an axis of whole numbers by one at least.
  const ARROWS = { ArrowLeft: ["x", -1], ArrowRight: ["x", 1], ArrowDown: ["y", -1], ArrowUp: ["y", 1] };
  element.addEventListener("keydown", event => {
    if (!(event.key in ARROWS)) return;
    event.preventDefault();
    const [axis, sign] = ARROWS[event.key];
    const { place, settingAt } = scaleOf(axes[axis]);
    const cells = axis === "x" ? columns : rows;
    const moved = { ...point };
    for (let k = event.shiftKey ? 10 : 1; moved[axis] === point[axis] && k < cells; k++) {
      moved[axis] = settingAt(Math.min(Math.max(place(point[axis]) + (sign * k) / (cells - 1), 0), 1));
    }
    move(moved.x, moved.y);
  });

  const observer = new ResizeObserver(draw);
  observer.observe(element);
  root.addEventListener("nin-theme", draw);

  return {
    element,
    setAxes(x, y) {
      axes = { x, y };
      draw();
    },
    // pixels: the four bytes of each cell's colour as one number, row by row from below.
    setCells(pixels) {
      const image = new ImageData(columns, rows);
      const target = new Uint32Array(image.data.buffer);
      for (let row = 0; row < rows; row++) {
        target.set(pixels.subarray(row * columns, (row + 1) * columns), (rows - 1 - row) * columns);
      }
      cells.getContext("2d").putImageData(image, 0, 0);
      draw();
    },
    // lines: [{ dash, points: [[x, y], ...] }]
    setLines(newLines) {
      lines = newLines;
      draw();
    },
    // names: [{ text, row, from, to }]: a name on a run of cells, shown if it fits
    setNames(newNames) {
      names = newNames;
      draw();
    },
    setPoint(x, y) {
      point = { x, y };
      draw();
    },
    destroy: () => observer.disconnect(),
  };
}

// Round values on an axis, about `count` of them.
function ticks({ min, max, log }, count) {
  const values = [];
  if (log) {
    const wide = count > 2 * Math.log10(max / min) && max / min <= 1e4;
    for (let k = Math.floor(Math.log10(min)); k <= Math.log10(max); k++) {
      for (const digit of wide ? [1, 3] : [1]) values.push(Number(`${digit}e${k}`));
    }
  } else {
    for (let value = Math.ceil(min); value <= max; value++) values.push(value);
  }
  return values.filter(value => value >= min && value <= max);
}
