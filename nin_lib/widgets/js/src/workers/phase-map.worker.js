// Maps of phases off the main thread.

import { pause } from "./pause.js";
import { mapPhases } from "./phase-map.task.js";

const receive = mapPhases(postMessage, pause);
onmessage = ({ data }) => receive(data);
