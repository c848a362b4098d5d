// What only some pages have is in modules of their own: they are loaded where the page has it.

import { find, listen } from "./dom.js";
import { loadLive, loadScreen, loadTransfer } from "./modules.js";

const FEATURES = "[data-dialog],[data-job],[data-lazy],[data-live],[data-more],[data-poll],[data-submit]";

const SCRIPTED = '#serveractions:not([data-actions="{}"])'; // whose scripts call actions

function look() {
  if (find(`[name=_action],[data-action],${SCRIPTED}`)) void loadScreen();
  if (find(`[type=file],${SCRIPTED}`)) void loadTransfer();
  if (find(FEATURES)) void loadLive();
}

listen("action:rendered", look);
look();
