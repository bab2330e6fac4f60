import { completeAt, hoverAt, type Suggestion } from "../../../../compiler/editor/index.ts";
import { compareSpecs, printBytes, printRecompute, putPlacements } from "../../../../compiler/index.ts";
import { formatSource } from "../../../../grammar/index.ts";
import { renderComparison } from "../../../printout/index.ts";
import { renderDiagram, themePalette } from "../../../report/picture/index.ts";
import type { Answers, Printed, Request, RequestOf, ShownSuggestion, Spec } from "../protocol.ts";
import { check } from "./check.ts";
import { packageOf } from "./package.ts";
import { place } from "./place.ts";
import { doesNotCompile, memoryOf, print, printed } from "./print.ts";
import type { Session } from "./session.ts";

/** Answers one request of the page. */
export function answer(request: Request, session: Session): Answers[Request["kind"]] {
  switch (request.kind) {
    case "check":
      return check(session.open(request.spec), session);
    case "complete":
      return complete(request, session);
    case "hover":
      return hover(request, session);
    case "format":
      return formatSource(session.open(request.spec).spec.source).text;
    case "picture":
      return picture(request, session);
    case "print":
      return print(session.open(request.spec), request);
    case "memory":
      return memory(request.spec, session);
    case "place":
      return place(session.open(request.spec), request);
    case "put":
      return putPlacements(session.open(request.spec).spec.source, request.lines, request.imports);
    case "compare":
      return compare(request, session);
    case "package":
      return packageOf(session.open(request.spec));
  }
}

function complete({ spec, offset }: RequestOf<"complete">, session: Session): Answers["complete"] {
  const opened = session.open(spec);
  const { elements } = session.lastGood(opened);
  const libraryNames = opened.library.names().map((name) => `std/${name}`);
  const { start, suggestions } = completeAt(opened.spec, offset, { elements, libraryNames, manual: session.manual });
  return { start, suggestions: suggestions.map(suggestionOf) };
}

function suggestionOf({ text, kind, detail, about, insert, imports }: Suggestion): ShownSuggestion {
  if (imports === undefined) return { text, kind, detail, about, insert, importing: null };
  const { from, fix } = imports;
  const { title, span } = fix;
  const importing = { title, start: span.start, end: span.end, text: fix.text };
  return { text, kind, about, insert, importing, detail: `${detail}  from ${from}`.trim() };
}

function hover({ spec, offset }: RequestOf<"hover">, session: Session): Answers["hover"] {
  const found = hoverAt(session.open(spec).spec, offset, session.manual);
  if (found === null) return null;
  return { start: found.span.start, end: found.span.end, code: found.code, lines: found.lines };
}

function picture({ spec, width }: RequestOf<"picture">, session: Session): Answers["picture"] {
  const { plan } = session.open(spec).spec.compiled;
  return plan === null ? null : renderDiagram(plan, { width, palette: themePalette, id: "model", font: "inherit" });
}

function memory(spec: Spec, session: Session): Answers["memory"] {
  const found = memoryOf(session.open(spec).spec);
  return found === null ? null : { peak: printBytes(found.peakBytes), recompute: printRecompute(found.recompute) };
}

function compare({ before, after }: RequestOf<"compare">, session: Session): Printed {
  const [first, second] = [session.open(before), session.open(after)];
  const { comparison } = compareSpecs(
    { source: first.spec.source, library: first.library },
    { source: second.spec.source, library: second.library },
  );
  return comparison === null ? doesNotCompile : printed(renderComparison(comparison));
}
