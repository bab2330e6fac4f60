import { expect, test } from "vitest";
import { withFewRows } from "../../compiler/analyses/adapters/fewer-rows.ts";
import { foldModel } from "../../compiler/analyses/adapters/fold.ts";
import { adapterUpdates } from "../../runtime/adapters/index.ts";
import { specOf } from "../parity/peft-tables-cases.ts";
import { compiledText } from "./small-spec.ts";

/** The network of PEFT's tables with a vocabulary of 2,000 vectors of 768 numbers. */
function large(...placed: readonly string[]) {
  const text = specOf(placed).replace("embedding(19, 12)", "embedding(2000, 768)");
  return compiledText(text.replace("transposed_linear(20, 12)", "transposed_linear(20, 768)"));
}

test("what LoRA does to a large table is seen in some of its rows", () => {
  const { spec, plan } = large("lora_embedding(rank = 8, alpha = 16) on text.words", "lora(rank = 2) on text.fc");
  const [table, projection] = adapterUpdates(spec, plan);
  expect(table).toMatchObject({ kind: "low-rank", module: "words", isEmbedding: true, rank: 8, scale: 2 });
  // Shapes are the model's, not those of the rows that were looked at.
  expect(table).toMatchObject({ down: { shape: [8, 2000] }, up: { shape: [768, 8] } });
  expect(projection).toMatchObject({ kind: "low-rank", module: "fc", scale: 1 });
  const folded = foldModel(spec, plan).modules.get("text.words");
  if (folded === undefined) throw new Error("the table is folded");
  expect(withFewRows(folded)?.folded.weight.node.type.shape).toEqual([64, 768]);
});

test("DoRA of a large table is seen in some of its columns", () => {
  const { spec, plan } = large("dora_embedding(rank = 8, alpha = 16) on text.words");
  expect(adapterUpdates(spec, plan)).toMatchObject([
    {
      kind: "low-rank",
      module: "words",
      isEmbedding: true,
      hasLengths: true,
      rank: 8,
      scale: 2,
      up: { shape: [768, 8] },
    },
  ]);
});

test("which rows of a large table are trained is seen in some of its columns", () => {
  const { spec, plan } = large("trainable_tokens(tokens = [1999, 5, 17]) on text.words");
  expect(adapterUpdates(spec, plan)).toMatchObject([
    { kind: "rows", module: "words", tokens: [1999, 5, 17], rows: { shape: [3, 768] } },
  ]);
  const folded = foldModel(spec, plan).modules.get("text.words");
  if (folded === undefined) throw new Error("the table is folded");
  expect(withFewRows(folded, 1)?.folded.weight.node.type.shape).toEqual([2000, 64]);
  // Which rows are replaced is another in each row.
  expect(withFewRows(folded)).toBeNull();
});
