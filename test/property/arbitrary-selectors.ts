import fc from "fast-check";
import type * as ast from "../../grammar/ast.ts";
import { identifier, span } from "./arbitrary-names.ts";

const layerNumber = fc.integer({ min: -20, max: 20 });
const layer = fc.oneof(
  layerNumber.map((from): ast.LayerRange => ({ from, to: null, single: true, span })),
  layerNumber.map((from): ast.LayerRange => ({ from, to: null, single: false, span })),
  layerNumber.map((to): ast.LayerRange => ({ from: null, to, single: false, span })),
  fc.tuple(layerNumber, layerNumber).map(([from, to]): ast.LayerRange => ({ from, to, single: false, span })),
);
/** `to_*`, `*_proj`, `a*b`: beside `*` and `**`, which are segments of their own. */
const glob = fc.tuple(identifier, fc.constantFrom("*", ""), identifier, fc.constantFrom("*", "")).map(
  ([first, before, last, after]): ast.Name => ({
    text: `${before}${first.text}*${after === "" ? last.text : ""}`,
    span,
  }),
);
const segment: fc.Arbitrary<ast.Segment> = fc.oneof(
  fc.record({
    kind: fc.constant("segment" as const),
    name: fc.oneof({ weight: 4, arbitrary: identifier }, { weight: 1, arbitrary: glob }),
    layers: fc.option(fc.array(layer, { minLength: 1, maxLength: 3 })),
  }),
  fc.constantFrom<ast.Segment>({ kind: "any", span }, { kind: "any-depth", span }),
);
export const selectors = fc.array(
  fc.array(segment, { minLength: 1, maxLength: 4 }).map((segments): ast.Selector => ({ segments, span })),
  { minLength: 1, maxLength: 3 },
);
export const except = fc.oneof(fc.constant<readonly ast.Selector[]>([]), selectors);
