import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { elementsOf } from "../../runtime/weights/elements.ts";
import { matchNames, readSafetensors, writeSafetensors } from "../../runtime/weights/index.ts";
import { medctc, prepareProgram, runHere } from "../cli/medctc.ts";

const spec = "specs/medct-small.vlm";
const fixtures = "test/fixtures/ctclip-small";
const feeds = ["--feeds", join(fixtures, "batch.safetensors")];
const folder = mkdtempSync(join(tmpdir(), "medctc-copies-"));
afterAll(() => rmSync(folder, { recursive: true }));
beforeAll(() => prepareProgram());

const weights = readSafetensors("weights", readFileSync(join(fixtures, "weights.safetensors")));

/** Writes the weights once for each prefix; those of the second are others. */
function copies(name: string, prefixes: readonly string[], share = 1): string {
  const tensors = new Map(
    prefixes.flatMap((prefix, copy) =>
      [...weights].flatMap(([own, tensor], index) => {
        const data = Float32Array.from(elementsOf(tensor), (value) => (copy === 0 ? value : value * 1.1));
        return copy > 0 && index >= share * weights.size
          ? []
          : [[prefix + own, { shape: tensor.shape, data }] as const];
      }),
    ),
  );
  const file = join(folder, name);
  writeFileSync(file, writeSafetensors(tensors));
  return file;
}

async function forward(...words: readonly string[]) {
  const out = join(folder, "out.safetensors");
  const given = [...words, "--adapter", join(fixtures, "lora.safetensors"), ...feeds];
  const { code, err } = await runHere(["run", spec, "forward", "-o", out, ...given]);
  const loss =
    code === 0
      ? elementsOf(
          readSafetensors(out, readFileSync(out)).get("loss") ?? { dtype: "F32", shape: [0], bytes: new Uint8Array() },
        )[0]
      : null;
  return { code, err, loss };
}

describe("several copies of the weights in one file", () => {
  test.each([
    [["model.", "ema."], "`ema`, `model`", "ema"],
    [["state_dict.module.", "state_dict_ema."], "`state_dict.module`, `state_dict_ema`", "state_dict_ema"],
    [["", "module_ema.module."], "without a prefix (`''`), `module_ema.module`", "module_ema"],
  ])("%j are refused with their names, and taken by one of them", async (prefixes, named, other) => {
    const file = copies(`${other}.safetensors`, prefixes);
    const { code, err } = await forward("--weights", file);
    expect([code, err]).toEqual([
      1,
      expect.stringContaining(`error[E712]: \`${file}\` has the weights 2 times: ${named}`),
    ]);
    expect(err).toContain("--weights-copy");
    const plain = (await forward("--weights", join(fixtures, "weights.safetensors"))).loss;
    const first = (prefixes[0] ?? "").replace(/\..*/, "");
    expect((await forward("--weights", file, "--weights-copy", first)).loss).toBe(plain);
    const second = (await forward("--weights", file, "--weights-copy", other)).loss;
    expect(second).not.toBe(plain);
    expect((await forward("--weights", copies("other.safetensors", ["x.", ""]), "--weights-copy", "")).loss).toBe(
      second,
    );
    expect((await runHere(["weights", "check", spec, file])).err).toContain("E712");
    expect((await runHere(["weights", "check", spec, file, "--weights-copy", other])).out).toContain(" 0 missing");
  });

  test("an average without buffers is a copy, and one of a few weights is not", async () => {
    expect((await forward("--weights", copies("most.safetensors", ["model.", "ema."], 0.7))).err).toContain("E712");
    const few = await forward("--weights", copies("few.safetensors", ["model.", "ema."], 0.2));
    expect([few.code, few.err.includes("E712")]).toEqual([0, false]);
  });

  test("are benchmarked by one of them", () => {
    const file = copies("benchmarked.safetensors", ["model.", "ema."]);
    const words = ["bench", spec, "--program", "forward", "--steps", "1", "--json", "--weights", file];
    expect(medctc(words).err).toContain("E712");
    const { code, out } = medctc([...words, "--weights-copy", "ema"]);
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ steps: { count: 1 } });
  });

  test("a copy that is not there is named", async () => {
    const file = copies("named.safetensors", ["model.", "ema."]);
    expect((await forward("--weights", file, "--weights-copy", "emma")).err).toContain("E712");
    const one = copies("one.safetensors", ["model."]);
    const { err, code } = await forward("--weights", one, "--weights-copy", "ema");
    expect([code, err]).toEqual([1, expect.stringContaining("error[E713]")]);
  });
});

test("encoders whose parts have the same names are not copies of each other", () => {
  const names = Array.from({ length: 40 }, (_, index) => `blocks.${index}.weight`);
  const wanted = [
    ...names.map((checkpoint) => ({ checkpoint, group: "text" })),
    ...names.map((checkpoint) => ({ checkpoint: `visual.${checkpoint}`, group: "vision" })),
  ];
  const all = wanted.map(({ checkpoint }) => checkpoint);
  expect(matchNames(wanted, all)).toMatchObject({ copies: [], rules: [] });
  expect(
    matchNames(
      wanted,
      all.map((name) => `m.${name}`),
    ).copies,
  ).toEqual([]);
  const twice = [...all.map((name) => `m.${name}`), ...all.map((name) => `n.${name}`)];
  expect(matchNames(wanted, twice).copies).toEqual(["m.", "n."]);
  expect([...matchNames(wanted, twice, "n").found.values()].every((name) => name.startsWith("n."))).toBe(true);
});
