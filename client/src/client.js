// Calls actions, shows what comes back.

import "./forms.js";

export { call } from "./calls.js";
export { parseEvents } from "./events.js";
export { ActionError } from "./messages.js";
