// Builds the client: node build.mjs [--check]. With --check nothing is written; it fails where what is committed differs.

import { readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { minify } from "terser";

// What each becomes is a module of its own; what two of them need is in both, and holds no state.
const MODULES = { "client.js": "src/client.js", "screen.js": "src/screen.js", "live.js": "src/live.js" };
// Names of our own records alone: no browser, no listener and no server knows them.
const INTERNAL =
  /^(argument|ask|began|button|contents|element|emit|end|ended|from|identity|is(Autosave|Changed|Elsewhere|File|Refused|Renewed)|mode|number|option|rendered|report|retry|sentAt|source|stale|stop|urls)$/;
/** One short name for each of them in all modules: records pass between them. @type {Record<string, string | false>} */
const mangleCache = {};
const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const target = here("../flask_serveractions/static/");

/** @param {string} entry @returns {Promise<{code: string, map: string}>} one module of all that it imports, as it is written */
async function bundle(entry) {
  const result = await build({
    absWorkingDir: here("."),
    bundle: true,
    charset: "utf8",
    entryPoints: [entry],
    format: "esm",
    mangleCache,
    mangleProps: INTERNAL,
    outdir: target,
    sourcemap: "external",
    target: "es2022",
    write: false,
  });
  Object.assign(mangleCache, result.mangleCache);
  const [map, code] = result.outputFiles.map(({ text }) => text);
  return { code, map: map.replaceAll("../../client/", "client/") };
}

/** @returns {Promise<Map<string, string>>} name and text of each file that belongs into the package */
async function buildFiles() {
  const files = new Map([["client.d.ts", await readFile(here("client.d.ts"), "utf8")]]);
  for (const [name, entry] of Object.entries(MODULES)) {
    const { code, map } = await bundle(entry);
    const small = await minify(code, {
      compress: { passes: 3, pure_getters: true, unsafe_arrows: true, unsafe_methods: true },
      ecma: 2020,
      module: true,
      sourceMap: { content: map, includeSources: true, url: `${name}.map` },
    });
    files.set(name, `${small.code}\n`).set(`${name}.map`, `${small.map}\n`);
  }
  return files;
}

const files = await buildFiles();
const stale = [];
for (const [name, text] of files) {
  const path = target + name;
  if (process.argv.includes("--check")) {
    if ((await readFile(path, "utf8").catch(() => "")) !== text) stale.push(name);
  } else await writeFile(path, text);
}
if (stale.length) {
  console.error(`Stale in flask_serveractions/static: ${stale.join(", ")}. Run make client.`);
  process.exit(1);
}
for (const name of Object.keys(MODULES)) {
  console.log(`${name}: ${gzipSync(files.get(name), { level: 9 }).length} bytes gzipped`);
}
