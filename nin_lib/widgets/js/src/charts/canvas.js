// A canvas that fills an element.

/**
 * An empty canvas as large as the element on this screen, to be drawn on in CSS pixels.
 * @param {CanvasRenderingContext2D} context
 * @param {Element} element
 */
export function prepare(context, { clientWidth, clientHeight }) {
  const { canvas } = context;
  const dpr = devicePixelRatio;
  const [width, height] = [Math.round(clientWidth * dpr), Math.round(clientHeight * dpr)];
  if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
  context.setTransform(dpr, 0, 0, dpr, 0, 0);
  context.clearRect(0, 0, clientWidth, clientHeight);
}
