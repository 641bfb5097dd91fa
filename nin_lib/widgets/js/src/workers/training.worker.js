// Trainings off the main thread.

import { pause } from "./pause.js";
import { trainAndSearch } from "./training.task.js";

const receive = trainAndSearch(postMessage, pause);
onmessage = ({ data }) => receive(data);
