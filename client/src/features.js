// What only some pages have is a module of its own, live.js: it is loaded where the page has it.

import { here, PAGE, pageOf } from "./address.js";
import { followJob } from "./answers.js";
import { begunForms, contentsOf } from "./begun.js";
import { isCalling, settled } from "./calls.js";
import { tell } from "./messages.js";
import { loadLive } from "./modules.js";
import { about, fetchPage, parse } from "./page.js";
import { showPart } from "./show.js";
import { load } from "./submissions.js";

/** What that module has from this one: there may be no second state. */
const client = {
  PAGE, about, begunForms, contentsOf, fetchPage, followJob, here, isCalling, load, pageOf, parse, settled, showPart, tell,
};
/** @typedef {typeof client} Client */

const USES = ["dialog", "job", "lazy", "live", "more", "poll", "submit"].map((name) => `[data-${name}]`).join();
function look() {
  if (!document.querySelector(USES)) return;
  document.removeEventListener("action:rendered", look);
  void loadLive().then(({ start }) => start(client));
}

document.addEventListener("action:rendered", look);
look();
