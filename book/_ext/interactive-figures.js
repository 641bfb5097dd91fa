// The button of each figure: when the first one is pressed, Plotly is loaded, and what the figures of the page are drawn from.
// It draws the figure in the picture's place.
(() => {
  const HEAD = 34; // px at the top for Plotly's mode bar, so that it covers no legend
  const { src: here, dataset } = document.currentScript;
  const loaded = name =>
    new Promise((resolve, reject) => {
      const script = document.createElement("script");
      Object.assign(script, { src: new URL(name, here).href, onload: resolve, onerror: reject });
      document.head.append(script);
    });
  let tools; // the promise of them

  const coarse = matchMedia("(pointer: coarse)");
  // A drag zooms with a mouse; with a finger it scrolls the page, and the mode bar zooms.
  const buttons = () => [
    ...(coarse.matches ? [] : ["zoom2d", "pan2d"]),
    ...["zoomIn2d", "zoomOut2d", "resetScale2d", "toImage"],
  ];

  async function draw(figure, k) {
    const load = () => ["plotly.min.js", "draw-figure.js", dataset.figures].map(loaded);
    await (tools ??= Promise.all(load()));
    const { data, layout } = ninFigures[k];
    const dragmode = coarse.matches ? false : "zoom";
    // Like the pictures, text and axes follow the theme; Plotly knows no variables.
    const ink = layout.template.layout.font.color;
    const themed = JSON.parse(
      JSON.stringify({ data, layout: { ...layout, dragmode } }).replaceAll(
        `"${ink}"`,
        `"${getComputedStyle(figure).color}"`,
      ),
    );
    const place = document.createElement("div");
    place.className = "drawn";
    figure.querySelector(".drawn")?.remove();
    figure.prepend(place);
    await drawFigure(place, themed, figure.clientWidth, HEAD, {
      displayModeBar: true,
      displaylogo: false,
      modeBarButtons: [buttons()],
      plotlyServerURL: "",
    });
  }

  document.querySelectorAll(".nin-figure:has(> button)").forEach((figure, k) => {
    const button = figure.querySelector("button");
    const pressed = () => button.getAttribute("aria-pressed") === "true";
    const redraw = () => pressed() && draw(figure, k);
    const toggle = async () => {
      button.setAttribute("aria-pressed", !pressed());
      if (pressed()) await draw(figure, k);
      else figure.querySelector(".drawn")?.remove();
    };
    button.addEventListener("click", toggle);
    if (!figure.querySelector("svg")) toggle(); // stored without a picture
    new MutationObserver(redraw).observe(document.documentElement, { attributeFilter: ["data-theme"] });
    addEventListener("resize", redraw);
  });
})();
