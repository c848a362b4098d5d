// Pages in frames, as a server gives them, with the client in them.

/** @param {string} key @param {string} body what the server says from now on: HTML from `<body>` on */
const serve = (key, body) => fetch(`/pages/${key}`, { method: "POST", body });

/** @param {string} key @returns {Promise<any>} a window in which the page has loaded */
async function open(key) {
  const frame = document.createElement("iframe");
  frame.style.cssText = "width: 640px; height: 480px";
  frame.src = `/pages/${key}`;
  document.body.append(frame);
  await new Promise((resolve) => (frame.onload = resolve));
  const page = /** @type {any} */ (frame.contentWindow);
  page.client = await page.eval("import(document.querySelector('#serveractions').src)");
  return page;
}

/** @param {any} page when all that it shows has come */
async function settle({ document }) {
  const isHere = () => [...document.querySelectorAll("iframe")].every(({ contentDocument }) => contentDocument?.readyState === "complete" && contentDocument.body.firstChild);
  while (!isHere()) await new Promise((resolve) => setTimeout(resolve, 5));
}

/**
 * @param {string} key
 * @param {string} old the page that is shown, and then brought up to date by the client to a fresh one
 * @param {string} fresh
 * @param {(page: any) => void} act what is done to it before
 * @param {(page: any, reloaded: any) => string[]} judge what is wrong with it then
 * @returns {Promise<string[]>}
 */
export async function bringUpToDate(key, old, fresh, act, judge) {
  await serve(key, old);
  const page = await open(key);
  await settle(page);
  act(page);
  await serve(key, fresh);
  await page.client.refresh();
  const reloaded = await open(key);
  await Promise.all([page, reloaded].map(settle));
  const wrong = [...page.problems, ...judge(page, reloaded)];
  for (const each of [page, reloaded]) each.frameElement.remove();
  return wrong;
}
