// The story of a page: where its stops stand beside the explorer, the one that the reader has come to sets it, by its own
// link. Where they stand below, and without this script, the links do it when they are pressed.

{
  const story = document.querySelector(".labelled-story");
  const explorer = story.querySelector(".cell:has(.nin-explorer)");
  // The stop whose link has set the explorer is marked, until the reader sets it: then, by the style sheet, that of its phase.
  const mark = stop => {
    for (const marked of story.querySelectorAll("[aria-current]")) marked.removeAttribute("aria-current");
    stop?.setAttribute("aria-current", "true");
  };
  story.addEventListener("click", ({ target }) => {
    const link = target.closest('a[href*="?"]');
    if (link) mark(link.closest("section"));
  });
  for (const move of ["click", "input", "pointerdown"]) explorer.addEventListener(move, () => mark(null));
  addEventListener("popstate", () => mark(null));
  const beside = () => getComputedStyle(explorer).position === "sticky";
  let here = null;
  const observer = new IntersectionObserver(
    entries => {
      const stop = entries.find(entry => entry.isIntersecting)?.target;
      if (!stop || stop === here) return;
      // a page that opens in the middle keeps what its address says
      if (here && beside()) stop.querySelector('a[href*="?"]').click();
      here = stop;
    },
    { rootMargin: "-60% 0px -40%" },
  );
  const begin = () => story.querySelectorAll("section").forEach(stop => observer.observe(stop));
  for (const move of ["wheel", "touchmove", "keydown", "pointerdown"])
    addEventListener(move, begin, { once: true, passive: true });
}
