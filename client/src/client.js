// Calls actions, shows what comes back.

import "./forms.js";
import "./features.js";
import "./morph/notes.js";

export { parseEvents } from "./events.js";
export { ActionError } from "./messages.js";
export { call } from "./submissions.js";
export { refresh } from "./visits.js";
