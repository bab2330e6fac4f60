import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { elementsOf, readSafetensors, writeSafetensors } from "../../runtime/weights/index.ts";
import { pickleOf, tensorOf, text, torchFile } from "../weights/torch-file.ts";
import { medctc, prepareProgram } from "./medctc.ts";

const spec = "specs/medct-small.vlm";
const weights = "test/fixtures/ctclip-small/weights.safetensors";
const stored = readSafetensors(weights, readFileSync(weights));
let folder = "";

beforeAll(() => {
  prepareProgram();
  folder = mkdtempSync(join(tmpdir(), "medctc-weights-"));
});

afterAll(() => rmSync(folder, { recursive: true }));

/** The fixture's weights under other names, or without those whose name is null. */
function renamed(file: string, rename: (name: string) => string | null): string {
  const tensors = [...stored].flatMap(([name, tensor]) => {
    const other = rename(name);
    return other === null ? [] : [[other, { shape: tensor.shape, data: elementsOf(tensor) }] as const];
  });
  const path = join(folder, file);
  writeFileSync(path, writeSafetensors(new Map(tensors)));
  return path;
}

/** The fixture's weights as a checkpoint of a training: under `model`, beside something else. */
function checkpoint(file: string): string {
  const storages: Record<string, Uint8Array> = {};
  const items = [...stored].map(([name, { shape, bytes }], index) => {
    storages[String(index)] = bytes;
    const strides = shape.map((_, axis) => shape.slice(axis + 1).reduce((product, size) => product * size, 1));
    return text(name) + tensorOf(String(index), bytes.length / 4, 0, shape, strides);
  });
  const pickle = pickleOf("}(", text("model"), "}(", ...items, "u", text("step"), "K\x07", "u");
  const path = join(folder, file);
  writeFileSync(path, torchFile(pickle, storages));
  return path;
}

describe("medctc weights inspect", () => {
  test("lists the tensors of a checkpoint with their types, shapes and sizes", () => {
    const { code, out } = medctc(["weights", "inspect", "test/fixtures/torch/wrapped.pt"]);
    expect(code).toBe(0);
    expect(out).toMatch(/^name +dtype +shape +size$/m);
    expect(out).toMatch(/^state_dict\.module\.0\.weight +F32 +\[3, 4\] +48 B$/m);
    expect(out).toMatch(/^PyTorch: 7 tensors, 28 elements, 116 B$/m);
  });

  test("gives the same as JSON, with the texts that a file has besides", () => {
    const { out } = medctc(["weights", "inspect", "test/fixtures/torch/wrapped.pt", "--json"]);
    const read: unknown = JSON.parse(out);
    const totals = { tensors: 7, elements: 28, bytes: 116 };
    expect(read).toMatchObject({ format: "PyTorch", totals, metadata: [] });
    expect(read).toHaveProperty("tensors.0", {
      name: "state_dict.module.0.weight",
      dtype: "F32",
      shape: [3, 4],
      bytes: 48,
    });
  });

  test("says what is wrong with a file, and shows nothing that a terminal would follow", () => {
    const path = join(folder, "bad");
    writeFileSync(path, torchFile(pickleOf("cos\n\x1b[31msystem\n)R")));
    const { code, out, err } = medctc(["weights", "inspect", path]);
    expect([code, out]).toEqual([1, ""]);
    expect(err).toMatch(/E702.*an object of `os\..*system`, which was left unread/);
    expect(err).toMatch(/help: save a state dict/);
    expect(err).not.toContain("\x1b[31m");
  });
});

describe("medctc weights check", () => {
  test("finds all weights, whatever stands before their names", () => {
    for (const file of [
      weights,
      renamed("module.safetensors", (name) => `module.${name}`),
      checkpoint("training.pt"),
    ]) {
      const { code, out } = medctc(["weights", "check", spec, file]);
      expect([file, code, out.match(/, 0 missing, 0 misshapen, 0 unexpected/)?.length]).toEqual([file, 0, 1]);
    }
  });

  test("names what is missing, what no model expects, and what has another shape", () => {
    const file = renamed("other.safetensors", (name) => {
      if (name === "temperature") return "to_visual_latent.weight";
      return name === "to_visual_latent.weight" ? "other" : name;
    });
    const { code, out } = medctc(["weights", "check", spec, file]);
    expect(code).toBe(1);
    expect(out).toMatch(/^missing +temperature +\[\]$/m);
    expect(out).toMatch(/^misshapen +to_visual_latent\.weight +\[[0-9, ]+\] +\[\]$/m);
    expect(out).toMatch(/^unexpected +other +\[[0-9, ]+\]$/m);
    const read: unknown = JSON.parse(medctc(["weights", "check", spec, file, "--json"]).out);
    expect(read).toMatchObject({
      missing: [{ name: "temperature", shape: [] }],
      misshapen: [{ inFile: "to_visual_latent.weight", found: [] }],
      unexpected: [{ name: "other" }],
    });
  });

  test("takes a text encoder's own checkpoint for the encoder, and what is allowed to be missing is", () => {
    const file = renamed("bert.safetensors", (name) =>
      name.startsWith("text_transformer.") ? name.replace("text_transformer", "bert") : null,
    );
    const alone = medctc(["weights", "check", spec, file]);
    expect([
      alone.code,
      alone.out.match(/names: `bert\.` in the file is `text_transformer\.` in the model/)?.length,
    ]).toEqual([1, 1]);
    const others = ["visual_transformer.*", "to_*", "temperature"];
    const allowed = medctc(["weights", "check", spec, file, "--allow-missing", ...others]);
    expect([allowed.code, allowed.out.match(/, 0 missing/)?.length]).toEqual([0, 1]);
  });

  test("holds a file of adapters against the adapters alone", () => {
    const { code, out } = medctc(["weights", "check", spec, "test/fixtures/ctclip-small/lora.safetensors"]);
    expect([code, out.match(/, 0 missing, 0 misshapen, 0 unexpected/)?.length]).toEqual([0, 1]);
  });
});

test("a checkpoint of torch.save gives the loss that its weights give as safetensors", () => {
  const fixture = (name: string): string => join("test/fixtures/ctclip-small", name);
  const given = ["--adapter", fixture("lora.safetensors"), "--feeds", fixture("batch.safetensors"), "-o"];
  const output = join(folder, "out.safetensors");
  const results = [weights, checkpoint("weights.pt")].map((file) => {
    expect(medctc(["run", spec, "forward", "--weights", file, ...given, output]).code).toBe(0);
    return readFileSync(output);
  });
  expect(results[0]?.length).toBeGreaterThan(100);
  expect(results[1]).toEqual(results[0]);
});
