
// Actions, by the client that the app serves; the page names them in serveractions_script()

export interface CallOptions {
  signal?: AbortSignal;
  onProgress?: (progress: { done: number; total?: number | null; message?: string }) => void;
  /** The action's function runs once for a key, however often it is called with it. */
  key?: string;
}

/** An action's refusal or failure; `status` is 0 where no answer came. */
export interface ActionError extends Error {
  status: number;
  errors: Record<string, string[]>;
  code?: string;
  detail?: string;
  login?: string;
}

export function isActionError(error: unknown): error is ActionError {
  return error instanceof Error && error.name === "ActionError";
}

async function call<T>(name: string, given?: unknown, options?: CallOptions): Promise<T> {
  const module = await import(/* @vite-ignore */ /* webpackIgnore: true */ client.url);
  return module.call(name, given ?? {}, options);
}
