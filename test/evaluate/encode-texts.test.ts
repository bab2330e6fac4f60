import { expect, test } from "vitest";
import { encodeTexts } from "../../runtime/evaluate/index.ts";

/** An engine that makes a latent of a text's length, and hears which texts it is given. */
function engineOf(scale: number | null) {
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
      run: (name: string) => {
        expect(name).toBe(program);
        const latent = Float32Array.from(last.flatMap((text) => [text.length, -text.length]));
        const scales: readonly (readonly [string, Float32Array])[] =
          scale === null ? [] : [["scale", Float32Array.of(scale)]];
        return Promise.resolve(new Map([["latent", latent], ...scales]));
      },
    },
  };
}

const goOn = () => false;
const program = "encode_text";

test("texts are encoded in as many runs as the program's rows need, the last of which is filled up", async () => {
  const { engine, inputsOf, asked } = engineOf(2);
  const encoded = await encodeTexts(engine, { program, texts: ["a", "bb", "ccc"], rows: 2, inputsOf, isStopped: goOn });
  expect(asked).toEqual([
    ["a", "bb"],
    ["ccc", ""],
  ]);
  expect(encoded).toEqual({
    latents: new Map([
      ["a", Float32Array.of(1, -1)],
      ["bb", Float32Array.of(2, -2)],
      ["ccc", Float32Array.of(3, -3)],
    ]),
    scale: 2,
  });
});

test("a model without a scale compares cosines themselves", async () => {
  const { engine, inputsOf } = engineOf(null);
  expect(await encodeTexts(engine, { program, texts: ["a"], rows: 2, inputsOf, isStopped: goOn })).toMatchObject({
    scale: 1,
  });
});

test("no texts need no run", async () => {
  const { engine, inputsOf, asked } = engineOf(2);
  expect(await encodeTexts(engine, { program, texts: [], rows: 4, inputsOf, isStopped: goOn })).toEqual({
    latents: new Map(),
    scale: 1,
  });
  expect(asked).toEqual([]);
});

test("it stops between two runs when it is asked to", async () => {
  const { engine, inputsOf, asked } = engineOf(2);
  const texts = ["a", "b", "c", "d", "e", "f"];
  expect(
    await encodeTexts(engine, { program, texts, rows: 2, inputsOf, isStopped: () => asked.length === 2 }),
  ).toBeNull();
  expect(asked).toHaveLength(2);
});
