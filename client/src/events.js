// Reads what the server tells while an action runs.

/** Reads text/event-stream. @param {any} stream */
export async function* parseEvents(stream) {
  const reader = stream.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { done, value = "" } = await reader.read();
    const blocks = (rest + value).replace(done ? /\r\n?/g : /\r\n|\r(?!$)/g, "\n").split("\n\n");
    rest = blocks.pop() ?? "";
    for (const block of blocks) {
      const lines = block.split("\n").map((line) => line.split(/: ?(.*)/s));
      const data = lines.filter(([name]) => name === "data").map(([, text = ""]) => text);
      if (data.length) yield { type: Object.fromEntries(lines).event || "message", data: data.join("\n") };
    }
    if (done) return;
  }
}
