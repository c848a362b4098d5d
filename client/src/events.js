// Reads what the server tells while an action runs.

/** Reads text/event-stream. @param {any} stream */
export async function* parseEvents(stream) {
  const reader = stream.getReader();
  const decoder = new TextDecoder();
  let rest = "";
  for (;;) {
    const { done, value } = await reader.read();
    rest += decoder.decode(value, { stream: !done });
    const blocks = rest.replace(done ? /\r\n?/g : /\r\n|\r(?!$)/g, "\n").split("\n\n");
    rest = blocks.pop() ?? "";
    for (const block of blocks) {
      const lines = block.split("\n").map((line) => line.split(/: ?(.*)/s));
      const data = lines.filter(([name]) => name === "data").map(([, value = ""]) => value);
      const { event } = Object.fromEntries(lines);
      if (data[0] != null) yield { type: event || "message", data: data.join("\n") };
    }
    if (done) return;
  }
}
