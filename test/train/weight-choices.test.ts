import { expect, test } from "vitest";
import { choicesIdentity, describeDifference, identityOf } from "../../runtime/app/train/identity.ts";
import { noChoices, type WeightChoices } from "../../runtime/app/weights/open.ts";

function identity(choices: Partial<WeightChoices>): string {
  const file = ["the file of --weights", "0123"] as const;
  return identityOf(new Map([file, ...choicesIdentity({ ...noChoices, ...choices })]));
}

test("a run records which copy of the weights it took, and another one is named when it is resumed", () => {
  expect(describeDifference("weights", identity({ copy: "ema" }), identity({ copy: "model" }))).toBe(
    '--weights-copy was "ema", and is now "model"',
  );
  expect(describeDifference("weights", identity({ copy: "" }), identity({}))).toBe(
    '--weights-copy was "", and is now not given',
  );
  expect(describeDifference("weights", identity({ alpha: 8 }), identity({ alpha: 16, adapterName: "a" }))).toBe(
    '--adapter-alpha was 8, and is now 16, --adapter-name was not given, and is now "a"',
  );
});

test("runs without such choices have the identity that earlier versions recorded", () => {
  expect(identity({})).toBe("the file of --weights: 0123");
  expect(describeDifference("weights", identity({}), "the file of --weights: 4567")).toBe(
    "the file of --weights changed",
  );
});
