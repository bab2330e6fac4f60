import type { Readable } from "node:stream";

/** A request that may be answered: GET or HEAD, from a page of this server or from nobody's, for a plain path. */
export interface PageRequest {
  readonly method: "GET" | "HEAD";
  /** Begins with a slash; its parts are letters, digits and `._~-`, and none is `.` or `..`. */
  readonly path: string;
  /** What follows the question mark: here, and not in the path, go names that may have any character. */
  readonly query: URLSearchParams;
}

/** What a page may load and do beyond nothing at all, as CSP's directives: `{ "script-src": "'self'" }`. */
export type ContentPolicy = Readonly<Partial<Record<PolicyDirective, string>>>;

export type PolicyDirective =
  | "script-src"
  | "style-src"
  | "img-src"
  | "font-src"
  | "connect-src"
  | "worker-src"
  | "frame-src"
  | "manifest-src"
  | "sandbox";

export interface Answer {
  readonly status: number;
  /** The media type, such as `text/html; charset=utf-8`. */
  readonly type: string;
  /** A stream is opened when it is sent, so not for HEAD. */
  readonly body: string | Uint8Array | (() => Readable);
  readonly headers?: Readonly<Record<string, string>>;
  /** Missing for what is no page, which may load nothing. */
  readonly policy?: ContentPolicy;
}

/** Answers a request; null where there is nothing at its path. */
export type Lookup = (request: PageRequest) => Answer | null | Promise<Answer | null>;

/** Answers by exact paths. */
export function routes(table: Readonly<Record<string, Lookup>>): Lookup {
  const byPath = new Map(Object.entries(table));
  return (request) => byPath.get(request.path)?.(request) ?? null;
}

/** An answer of one line, for a person who reads it in a browser. */
export function plainAnswer(status: number, line: string): Answer {
  return { status, type: "text/plain; charset=utf-8", body: `${line}\n` };
}

export function jsonAnswer(value: unknown): Answer {
  return { status: 200, type: "application/json; charset=utf-8", body: JSON.stringify(value) };
}
