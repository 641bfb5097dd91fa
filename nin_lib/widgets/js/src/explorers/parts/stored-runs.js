// Which of the stored runs are shown.

/**
 * @param {Run[]} runs
 * @param {Pick<Model, "get">} model
 * @param {string[]} names of the settings besides sigma_eps and seed in which the runs differ
 */
export function storedRuns(runs, model, names) {
  /** @type {(run: any, name: string) => boolean} */
  const fits = (run, name) => run[name] === model.get(name);
  return {
    // Those whose settings are the chosen ones, of any sigma_eps and seed.
    chosen: () => runs.filter(run => names.every(name => fits(run, name))),
    /**
     * A run with the chosen value of this setting, or any run if there is none.
     * @param {string} name
     */
    with: name => /** @type {Run & Record<string, string>} */ (runs.find(run => fits(run, name)) ?? runs[0]),
  };
}

/**
 * Those of the sigma_eps that is nearest.
 * @param {Run[]} runs
 * @param {number} sigma_eps
 */
export function nearest(runs, sigma_eps) {
  const distance = (/** @type {Run} */ run) => Math.abs(run.sigma_eps - sigma_eps);
  const { sigma_eps: at } = runs.reduce((best, run) => (distance(run) < distance(best) ? run : best));
  return runs.filter(run => run.sigma_eps === at);
}

/** @param {Run[]} runs */
export function describe([first, ...others]) {
  if (others.length === 0) return first.words;
  const seeds = others.map(({ seed, phase }) => `seed ${seed} (${phase})`).join(", ");
  return `${first.words} Thin lines: ${seeds}.`;
}
