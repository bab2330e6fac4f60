import { constants, createReadStream, lstatSync, openSync } from "node:fs";
import { attempt } from "../files/index.ts";
import { type Answer, plainAnswer } from "../local-server/index.ts";

/** Bytes of a page that is shown: reports with slices of many volumes have some megabytes. */
const largestPage = 2 ** 28;

/**
 * A page that a training or an evaluation wrote. It has its style and its pictures inside, and no script; whatever it has instead, as
 * one from elsewhere may, it is shown in a sandbox without scripts, and loads nothing.
 */
export function pageFile(path: string): Answer {
  const status = attempt(path, () => lstatSync(path));
  if (status.kind === "failed") return plainAnswer(404, "this page is not there any more");
  if (!status.value.isFile() || status.value.size > largestPage) return plainAnswer(404, "this is not a page");
  return {
    status: 200,
    type: "text/html; charset=utf-8",
    body: () =>
      createReadStream("", { fd: openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK) }),
    policy: { "style-src": "'unsafe-inline'", "img-src": "data:", sandbox: "allow-popups" },
  };
}
