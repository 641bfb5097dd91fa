// Where the pointer is on an element that can be dragged. A finger may be about to scroll the page.

const SIDEWAYS = 6; // pixels

/**
 * Tells where the pointer is, pressed and while it is dragged, in pixels from the element's corner. What a finger does upwards
 * or downwards scrolls the page (the element's touch-action is pan-y): it tells once it has moved sideways, or is lifted where
 * it was put.
 * @param {HTMLElement} element
 * @param {(x: number, y: number) => void} point
 */
export function followPointer(element, point) {
  /** @type {{ x: number, y: number } | null} */
  let undecided = null; // where a finger was put that has not moved yet
  /** @param {PointerEvent} event */
  const tell = event => {
    undecided = null;
    const { left, top } = element.getBoundingClientRect();
    point(event.clientX - left, event.clientY - top);
  };
  element.addEventListener("pointerdown", event => {
    if (event.button !== 0) return;
    element.setPointerCapture(event.pointerId);
    if (event.pointerType !== "touch") return tell(event);
    undecided = { x: event.clientX, y: event.clientY };
  });
  element.addEventListener("pointermove", event => {
    if (!element.hasPointerCapture(event.pointerId)) return;
    if (undecided) {
      const [right, down] = [Math.abs(event.clientX - undecided.x), Math.abs(event.clientY - undecided.y)];
      if (right < SIDEWAYS || right <= down) return;
    }
    tell(event);
  });
  element.addEventListener("pointerup", event => {
    if (undecided) tell(event);
  });
  element.addEventListener("pointercancel", () => {
    undecided = null;
  });
}
