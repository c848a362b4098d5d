// Reads what came back. Only what carries the header of the contract is an answer; the rest is a file, or a failure.

import { parseEvents } from "./events.js";
import { loadTransfer } from "./modules.js";

const EVENTS = "text/event-stream";

/** How far an upload, an action or a job has come. @typedef {{done: number, total?: number | null, message?: string}} Progress */
/** @typedef {(progress: Progress) => void} Report */

/**
 * An answer of the contract (`data`), a problem (RFC 9457), or neither (`status` alone).
 * @typedef {object} Answer
 * @property {number} [status]
 * @property {unknown} [data] undefined: it failed
 * @property {string | null} [redirect]
 * @property {string | null} [page]
 * @property {{category: string, message: string}[]} [messages] what was flashed
 * @property {string} [login] where to sign in
 * @property {string} [title]
 * @property {string} [traceback] of a bug, in debug mode
 * @property {Record<string, string[]>} [errors]
 * @property {string | null} [stale] "true" or "identity"
 * @property {string | null} [retry] `Retry-After`
 * @property {string | null} [unread] the page in it does not show the messages
 * @property {number} [rendered] when the page in it was, by the server's clock
 * @property {string} [state] of a job that is under way, or of which its stream says the rest
 * @property {boolean} [isElsewhere] something before the app leads somewhere else
 * @property {boolean} [isFile] it was downloaded
 */

/**
 * @param {Response} reply
 * @param {AbortSignal} signal
 * @param {Report} report
 * @returns {Promise<Answer>}
 * @throws {Error} it broke off
 */
export async function readAnswer(reply, signal, report) {
  const { body, ok, status } = reply;
  const header = (/** @type {string} */ name) => reply.headers.get(name);
  if (!status) return { isElsewhere: true }; // a redirect
  if (header("Serveractions") !== "1") return ok ? (await loadTransfer()).download(reply) : { status };
  if (body && header("Content-Type")?.startsWith(EVENTS)) {
    for await (const { type, data } of parseEvents(body)) {
      if (type !== "progress") return JSON.parse(data);
      report(JSON.parse(data));
    }
    throw Error(EVENTS); // it broke off
  }
  const { job, ...answer } = JSON.parse((await reply.text()) || "{}");
  const [stale, rendered, unread, retry] = ["Serveractions-Stale", "Serveractions-Rendered", "Serveractions-Unread", "Retry-After"].map(header);
  return job ? followJob(job.url, signal, report) : { status, ...answer, stale, rendered: +(/** @type {any} */ (rendered)), unread, retry };
}

/** A browser opens six connections to a host: streams of jobs leave some of them. */
const MOST = 3;
let streams = 0;

/** Follows a job until it is over; a stream that breaks is taken up again. One too many is looked at now and then, until it has ended: then its stream says how.
 * @param {string} url @param {AbortSignal} signal @param {Report} report @returns {Promise<Answer>} */
export async function followJob(url, signal, report) {
  let hasEnded = false;
  for (let pauses = 0; pauses < 5; ) {
    const isStream = hasEnded || streams < MOST;
    if (isStream) streams++;
    try {
      const reply = await fetch(url, { headers: { Accept: isStream ? EVENTS : "application/json" }, signal });
      const told = (/** @type {Progress} */ progress) => {
        pauses = 0;
        report(progress);
      };
      const answer = await readAnswer(reply, signal, told);
      // a refusal for the moment says nothing of the job
      if (!answer.state && !answer.retry && (answer.title || "data" in answer)) return answer;
      if (answer.state) told(/** @type {any} */ (answer)); // something between says nothing of it
      hasEnded = /done|failed/.test(answer.state ?? "");
    } catch {
      signal.throwIfAborted();
    } finally {
      if (isStream) streams--;
    }
    await pause(1000 * ++pauses);
  }
  return {};
}

/** @param {number} milliseconds @returns {Promise<void>} */
export const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));
