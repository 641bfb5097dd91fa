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
  let here = null; // the stop that the reader has come to
  let led = true; // by the story, until the reader sets the explorer; a button takes it up again
  let pressed = -Infinity; // ms: when the reader has last pressed a link
  story.addEventListener("click", ({ target, isTrusted, timeStamp }) => {
    const link = target.closest('a[href*="?"]');
    if (!link) return;
    if (isTrusted) pressed = timeStamp;
    led = true;
    follow.remove();
    mark(link.closest("section"));
  });
  const beside = () => getComputedStyle(explorer).position === "sticky";
  const set = stop => stop.querySelector('a[href*="?"]').click();
  const follow = document.createElement("button");
  Object.assign(follow, { type: "button", className: "nin-button", textContent: "Follow the text" });
  follow.addEventListener("click", () => {
    set(here ?? story.querySelector("section"));
    explorer.querySelector("input").focus({ preventScroll: true });
  });
  const letGo = ({ target }) => {
    if (target.closest?.(".nin-details") || target === follow) return; // who looks closer sets nothing
    led = false;
    mark(null);
    if (beside()) explorer.querySelector(".nin-buttons").append(follow);
  };
  for (const move of ["click", "input", "pointerdown"]) explorer.addEventListener(move, letGo);
  addEventListener("popstate", letGo);
  // What is unfolded stays beside the story, and scrolls there.
  explorer.addEventListener("toggle", ({ target }) => target.open && target.scrollIntoView({ block: "nearest" }), true);
  const observer = new IntersectionObserver(
    entries => {
      const stop = entries.find(entry => entry.isIntersecting)?.target;
      if (!stop || stop === here) return;
      // A page that opens in the middle keeps what its address says, and one that moves a little under a press what was pressed.
      if (here && led && beside() && performance.now() > pressed + 500) set(stop);
      here = stop;
    },
    { rootMargin: "-60% 0px -40%" },
  );
  const begin = () => story.querySelectorAll("section").forEach(stop => observer.observe(stop));
  for (const move of ["wheel", "touchmove", "keydown", "pointerdown"])
    addEventListener(move, begin, { once: true, passive: true });
}
