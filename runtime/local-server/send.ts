import type { ServerResponse } from "node:http";
import { pipeline } from "node:stream";
import type { Answer, ContentPolicy } from "./answer.ts";

/** Sends an answer; of its body only the length for HEAD. */
export function send({ status, type, body, headers = {}, policy = {} }: Answer, response: ServerResponse): void {
  const isHead = response.req.method === "HEAD";
  response.writeHead(status, {
    ...headers,
    "Content-Type": type,
    "Content-Security-Policy": policyText(policy),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    // Files change while the page is open, and what is shown of a person's data stays out of the browser's folders.
    "Cache-Control": "no-store",
    ...(typeof body === "function" ? {} : { "Content-Length": String(Buffer.byteLength(body)) }),
  });
  if (isHead) response.end();
  else if (typeof body !== "function") response.end(body);
  // Where one of the two ends early, so does the other; the connection says so, and there is nobody else to tell.
  else pipeline(body(), response, () => undefined);
}

/** Nothing but what the page names; no page of another site frames it, and no form leaves it. */
function policyText(policy: ContentPolicy): string {
  const allowed = Object.entries(policy).map(([directive, sources]) => `${directive} ${sources}`);
  return ["default-src 'none'", ...allowed, "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'"].join(
    "; ",
  );
}
