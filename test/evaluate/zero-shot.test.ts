import { expect, test } from "vitest";
import { encodePrompts, scoreClasses } from "../../runtime/evaluate/zero-shot.ts";

/** Latents that stand for texts, and an engine that looks them up; it hears which texts it is given. */
function engineOf(latents: ReadonlyMap<string, readonly [number, number]>, scale: number | null) {
  const asked: (readonly string[])[] = [];
  let last: readonly string[] = [];
  return {
    asked,
    inputsOf: (texts: readonly string[]) => {
      asked.push(texts);
      last = texts;
      return new Map([["ids", new Int32Array(texts.length)]]);
    },
    engine: {
      run: (program: string) => {
        expect(program).toBe("encode_text");
        const latent = Float32Array.from(last.flatMap((text) => latents.get(text) ?? [9, 9]));
        return Promise.resolve(
          new Map(
            scale === null
              ? [["latent", latent]]
              : [
                  ["latent", latent],
                  ["scale", Float32Array.of(scale)],
                ],
          ),
        );
      },
    },
  };
}

const prompts = {
  classes: ["Nodule ", "A $& B", "Effusion"],
  prompts: { present: ["{class}."], absent: ["no {class}!"] },
};
const latents: ReadonlyMap<string, readonly [number, number]> = new Map([
  ["Nodule.", [1, 0]],
  ["no Nodule!", [0, 1]],
  ["A $& B.", [0.6, 0.8]],
  ["no A $& B!", [-1, 0]],
  ["Effusion.", [0, -1]],
  ["no Effusion!", [0, -1]],
]);
const goOn = () => false;

test("each class has two prompts in turn, encoded in as many runs as the program's rows need", async () => {
  const { engine, inputsOf, asked } = engineOf(latents, 2);
  const encoded = await encodePrompts(engine, prompts, 4, inputsOf, goOn);
  expect(asked).toEqual([
    ["Nodule.", "no Nodule!", "A $& B.", "no A $& B!"],
    // A run is filled up with texts whose latents are not looked at.
    ["Effusion.", "no Effusion!", "", ""],
  ]);
  expect(encoded).toEqual({
    latents: Float32Array.from([1, 0, 0, 1, 0.6, 0.8, -1, 0, 0, -1, 0, -1]),
    width: 2,
    scale: 2,
  });
});

test("a score is the share of the first prompt in the softmax over both, computed by hand", async () => {
  const { engine, inputsOf } = engineOf(latents, 2);
  const encoded = await encodePrompts(engine, prompts, 6, inputsOf, goOn);
  if (encoded === null) throw new Error("it was not asked to stop");
  const scores = scoreClasses([Float32Array.of(0, 1), Float32Array.of(0.6, 0.8)], encoded);
  const share = (present: number, absent: number) =>
    Math.exp(2 * present) / (Math.exp(2 * present) + Math.exp(2 * absent));
  const expected = [
    [share(0, 1), share(0.8, 0), share(-1, -1)],
    [share(0.6, 0.8), share(1, -0.6), 0.5],
  ];
  expect(scores).toHaveLength(2);
  for (const [row, values] of expected.entries()) {
    for (const [column, value] of values.entries()) expect(scores[row]?.[column]).toBeCloseTo(value, 6);
  }
  expect(scores[0]?.[0]).toBeCloseTo(0.119_203, 6);
});

test("a model without a scale compares cosines themselves", async () => {
  const { engine, inputsOf } = engineOf(latents, null);
  expect(await encodePrompts(engine, prompts, 6, inputsOf, goOn)).toMatchObject({ scale: 1 });
});

test("no classes give no scores", async () => {
  const { engine, inputsOf, asked } = engineOf(latents, 2);
  const encoded = await encodePrompts(engine, { ...prompts, classes: [] }, 4, inputsOf, goOn);
  expect(asked).toEqual([]);
  expect(encoded === null ? null : scoreClasses([Float32Array.of(0, 1)], encoded)).toEqual([[]]);
});

test("it stops between two runs when it is asked to", async () => {
  const { engine, inputsOf, asked } = engineOf(latents, 2);
  expect(await encodePrompts(engine, prompts, 2, inputsOf, () => asked.length === 2)).toBeNull();
  expect(asked).toHaveLength(2);
});
