// What only some pages have is in modules of their own: they are loaded where the page has it.

import { find } from "./dom.js";
import { loadLive, loadScreen } from "./modules.js";

const FEATURES = "[data-dialog],[data-job],[data-lazy],[data-live],[data-more],[data-poll],[data-submit]";

function look() {
  if (find('[name=_action],[data-action],#serveractions:not([data-actions="{}"])')) void loadScreen();
  if (find(FEATURES)) void loadLive();
}

document.addEventListener("action:rendered", look);
look();
