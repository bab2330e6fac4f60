import { readFileSync } from "node:fs";
import fc from "fast-check";
import { expect, test } from "vitest";
import {
  coloursOf,
  completeAt,
  definitionAt,
  factsOf,
  foldsOf,
  hoverAt,
  noManual,
  type OpenSpec,
  outlineOf,
  placeFacts,
  referencesAt,
  rename,
  signatureAt,
  useAt,
} from "../../compiler/editor/index.ts";
import { checkSpec } from "../../compiler/index.ts";
import { createSource, diagnosticToJson } from "../../grammar/index.ts";
import { SpecLibrary } from "../../runtime/specs/library.ts";
import { opened } from "../editor/open.ts";

const count = Number(process.env["EDITS"] ?? 1500);
const path = "test/language-server/small.vlm";
const start = readFileSync(path, "utf8");

/** Pieces that edits put in: letters as one types, and what means something. */
const pieces = [
  ...'abc .,()[]{}=:"#\n|>-+*/_0123456789',
  ...start.split(/\b/),
  " on ",
  "text.attn.q",
  "rank = ",
  'import "std/vit"',
  "\r\n",
  "é",
  "🫁",
];

/** Everything that an editor asks of a place. */
function askAll(spec: OpenSpec, offset: number): void {
  hoverAt(spec, offset, noManual);
  completeAt(spec, offset, {
    elements: spec.compiled.elements,
    libraryNames: spec.program.written.imports.map(() => "std/vit"),
    manual: noManual,
  });
  signatureAt(spec, offset, noManual);
  definitionAt(spec, offset);
  const use = useAt(spec, offset);
  if (use !== null) rename([spec], use.declaration, (span) => span === use.declaration.name.span, "another");
  outlineOf(spec);
  foldsOf(spec);
  coloursOf(spec);
  const facts = factsOf(spec);
  if (facts !== null) placeFacts(spec.file, facts);
}

// Some minutes on a slow machine.
test(`${count} random edits: everything has an answer, and what is wrong is what \`check\` says`, () => {
  let text = start;
  let compiled = 0;
  const edit = fc.record({
    at: fc.double({ min: 0, max: 1, noNaN: true }),
    removed: fc.oneof({ weight: 5, arbitrary: fc.constant(0) }, fc.integer({ min: 1, max: 12 })),
    added: fc.constantFrom(...pieces),
    isFresh: fc.boolean(),
  });
  for (const [index, { at, removed, added, isFresh }] of fc.sample(edit, { numRuns: count, seed: 27 }).entries()) {
    if (isFresh || text.length < 200) text = start;
    const offset = Math.floor(at * text.length);
    text = text.slice(0, offset) + added + text.slice(offset + removed);
    const spec = opened(path, text);
    askAll(spec, offset + added.length);
    if (index % 10 === 0) referencesAt(spec, offset);
    if (spec.compiled.plan !== null) compiled++;
    // Which costs as much as all else.
    if (index % 10 > 0) continue;
    const fresh = checkSpec(createSource(path, text), new SpecLibrary("specs/std", path));
    const shown = (diagnostics: OpenSpec["diagnostics"]) => diagnostics.map(diagnosticToJson);
    expect(shown(spec.diagnostics)).toEqual(shown(fresh));
  }
  // Edits that leave nothing that compiles would show little.
  expect(compiled).toBeGreaterThan(count / 50);
}, 1_800_000);
