// Reads event streams with the client's own parser: a line of JSON in, a line of JSON out.

import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";

// what the client's module touches when it is loaded
globalThis.window = globalThis;
globalThis.Node = class {};
globalThis.Element = class extends Node {
  querySelectorAll() {
    return [];
  }
};
globalThis.HTMLFormElement = class extends Element {};
globalThis.document = Object.assign(new Element(), { addEventListener() {}, querySelector: () => null, documentElement: new Element(), body: Object.assign(new Element(), { childNodes: [] }) });
globalThis.location = { search: "" };
globalThis.addEventListener = () => {};

const { parseEvents } = await import(pathToFileURL(process.argv[2]));

async function read(chunks) {
  const stream = new ReadableStream({
    start(sink) {
      for (const chunk of chunks) sink.enqueue(new Uint8Array(Buffer.from(chunk, "base64")));
      sink.close();
    },
  });
  const events = [];
  for await (const { type, data } of parseEvents(stream)) events.push([type, data]);
  return events;
}

for await (const line of createInterface({ input: process.stdin })) {
  const results = [];
  const began = process.cpuUsage();
  for (const chunks of JSON.parse(line)) results.push(await read(chunks));
  const { user, system } = process.cpuUsage(began);
  console.log(JSON.stringify({ results, seconds: (user + system) / 1e6 }));
}
