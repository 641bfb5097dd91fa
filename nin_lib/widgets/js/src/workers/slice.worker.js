// Slices of a net, asked through a port.

import { createSliceTask } from "./slice.task.js";

const answer = createSliceTask();
onmessage = ({ ports: [port] }) => {
  port.onmessage = ({ data }) => {
    try {
      port.postMessage({ answer: answer(data) });
    } catch (error) {
      port.postMessage({ failed: String(error) }); // out of memory, for example
    }
  };
};
