// Builds the client: node build.mjs [--check]. With --check nothing is written; it fails where what is committed differs.

import { readdir, readFile, writeFile } from "node:fs/promises";
import { dirname, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { minify } from "terser";
import { printSizes } from "./sizes.mjs";

/** What only some pages load; what every page does is client.js. */
const LATER = ["screen", "live", "transfer"];
// Names of our own records alone: no browser, no listener and no server knows them.
const INTERNAL = new RegExp(
  `^(${[
    // of calls and answers
    "argument|ask|began|button|contents|element|emit|end|ended|finish|from|identity|is(Autosave|Changed|Elsewhere|File|Renewed|Shy|Staying)",
    "mode|number|option|phase|record|renew|rendered|report|retry|source|stale|stands|stop|urls",
    // of trees that are brought up to date
    "count|foreign|forms|holders|leaving|lonely|looks|named|news|old|olds|prepare|spoken|stays(Attribute|Content)?|told|twins|used|veiled|words",
    // of parts
    "rows",
    // of modules
    "addStyles|encodeArguments|freshOf|parsePage|rememberFocus|renewURLs|runScripts|showPart",
  ].join("|")})$`,
);
/** One short name for each of them in all modules: records pass between them. @type {Record<string, string | false>} */
const mangleCache = {};
const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const target = here("../flask_serveractions/static/");
const OPTIONS = { absWorkingDir: here("."), bundle: true, charset: "utf8", format: "esm", outdir: target, target: "es2022", write: false };

const IMPORT = /^import {([^}]*)} from "(.*)";/gm;

/** @param {string} entry @returns {Promise<string[]>} the modules that it is made of */
async function modulesOf(entry) {
  const { metafile } = await build({ ...OPTIONS, entryPoints: [entry], metafile: true });
  return Object.keys(metafile.inputs);
}

/** @param {string} entry @param {string[]} first modules @returns {Promise<Map<string, string>>} what it imports from those: each name's module */
async function findShared(entry, first) {
  const shared = new Map();
  // in this order the lists are smallest
  for (const path of (await modulesOf(entry)).filter((each) => !first.includes(each)).sort().reverse()) {
    for (const [, names, specifier] of (await readFile(here(path), "utf8")).matchAll(IMPORT)) {
      const module = relative(here("."), resolve(dirname(here(path)), specifier));
      if (first.includes(module)) for (const [name] of names.matchAll(/\w+/g)) shared.set(name, module);
    }
  }
  return shared;
}

/** Hands what other modules need to them, by position: there is one copy of it, and one state. @param {Map<string, string>} shared */
function share(shared) {
  const imports = [...shared].map(([name, module]) => `import { ${name} } from "./${relative("src", module)}";`);
  const contents = [...imports, `export const share = () => [${[...shared.keys()]}];`].join("\n");
  return { name: "share", setup: (build) => void build.onLoad({ filter: /src\/shared\.js$/ }, () => ({ contents, resolveDir: here("src") })) };
}

/** @param {Map<string, string>} shared @param {Map<string, string>} needed what of it this module does @param {string[]} first */
function take(shared, needed, first) {
  const names = [...shared.keys()].map((name) => (needed.has(name) ? name : ""));
  const taken = { contents: `export const [${names.join().replace(/,+$/, "")}] = given;` };
  const find = ({ kind, path, resolveDir }) =>
    kind !== "entry-point" && first.includes(relative(here("."), resolve(resolveDir, path))) ? { path: "given", namespace: "given" } : undefined;
  return {
    name: "take",
    setup(build) {
      build.onResolve({ filter: /^\./ }, find);
      build.onLoad({ filter: /./, namespace: "given" }, () => taken);
    },
  };
}

/** @param {string} name @param {object} plugin @returns {Promise<{code: string, map: string}>} one module of all that its entry imports, as it is written */
async function bundle(name, plugin) {
  const isFirst = name === "client";
  const result = await build({
    ...OPTIONS,
    banner: isFirst ? {} : { js: "export default (given) => {" },
    entryPoints: [`src/${name}.js`],
    footer: isFirst ? {} : { js: "}" },
    mangleCache,
    mangleProps: INTERNAL,
    plugins: [plugin],
    sourcemap: "external",
  });
  Object.assign(mangleCache, result.mangleCache);
  const [map, text] = result.outputFiles.map(({ text }) => text);
  // one word for all that is declared; as long, for the map
  return { code: text.replace(/\bconst (?=[\w$[{])/g, "let   "), map: map.replaceAll("../../client/", "client/") };
}

/** Within a function what a module exports is what it returns, under the names by which the others know it. @param {string} code */
const returnExports = (code) =>
  code.replace(/export (?={)([^}]*)/, (_, names) => `return ${names.replace(/(\w+)( as (\w+))?/g, (_, own, as, name = own) => `${mangleCache[name] || name}: ${own}`)}`);

/** @returns {Promise<{files: Map<string, string>, bundles: Map<string, string>}>} what belongs into the package; what it was made of */
async function buildFiles() {
  const files = new Map([["client.d.ts", await readFile(here("client.d.ts"), "utf8")]]);
  const bundles = new Map();
  const first = await modulesOf("src/client.js");
  const lists = await Promise.all(LATER.map((name) => findShared(`src/${name}.js`, first)));
  // what the first of them takes, what the first two do, what the second does: few places are left empty
  const placeOf = (name) => ["101", "100", "110", "111", "011", "010", "001"].indexOf(lists.map((list) => Number(list.has(name))).join(""));
  const shared = new Map(lists.flatMap((list) => [...list]).sort(([a], [b]) => placeOf(a) - placeOf(b)));
  const made = new Map();
  for (const [name, plugin] of [["client", share(shared)], ...LATER.map((name, i) => [name, take(shared, lists[i], first)])]) {
    made.set(name, await bundle(name, plugin));
  }
  for (const [name, { code: bundled, map }] of made) {
    const code = name === "client" ? bundled : returnExports(bundled);
    const small = await minify(code, {
      compress: { comparisons: false, hoist_funs: name === "screen", inline: 1, passes: 5, pure_getters: true, sequences: name === "live", unsafe: true, unsafe_arrows: true, unsafe_comps: name === "screen", unsafe_methods: name === "screen" },
      ecma: 2020,
      module: true,
      sourceMap: { content: map, includeSources: true, url: name === "client" ? "client.js.map" : undefined }, // of the others a header says it
    });
    files.set(`${name}.js`, `${small.code}\n`).set(`${name}.js.map`, `${small.map}\n`);
    bundles.set(`${name}.js`, code);
  }
  return { files, bundles };
}

const { files, bundles } = await buildFiles();
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
await printSizes(files, bundles);
