// What only some pages have: forms that send themselves, lazy regions and endless lists, live ones, dialogs, jobs.

import "./live/autosave.js";
import "./live/dialogs.js";
import "./live/endless.js";
import "./live/jobs.js";
import "./live/lazy.js";
import "./live/poll.js";
import "./live/watch.js";
