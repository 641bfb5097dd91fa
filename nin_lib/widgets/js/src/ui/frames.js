// Work that waits for the browser's next frame.

/**
 * Calls `paint` once in the next frame, however often it is asked before.
 * @param {() => void} paint
 */
export function onFrame(paint) {
  let asked = false;
  return () => {
    if (asked) return;
    asked = true;
    requestAnimationFrame(() => {
      asked = false;
      paint();
    });
  };
}

/**
 * Calls `paint` at once, and asked again before the next frame, once more in that frame: a lone event is on the screen with
 * the next frame, and a flood of them costs no more than two paints a frame.
 * @param {() => void} paint
 */
export function atOnce(paint) {
  let waiting = false;
  const again = onFrame(paint);
  return () => {
    if (waiting) return again();
    waiting = true;
    requestAnimationFrame(() => {
      waiting = false;
    });
    paint();
  };
}
