import { readFileSync } from "node:fs";
import { bundledFile } from "../files/index.ts";
import { type EventChannel, jsonAnswer, type Lookup, type PageRequest, plainAnswer } from "../local-server/index.ts";
import type { RunBoard } from "./board.ts";
import { pageHtml, styleSheet } from "./html.ts";
import { pageFile } from "./page-file.ts";

/** The addresses of the page of trainings. */
export function trainingRoutes(roots: readonly string[], board: RunBoard, channel: EventChannel): Lookup {
  const html = pageHtml(roots);
  const style = styleSheet();
  const script = readFileSync(bundledFile("serve/page.js"));
  return async (request) => {
    switch (request.path) {
      case "/":
        return {
          status: 200,
          type: "text/html; charset=utf-8",
          body: html,
          policy: { "script-src": "'self'", "style-src": "'self'", "connect-src": "'self'", "img-src": "data:" },
        };
      case "/page.js":
        return { status: 200, type: "text/javascript; charset=utf-8", body: script };
      case "/style.css":
        return { status: 200, type: "text/css; charset=utf-8", body: style };
      case "/runs.json":
        return jsonAnswer(await board.whole());
      case "/run.json":
        return details(request, board);
      case "/events": {
        const whole = await board.whole();
        return channel.answer(() => [{ name: "runs", data: whole }]);
      }
      default: {
        const file = board.fileOf(request.path);
        return file === null ? null : pageFile(file);
      }
    }
  };
}

function details({ query }: PageRequest, board: RunBoard) {
  const [generation, step, width] = ["generation", "step", "width"].map((name) => Number(query.get(name) ?? 0));
  const known = { generation: whole(generation), step: whole(step), width: whole(width) };
  const found = board.details(query.get("id") ?? "", known);
  return found === null ? plainAnswer(404, "there is no such run") : jsonAnswer(found);
}

function whole(value: number | undefined): number {
  return value !== undefined && Number.isSafeInteger(value) && value >= 0 ? value : 0;
}
