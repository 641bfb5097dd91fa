// The values of all curves on the screen as a table, in CSV.

/** @param {number | null | undefined} value */
const cell = value => {
  if (value == null || Number.isNaN(value)) return "";
  return Number.isFinite(value) ? String(value) : value > 0 ? "inf" : "-inf";
};
/** @param {string} text */
const quoted = text => (/[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);

/**
 * The columns: abscissas, each once, and the curves over them. Of two with the same name one has its chart's title before it, of
 * curves both.
 * @param {ChartTaken[]} charts
 */
export function columnsOf(charts) {
  const names = charts.flatMap(({ curves }) => curves.map(({ name }) => name));
  const shared = (/** @type {string} */ name) => names.filter(other => other === name).length > 1;
  /** @type {{ name: string, values: ArrayLike<number | null> }[]} */
  const columns = [];
  for (const { title, at, curves } of charts.filter(chart => chart.curves.length > 0)) {
    const known = columns.filter(({ name }) => name === at.name);
    if (known.length === 0) columns.push(at);
    else if (!known.some(({ values }) => equal(values, at.values)))
      columns.push({ name: `${title}: ${at.name}`, values: at.values });
    columns.push(
      ...curves.map(({ name, values }) => ({ name: shared(name) ? `${title}: ${name}` : name, values })),
    );
  }
  return columns;
}

/** @type {(a: ArrayLike<number | null>, b: ArrayLike<number | null>) => boolean} */
const equal = (a, b) => a.length === b.length && Array.from(a).every((value, i) => value === b[i]);

/** @param {ChartTaken[]} charts */
export function csvOf(charts) {
  const columns = columnsOf(charts);
  const length = Math.max(...columns.map(({ values }) => values.length));
  const rows = Array.from({ length }, (_, i) => columns.map(({ values }) => cell(values[i])).join());
  return [columns.map(({ name }) => quoted(name)).join(), ...rows, ""].join("\n");
}
