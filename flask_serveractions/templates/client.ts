
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

/** Names, and the members of what is given that hold their values. */
type Names = readonly (readonly [name: string, member: string])[];

interface Route {
  method: string;
  path: string;
  variables?: Names;
  query?: Names;
  headers?: Names;
  body?: string; // its media type
}

type Arguments = Readonly<Record<string, unknown>>;

class Sender {
  readonly #options: ApiOptions;

  constructor(options: ApiOptions) {
    this.#options = options;
  }

  async send<T>(route: Route, given: Arguments = {}, init: RequestInit = {}): Promise<Answer<T>> {
    const { baseUrl = "", headers: source = {}, fetch: ask = fetch } = this.#options;
    const headers = new Headers(typeof source === "function" ? await source() : source);
    headers.set("Accept", "application/json, */*;q=0.5");
    for (const [name, texts] of valuesOf(route.headers, given)) if (texts.length) headers.set(name, texts.join(", "));
    new Headers(init.headers).forEach((value, name) => headers.set(name, value));
    const body = bodyOf(route.body, memberOf(given, "body"), headers);
    const url = baseUrl.replace(/\/$/, "") + pathOf(route, given) + queryOf(route, given);
    const response = await ask(url, { ...init, method: route.method, headers, ...(body !== undefined && { body }) });
    if (!response.ok) throw new ApiError(await problemOf(response));
    return { data: (await dataOf(response)) as T, status: response.status, headers: response.headers };
  }
}

/** What is given under a name; a name may be one of Object.prototype's. */
function memberOf(given: Arguments, member: string): unknown {
  return Object.hasOwn(given, member) ? given[member] : undefined;
}

function valuesOf(names: Names | undefined, given: Arguments): [name: string, texts: string[]][] {
  return (names ?? []).map(([name, member]) => [name, textsOf(memberOf(given, member))]);
}

function pathOf(route: Route, given: Arguments): string {
  const values = new Map(valuesOf(route.variables, given));
  return route.path.replace(/\{([^{}]+)\}/g, (_, name: string) => segmentOf(name, values.get(name)?.join(",") ?? ""));
}

function segmentOf(name: string, text: string): string {
  if (/^\.{0,2}$/.test(text)) throw new TypeError(`${name} is ${JSON.stringify(text)}, which no path can hold.`);
  return encodeURIComponent(text);
}

function queryOf(route: Route, given: Arguments): string {
  const pairs = valuesOf(route.query, given).flatMap(([name, texts]) => texts.map((text) => [name, text]));
  return pairs.length ? `?${new URLSearchParams(pairs)}` : "";
}

function textsOf(value: unknown): string[] {
  return [value].flat().filter((each) => each != null).map(String);
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
