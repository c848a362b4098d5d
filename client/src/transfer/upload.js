// Sends a body with files: fetch does not tell how much of it is on its way.

import { absolute } from "../address.js";

/**
 * @param {string} url @param {Record<string, string>} headers @param {FormData} body
 * @param {AbortSignal} signal @param {(progress: {done: number, total: number}) => void} report
 * @returns {Promise<Response>}
 */
export function upload(url, headers, body, signal, report) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", url);
    request.responseType = "blob";
    for (const name in headers) request.setRequestHeader(name, headers[name] ?? "");
    request.upload.onprogress = ({ loaded, total }) => report({ done: loaded, total });
    request.onload = () => resolve(replyOf(request, url));
    request.onabort = reject;
    // a redirect to another site can't be followed, nor told from a broken connection; what answers for the app leads this there, too
    request.onerror = () => fetch(url, { method: "OPTIONS", redirect: "manual", signal }).then((reply) => (reply.status ? reject() : resolve(reply)), reject);
    signal.addEventListener("abort", () => request.abort());
    request.send(body);
  });
}

/** @param {XMLHttpRequest} request @param {string} url @returns {Response} a redirect, where it has followed one: fetch would not */
function replyOf(request, url) {
  const { response, responseURL, status } = request;
  if (responseURL !== absolute(url).href) return Response.error();
  const headers = [...request.getAllResponseHeaders().matchAll(/^(.*?): (.*)$/gm)];
  return new Response(/^20[45]/.test(String(status)) ? null : response, { status, headers: headers.map(([, ...pair]) => /** @type {[string, string]} */ (pair)) });
}
