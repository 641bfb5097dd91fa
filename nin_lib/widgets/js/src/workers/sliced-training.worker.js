// A training on Fashion-MNIST off the main thread.

import { pause } from "./pause.js";
import { trainOnImages } from "./sliced-training.task.js";

const receive = trainOnImages(postMessage, pause);
onmessage = ({ data }) => receive(data);
