// Light or dark: every host has its own way to be dark, and in each of them the text is light. So look at the text.

/**
 * The colour of an element's text as "r,g,b". A live host may show an element only after it is built: grey until then.
 * @param {Element} element
 */
export function inkOf(element) {
  return (getComputedStyle(element).color.match(/[\d.]+/g) ?? [128, 128, 128]).slice(0, 3).join();
}

/**
 * Keeps data-scheme right, and tells the parts of the explorer by the event "nin-theme".
 * @param {View} view
 */
export function followTheme({ root, signal, own }) {
  const look = () => {
    const [r, g, b] = inkOf(root).split(",").map(Number);
    const scheme = 0.2126 * r + 0.7152 * g + 0.0722 * b > 128 ? "dark" : "light";
    if (root.dataset.scheme === scheme) return;
    root.dataset.scheme = scheme;
    root.dispatchEvent(new Event("nin-theme"));
  };
  look();
  const changes = new MutationObserver(look);
  for (const node of [document.documentElement, document.body]) changes.observe(node, { attributes: true });
  const shown = new ResizeObserver(look);
  shown.observe(root);
  for (const observer of [changes, shown]) own(() => observer.disconnect());
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", look, { signal });
}

const SKY = "#56b4e9";
/**
 * A curve's colour on the page as it is: the blue of the noise weights, the book's first curve, is dim where it is dark.
 * @param {Element} root
 * @param {string} color
 */
export const onPage = (root, color) =>
  color === palette.weights.w_ni && root.getAttribute("data-scheme") === "dark" ? SKY : color;
