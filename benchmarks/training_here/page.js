// A training on a page of the book, of one epoch, as its reader starts it: a step's time is that between its news, so that
// validation does not count.

async function setUp() {
  const button = () =>
    [...document.querySelectorAll("button")].find(({ textContent }) => textContent.startsWith("Train at"));
  const until = async condition => {
    while (!condition()) await new Promise(done => setTimeout(done, 50));
  };
  await until(button);
  button().click(); // "Train at this noise here" loads images and program
  await until(() => document.querySelector(".nin-training progress"));
  const nin = document.querySelector(".nin-explorer").nin;

  globalThis.train = async () => {
    await until(() => button()?.disabled === false);
    return new Promise(done => {
      const news = [];
      Object.defineProperty(nin, "training", {
        configurable: true,
        set({ history, seconds }) {
          const { steps, steps_per_epoch, batch_loss } = history;
          if (steps < steps_per_epoch) return news.push({ steps, seconds });
          const [first, last] = [news[0], news[news.length - 1]];
          done({
            losses: Array.from(batch_loss),
            seconds: (last.seconds - first.seconds) / (last.steps - first.steps),
          });
        },
      });
      button().click();
    });
  };
}
