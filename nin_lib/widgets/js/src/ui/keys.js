// The keys that move a slider, a menu and the map: JupyterLab and Notebook 7 take the arrows wherever no text is typed.

const MOVES = /^(Arrow|Page|Home$|End$)/;

/**
 * Lumino, which hands the keys to the notebook, leaves alone an element that has the attribute, and looks for it on the document.
 * So the window, whose turn is before, gives it to what has the focus, key by key: keys of the notebook, such as Shift+Enter, stay
 * its own.
 * @param {View} view
 */
export function keepKeys({ root, live, signal }) {
  if (!live) return;
  const mark = (/** @type {KeyboardEvent} */ event) => {
    const { target, key, ctrlKey, altKey, metaKey } = event;
    if (!(target instanceof Element) || !root.contains(target)) return;
    const own = MOVES.test(key) && !(ctrlKey || altKey || metaKey);
    target.toggleAttribute("data-lm-suppress-shortcuts", own);
  };
  window.addEventListener("keydown", mark, { capture: true, signal });
}
