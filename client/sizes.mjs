// What each built file weighs, and what each source module adds to it.

import { gzipSync } from "node:zlib";
import { minify } from "terser";

const COMPRESS = { passes: 2, pure_getters: true, unused: false };

/** @param {string} text @returns {number} bytes, gzipped */
const weigh = (text) => gzipSync(text, { level: 9 }).length;

/** @param {string} code a bundle of esbuild's @returns {Promise<Map<string, string>>} each source module's part of it, minified */
async function partsOf(code) {
  const parts = new Map();
  const [, ...texts] = code.replace(/^export default .*$|^}\s*$(?![^]*\n.)/gm, "").split(/^ *\/\/ (?=src\/)/m);
  for (const text of texts) {
    const [name, ...lines] = text.split("\n");
    parts.set(name, (await minify(lines.join("\n"), { compress: COMPRESS, ecma: 2020, parse: { bare_returns: true }, mangle: { toplevel: true } })).code);
  }
  return parts;
}

/** @param {Map<string, string>} files the built ones @param {Map<string, string>} bundles what they were minified from */
export async function printSizes(files, bundles) {
  let total = 0;
  for (const [name, bundle] of bundles) {
    const text = files.get(name) ?? "";
    const parts = [...(await partsOf(bundle))];
    const all = weigh(parts.map(([, part]) => part).join("\n"));
    const rows = parts.map(([module, part], index) => {
      const others = parts.filter((_, other) => other !== index).map(([, each]) => each);
      return { module, part: part.length, adds: all - weigh(others.join("\n")) };
    });
    rows.sort((a, b) => b.adds - a.adds);
    console.log(`${name}: ${text.length} bytes, ${weigh(text)} gzipped`);
    for (const { module, part, adds } of rows) console.log(`  ${module.padEnd(24)} ${part} bytes, adds ${adds} gzipped`);
    total += weigh(text);
  }
  console.log(`together: ${total} bytes gzipped`);
}
