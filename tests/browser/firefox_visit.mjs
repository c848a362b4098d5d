// What a script does in a Firefox that runs already: it is a new visitor there, with cookies of its own.

import puppeteer from "puppeteer-core";

export const PATIENCE = 60_000; // milliseconds, for a machine that is busy

/** @param {string} endpoint of the browser @returns the visitor, who opens pages, and what ends the visit */
export async function visit(endpoint) {
  const browser = await puppeteer.connect({ browserWSEndpoint: endpoint, protocol: "webDriverBiDi" });
  const visitor = await browser.createBrowserContext();
  const leave = async () => {
    await visitor.close();
    await browser.disconnect();
  };
  return { visitor, leave };
}
