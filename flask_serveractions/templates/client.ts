
// Resources

/** Headers, or what returns them for each request. */
export type HeadersSource = Record<string, string> | (() => Record<string, string> | Promise<Record<string, string>>);

export interface ApiOptions {
  /** Where the app is mounted; by default the page's own origin. */
  baseUrl?: string;
  /** Sent with each request: `{ Authorization: "Bearer …" }`. */
  headers?: HeadersSource;
  /** In place of the global one. */
  fetch?: typeof fetch;
}

/** What a resource answers. */
export interface Answer<T> {
  data: T;
  status: number;
  /** `ETag`, `Link` and the like. */
  headers: Headers;
}

/** A resource's refusal or failure, with its problem details (RFC 9457). */
export class ApiError extends Error {
  override readonly name = "ApiError";
  readonly status: number;
  readonly problem: Problem;

  constructor(problem: Problem) {
    super(problem.detail);
    this.status = problem.status;
    this.problem = problem;
  }

  /** Messages by field. */
  get errors(): Record<string, string[]> {
    return this.problem.errors ?? {};
  }

  get code(): string | undefined {
    return this.problem.code;
  }
}

interface Route {
  method: string;
  path: string;
  query?: readonly string[];
  headers?: readonly string[];
  body?: string; // its media type
}

type Arguments = Readonly<Record<string, unknown>>;

class Sender {
  private readonly options: ApiOptions;

  constructor(options: ApiOptions) {
    this.options = options;
  }

  async send<T>(route: Route, given: Arguments, init: RequestInit = {}): Promise<Answer<T>> {
    const { baseUrl = "", headers: source = {}, fetch: ask = fetch } = this.options;
    const headers = new Headers(typeof source === "function" ? await source() : source);
    headers.set("Accept", "application/json, */*;q=0.5");
    for (const name of route.headers ?? []) if (given[name] != null) headers.set(name, lineOf(given[name]));
    new Headers(init.headers).forEach((value, name) => headers.set(name, value));
    const body = bodyOf(route.body, given["body"], headers);
    const url = baseUrl.replace(/\/$/, "") + pathOf(route.path, given) + queryOf(route.query ?? [], given);
    const response = await ask(url, { ...init, method: route.method, headers, ...(body !== undefined && { body }) });
    if (!response.ok) throw new ApiError(await problemOf(response));
    return { data: (await dataOf(response)) as T, status: response.status, headers: response.headers };
  }
}

function pathOf(path: string, given: Arguments): string {
  return path.replace(/\{(\w+)\}/g, (_, name: string) => segmentOf(name, String(given[name])));
}

function segmentOf(name: string, text: string): string {
  if (/^\.{0,2}$/.test(text)) throw new TypeError(`${name} is ${JSON.stringify(text)}, which no path can hold.`);
  return encodeURIComponent(text);
}

function queryOf(names: readonly string[], given: Arguments): string {
  const pairs = names.flatMap((name) => textsOf(given[name]).map((text): [string, string] => [name, text]));
  return pairs.length ? `?${new URLSearchParams(pairs)}` : "";
}

function textsOf(value: unknown): string[] {
  return [value].flat().filter((each) => each != null).map(String);
}

function lineOf(value: unknown): string {
  return textsOf(value).join(", ");
}

function bodyOf(type: string | undefined, value: unknown, headers: Headers): BodyInit | undefined {
  if (type === undefined || value === undefined) return undefined;
  if (type === "application/json") {
    headers.set("Content-Type", type);
    return JSON.stringify(value);
  }
  const form = type === "multipart/form-data" ? new FormData() : new URLSearchParams();
  for (const [name, each] of Object.entries(value as object)) {
    for (const item of [each].flat()) {
      if (item instanceof Blob && form instanceof FormData) form.append(name, item);
      else if (item != null) form.append(name, String(item));
    }
  }
  return form;
}

async function dataOf(response: Response): Promise<unknown> {
  const type = response.headers.get("Content-Type") ?? "";
  if (response.status === 204 || type === "") return undefined;
  if (/^application\/([\w.-]+\+)?json\b/.test(type)) return response.json();
  return type.startsWith("text/") ? response.text() : response.blob();
}

async function problemOf(response: Response): Promise<Problem> {
  const { status, statusText } = response;
  const unknown = { type: "about:blank", title: statusText, status, detail: `${status} ${statusText}`.trim() };
  const given: unknown = await response.json().catch(() => null);
  return { ...unknown, ...(typeof given === "object" && given) };
}
