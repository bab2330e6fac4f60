import { bundledFile, readFileBytes } from "../files/index.ts";
import { documentText } from "./document.ts";
import type { PageTexts } from "./page-texts.ts";
import { styleText } from "./style.ts";

/** A file of the page, by its name beside the others. */
export interface PageFile {
  readonly name: string;
  readonly type: string;
  readonly content: string | Uint8Array;
}

/** All files of the page: there are no others, whatever asks. */
export function pageFiles(texts: PageTexts): readonly PageFile[] {
  const script = "text/javascript; charset=utf-8";
  return [
    { name: "index.html", type: "text/html; charset=utf-8", content: documentText() },
    { name: "page.css", type: "text/css; charset=utf-8", content: styleText() },
    { name: "page.js", type: script, content: readFileBytes(bundledFile("play/page.js")) },
    { name: "worker.js", type: script, content: readFileBytes(bundledFile("play/worker.js")) },
    { name: "texts.json", type: "application/json; charset=utf-8", content: JSON.stringify(texts) },
  ];
}
