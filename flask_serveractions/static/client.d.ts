/** A problem (RFC 9457); `status` 0: no answer. */
export class ActionError extends Error {
  status: number;
  errors: Record<string, string[]>;
  code: string | undefined;
  constructor(problem: { title?: string; detail?: string });
}

/** How far an upload, an action or a job has come. */
export interface Progress {
  done: number;
  total?: number | null;
  message?: string;
}

/** Calls an action of those that `serveractions_script` names, and returns what its function returns. */
export function call<Result = any>(
  name: string,
  data?: object,
  options?: { signal?: AbortSignal; onProgress?: (progress: Progress) => void; key?: string } | null,
): Promise<Result>;

/** Fetches the page anew and shows it. */
export function refresh(): Promise<void>;

/** Reads `text/event-stream`. */
export function parseEvents(
  stream: ReadableStream<Uint8Array>,
): AsyncGenerator<{ type: string; data: string }, void, undefined>;
