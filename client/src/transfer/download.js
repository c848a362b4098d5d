// What came as an attachment is downloaded under its name.

import { create } from "../dom.js";

/** @typedef {import("../answers.js").Answer} Answer */

/** @param {Response} reply that is no answer of ours @returns {Promise<Answer>} of an attachment (RFC 6266) the file */
export async function download(reply) {
  const said = /** @type {string} */ (reply.headers.get("Content-Disposition")); // or null, which is none
  if (!/^attachment\b/i.test(said)) return { status: reply.status };
  const blob = await reply.blob();
  const name = nameIn(said);
  const href = URL.createObjectURL(blob);
  create("a", { href, download: name }).click();
  setTimeout(URL.revokeObjectURL, 60_000, href);
  return { data: new File([blob], name), isFile: true };
}

/** @param {string} said how an answer is to be handled (RFC 6266) @returns {string} the name of its file; empty, where it has none */
function nameIn(said) {
  const encoded = /filename\*=UTF-8'.*?'([^; ]*)/i.exec(said)?.[1];
  const plain = /filename=("(?:\\.|[^"])*"|[^; ]*)/i.exec(said)?.[1] ?? "";
  return encoded ? decodeURIComponent(encoded) : plain.replace(/^"|"$|\\(.)/g, "$1");
}
