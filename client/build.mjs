// Builds the client: node build.mjs [--check]. With --check nothing is written; it fails where what is committed differs.

import { readFile, writeFile } from "node:fs/promises";
import { basename } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const target = here("../flask_serveractions/static/");

/** @returns {Promise<Map<string, string>>} name and text of each file that belongs into the package */
async function buildFiles() {
  const { outputFiles } = await build({
    absWorkingDir: here("."),
    banner: { js: "// Flask-ServerActions, BSD-3-Clause. Written in client/src." },
    bundle: true,
    charset: "utf8",
    entryPoints: ["src/client.js"],
    format: "esm",
    legalComments: "none",
    minify: true,
    outdir: target,
    sourcemap: true,
    target: "es2022",
    write: false,
  });
  const files = new Map(outputFiles.map(({ path, text }) => [basename(path), text.replaceAll("../../client/", "client/")]));
  return files.set("client.d.ts", await readFile(here("client.d.ts"), "utf8"));
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
const client = files.get("client.js");
console.log(`client.js: ${client.length} characters, ${gzipSync(client, { level: 9 }).length} bytes gzipped`);
