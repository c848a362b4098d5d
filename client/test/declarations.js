// client.d.ts says what client.js exports: tsc fails here where it does not.

import * as client from "../src/client.js";

/** @type {typeof import("../client.d.ts")} */
export const declared = client;
