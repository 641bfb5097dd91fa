// The state of an explorer: in a live kernel anywidget's model, on a page without one a StaticModel.

/**
 * The part of anywidget's model that explorers use.
 * @implements {Model}
 */
export class StaticModel {
  /** @param {Record<string, any>} state */
  constructor(state) {
    this.state = state;
    /** @type {Record<string, (() => void)[]>} */
    this.listeners = {};
  }
  /** @param {string} key */
  get(key) {
    return this.state[key];
  }
  /** @type {Model["set"]} */
  set(key, value) {
    if (this.state[key] === value) return;
    this.state[key] = value;
    for (const listener of this.listeners[`change:${key}`] ?? []) listener();
  }
  /** @type {Model["on"]} */
  on(event, listener) {
    (this.listeners[event] ??= []).push(listener);
  }
  /** @type {Model["off"]} */
  off(event, listener) {
    this.listeners[event] = (this.listeners[event] ?? []).filter(other => other !== listener);
  }
  save_changes() {}
}

/**
 * The values of these settings.
 * @param {Pick<Model, "get">} model
 * @param {Iterable<string>} names
 * @returns {any}
 */
export const valuesOf = (model, names) => Object.fromEntries([...names].map(name => [name, model.get(name)]));

/**
 * Sets values here and in the kernel.
 * @param {Model} model
 * @param {Record<string, any>} values
 */
export function setValues(model, values) {
  for (const [name, value] of Object.entries(values)) model.set(name, value);
  model.save_changes();
}
