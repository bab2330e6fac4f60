import type { IncomingMessage } from "node:http";
import { type Answer, type PageRequest, plainAnswer } from "./answer.ts";

/** Characters of a path with its query. */
const targetLimit = 2048;

/** A request that may be answered, or what it is told instead. */
export type Admitted =
  | { readonly kind: "admitted"; readonly request: PageRequest }
  | { readonly kind: "turned-away"; readonly answer: Answer };

/**
 * Lets in what a browser on this machine asks of a page on this machine, and nothing else. A web site that makes its own name lead to
 * 127.0.0.1 is told by the Host header, which keeps that name; a site that only refers to this one, by Sec-Fetch-Site.
 */
export function admit(message: IncomingMessage, port: number): Admitted {
  const { method, url: target = "" } = message;
  const hosts = rawValues(message, "host");
  if (hosts.length !== 1 || !isOwnHost(hosts[0] ?? "", port)) {
    return turnedAway(403, `this server answers to http://127.0.0.1:${port} alone`);
  }
  if (isForeign(message, port)) return turnedAway(403, "this server answers to its own pages alone");
  if (method !== "GET" && method !== "HEAD") {
    return turnedAway(405, "this server answers to GET and HEAD alone", { Allow: "GET, HEAD" });
  }
  if (hasContent(message)) return turnedAway(400, "a request for a page has no content");
  if (target.length > targetLimit) return turnedAway(414, `the address has more than ${targetLimit} characters`);
  const mark = target.indexOf("?");
  const path = mark === -1 ? target : target.slice(0, mark);
  if (!isPlainPath(path)) return turnedAway(400, "the path is not one of this server's");
  const query = new URLSearchParams(mark === -1 ? "" : target.slice(mark));
  return { kind: "admitted", request: { method, path, query } };
}

function turnedAway(status: number, line: string, headers: Readonly<Record<string, string>> = {}): Admitted {
  return { kind: "turned-away", answer: { ...plainAnswer(status, line), headers } };
}

/** All values of a header, also of one of which Node.js keeps the first. */
function rawValues({ rawHeaders }: IncomingMessage, name: string): readonly string[] {
  return rawHeaders.filter((_, at) => at % 2 === 1 && rawHeaders[at - 1]?.toLowerCase() === name);
}

function isOwnHost(host: string, port: number): boolean {
  const names = ["127.0.0.1", "localhost", "[::1]"];
  const asked = host.toLowerCase();
  return names.some((name) => asked === `${name}:${port}` || (port === 80 && asked === name));
}

/** What another site's page asks for. A link that leads here from elsewhere is followed: it shows the page and tells that site nothing. */
function isForeign({ headers }: IncomingMessage, port: number): boolean {
  const { origin } = headers;
  if (origin !== undefined && !isOwnHost(origin.replace(/^http:\/\//, ""), port)) return true;
  const site = headers["sec-fetch-site"] ?? "none";
  const isLink = headers["sec-fetch-mode"] === "navigate" && headers["sec-fetch-dest"] === "document";
  return site !== "same-origin" && site !== "none" && !isLink;
}

function hasContent({ headers }: IncomingMessage): boolean {
  return headers["transfer-encoding"] !== undefined || Number(headers["content-length"] ?? 0) !== 0;
}

/** No part leads upwards or is empty, and nothing is written in escapes, which another reader might undo twice. */
function isPlainPath(path: string): boolean {
  if (!/^(?:\/[A-Za-z0-9._~-]+)*\/?$/.test(path) || path === "") return false;
  return path.split("/").every((part) => !/^\.{1,2}$/.test(part));
}
