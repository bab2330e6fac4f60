import { coloursOf, foldsOf, importLeadingTo, type OpenSpec, placeFacts } from "../../../../compiler/editor/index.ts";
import { type Plan, printFlops } from "../../../../compiler/index.ts";
import { type Diagnostic, positionAt, printable } from "../../../../grammar/index.ts";
import { printFound } from "../../../text/index.ts";
import type { Checked, Counts, Mistake, Stretch } from "../protocol.ts";
import type { Opened, Session } from "./session.ts";

/** Everything that the editor shows of a text. */
export function check(opened: Opened, session: Session): Checked {
  const { spec } = opened;
  const { facts } = session.lastGood(opened);
  const { plan } = spec.compiled;
  return {
    mistakes: spec.diagnostics.map((diagnostic) => mistakeOf(diagnostic, spec)),
    names: coloursOf(spec).map(({ span, kind }) => ({ start: span.start, end: span.end, kind })),
    folds: foldsOf(spec).map(({ span: { start, end } }) => ({ start, end })),
    facts: placeFacts(spec.file, facts).map(({ span, text }) => ({ at: span.end, text })),
    counts: plan === null ? null : countsOf(plan),
  };
}

function mistakeOf(diagnostic: Diagnostic, spec: OpenSpec): Mistake {
  const { span, severity, code, message, labels, notes, help, fixes } = diagnostic;
  const isOwn = span?.source === spec.source;
  const lines = [
    isOwn || span === null ? message : `${span.source.name}: ${message}`,
    ...labels.map((label) => `${placeOf(label.span, spec)}: ${label.message}`),
    ...notes.map((note) => `note: ${note}`),
    ...(help === null ? [] : [`help: ${help}`]),
  ];
  const stretch = isOwn ? { start: span.start, end: span.end } : importOf(spec, span?.source.name ?? null);
  return {
    ...stretch,
    severity,
    code,
    message: lines.map(printable).join("\n"),
    place: placeOf({ source: spec.source, ...stretch }, spec),
    mendings: fixes.flatMap(({ title, span: place, text }) =>
      place.source === spec.source ? [{ title, start: place.start, end: place.end, text }] : [],
    ),
  };
}

function placeOf({ source, start }: NonNullable<Diagnostic["span"]>, spec: OpenSpec): string {
  const { line, character } = positionAt(source, start);
  return `${source === spec.source ? "" : `${source.name}:`}${line + 1}:${character + 1}`;
}

/** Where a text imports a file, itself or through others; its start where that is not known. */
function importOf(spec: OpenSpec, name: string | null): Stretch {
  const { start, end } = (name === null ? null : importLeadingTo(spec, name)) ?? { start: 0, end: 0 };
  return { start, end };
}

function countsOf({ model, batch, totals, cost, expectations, placements }: Plan): Counts {
  return {
    model,
    trainable: totals.trainable,
    total: totals.total,
    base: totals.base,
    batch,
    step: printFlops(cost.stepFlops),
    expectations: expectations.map(({ text, found, holds }) => ({ text, holds, found: printFound(text, found) })),
    placements: placements.map(({ text, adapters, parameters }) => ({ text, adapters: adapters.length, parameters })),
  };
}
