// What only some pages have is in modules of their own: they are loaded where the page has it.

import { find } from "./dom.js";
import { loadLive, loadScreen } from "./modules.js";

const FEATURES = ["dialog", "job", "lazy", "live", "more", "poll", "submit"].map((name) => `[data-${name}]`).join();

function look() {
  if (find('[name=_action],[data-action],#serveractions:not([data-actions="{}"])')) void loadScreen();
  if (find(FEATURES)) void loadLive();
}

document.addEventListener("action:rendered", look);
look();
