import { closeSync, ftruncateSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { referenceModels } from "../../runtime/app/models/describe.ts";
import { checkWeights } from "../../runtime/app/weights/check.ts";
import { terminalReporter } from "../../runtime/cli/terminal-reporter.ts";
import { listeningTerminal } from "../cli/listening-terminal.ts";

const folder = mkdtempSync(join(tmpdir(), "medctc-checkpoints-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** The lists of what published models have, of the state dicts of others' code: a name, and a shape such as 2x3x4, in each line. */
const lists = readdirSync("test/fixtures").flatMap((file) => /^(.+)-parameters\.tsv$/.exec(file)?.[1] ?? []);
const specs = referenceModels().map(({ path }) => path);

/** CT-CLIP's list has its parameters alone; these are its buffers, among them one beside the scale of each norm of its own. */
function buffersOf(name: string, lines: readonly string[]): readonly string[] {
  if (name !== "ctclip") return [];
  const codebook = ["initted\t1", "cluster_size\t1x8192", "embed\t1x8192x512"];
  const shifts = lines.filter((line) => line.includes(".gamma\t")).map((line) => line.replace(".gamma", ".beta"));
  return [...codebook.map((each) => `visual_transformer.vq._codebook.${each}`), ...shifts];
}

/** The spec of a published model: specs/NAME.vlm, or specs/NAME/NAME.vlm. CT-CLIP's is the reference model. */
function specOf(name: string): string {
  const wanted = name === "ctclip" ? "medct" : name;
  const path = specs.find((each) => each === `specs/${wanted}` || each === `specs/${wanted}/${wanted}`);
  if (path === undefined) throw new Error(`${name} has a spec`);
  return `${path}.vlm`;
}

/** A list's names with their shapes; those without elements are not stored in files. */
function tensorsOf(name: string): ReadonlyMap<string, readonly number[]> {
  const lines = readFileSync(`test/fixtures/${name}-parameters.tsv`, "utf8").trim().split("\n");
  const rows = [...lines, ...buffersOf(name, lines)].map((line) => {
    const [tensor = "", shape = ""] = line.split("\t");
    return [tensor, shape === "" ? [] : shape.split("x").map(Number)] as const;
  });
  return new Map(rows.filter(([, shape]) => !shape.includes(0)));
}

/** Writes a file of zeros, which takes no room on the disk. */
function writeZeros(path: string, tensors: ReadonlyMap<string, readonly number[]>): void {
  let end = 0;
  const places = [...tensors].map(([name, shape]) => {
    const start = end;
    end += 4 * shape.reduce((product, size) => product * size, 1);
    return [name, { dtype: "F32", shape, data_offsets: [start, end] }] as const;
  });
  const header = new TextEncoder().encode(JSON.stringify(Object.fromEntries(places)));
  const length = new DataView(new ArrayBuffer(8));
  length.setBigUint64(0, BigInt(header.length), true);
  const file = openSync(path, "w");
  writeSync(file, length);
  writeSync(file, header);
  ftruncateSync(file, length.byteLength + header.length + end);
  closeSync(file);
}

test("there are lists of published models", () => {
  expect(lists.length).toBeGreaterThanOrEqual(6);
});

test.each(lists)(
  "the spec of %s has what its published checkpoint has, by name and shape, and nothing else",
  (name) => {
    const tensors = tensorsOf(name);
    const file = join(folder, `${name}.safetensors`);
    writeZeros(file, tensors);
    const { terminal, said } = listeningTerminal();
    const ended = checkWeights({ spec: specOf(name), set: [], file, allowMissing: [] }, terminalReporter(terminal));
    rmSync(file);
    expect(said).toEqual({ out: "", err: "" });
    expect(ended).toEqual({
      kind: "done",
      value: {
        format: "safetensors",
        found: tensors.size,
        rules: [],
        missing: [],
        notNeeded: [],
        misshapen: [],
        differing: [],
        unexpected: [],
        unread: [],
      },
    });
  },
);
