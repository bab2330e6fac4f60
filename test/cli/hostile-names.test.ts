import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { run } from "../../runtime/cli/program.ts";
import { Progress } from "../../runtime/cli/progress.ts";
import { terminalOn } from "../../runtime/cli/terminal.ts";
import { renderReport } from "../../runtime/report/index.ts";
import { writeSafetensors } from "../../runtime/weights/index.ts";
import { readElements } from "../report/markup-check.ts";
import { evaluationOf, fullReport } from "../report/sample.ts";
import { hostileNames, obeyed } from "./hostile-names.ts";
import { runHere } from "./medctc.ts";
import { SmallTraining } from "./small-training.ts";

const small = new SmallTraining();
const { spec } = small;
const folder = small.path("hostile");
mkdirSync(folder);

/** Everything that was said, of which a terminal obeys nothing but the ends of lines. */
function expectPlain({ out, err }: { readonly out: string; readonly err: string }): void {
  expect(out + err).not.toBe("");
  const found = (out + err).split("\n").filter((line) => obeyed.test(line));
  expect(found).toEqual([]);
}

test("there are a hundred names", () => {
  expect(new Set(hostileNames).size).toBe(100);
});

describe.each([
  ["check", (path: string) => ["check", path]],
  ["fmt", (path: string) => ["fmt", path]],
  ["expand", (path: string) => ["expand", path, "-o", path]],
  ["golden", (path: string) => ["golden", path]],
  ["compile", (path: string) => ["compile", path]],
  ["graph", (path: string) => ["graph", path, "-o", small.path("model.svg")]],
  ["graph -o", (path: string) => ["graph", spec, "-o", path]],
  ["params", (path: string) => ["params", path]],
  ["explain", (path: string) => ["explain", spec, path]],
  ["place", (path: string) => ["place", path, "--budget", "10"]],
  ["init", (path: string) => ["init", path]],
  ["diff", (path: string) => ["diff", path, path]],
  ["weights inspect", (path: string) => ["weights", "inspect", path]],
  ["weights check", (path: string) => ["weights", "check", spec, path]],
  ["adapter diff", (path: string) => ["adapter", "diff", path, path]],
  ["adapter spec", (path: string) => ["adapter", "spec", path]],
  ["data check", (path: string) => ["data", "check", path]],
  ["data check --json", (path: string) => ["data", "check", "--json", path]],
  ["data show", (path: string) => ["data", "show", path, "-o", path]],
  ["data synth", (path: string) => ["data", "synth", path]],
  ["run", (path: string) => ["run", spec, "forward", "--weights", path, "-o", path]],
  ["run --fetch", (path: string) => ["run", spec, "forward", "--fetch", path, "-o", small.path("out")]],
  ["export", (path: string) => ["export", spec, "--onnx", path, "--weights", path]],
  ["train", (path: string) => ["train", spec, "--data", path, "-o", small.path("run")]],
  ["eval", (path: string) => ["eval", spec, "--data", path]],
  ["sweep", (path: string) => ["sweep", path]],
  ["sweep collect", (path: string) => ["sweep", "collect", path]],
  ["an unknown command", (path: string) => [path]],
  ["an unknown option", (path: string) => ["check", `--${path}`]],
] as const)("%s", (_, commandLine) => {
  test("prints names of files as text", async () => {
    for (const name of hostileNames) {
      const path = join(folder, name);
      writeFileSync(path, "what is no file of any kind\n");
      expectPlain(await runHere(commandLine(path)));
    }
  });
});

describe("names in files", () => {
  const tensors = new Map(hostileNames.map((name) => [name, { shape: [1, 2], data: Float32Array.of(1, 2) }]));
  const file = small.write("names.safetensors", writeSafetensors(tensors));

  test("of tensors are printed as text, and as JSON they are what they were", async () => {
    expectPlain(await runHere(["weights", "inspect", file]));
    expectPlain(await runHere(["weights", "check", spec, file]));
    expectPlain(await runHere(["adapter", "diff", file, file]));
    const json = await runHere(["weights", "inspect", "--json", file]);
    expectPlain(json);
    const parsed: unknown = JSON.parse(json.out);
    const list = typeof parsed === "object" && parsed !== null && "tensors" in parsed ? parsed.tensors : null;
    const names = Array.isArray(list) ? list.map((each: { readonly name: unknown }) => each.name) : [];
    expect(new Set(names)).toEqual(new Set(hostileNames));
  });

  test("in cells of tables are printed as text by `data check` and by a training", async () => {
    const data = small.copyOfData();
    const cells = hostileNames.map((name) => `"${name.replaceAll('"', '""')}",a,b,c,d\n`).join("");
    writeFileSync(join(data, "train_reports.csv"), readFileSync(join(data, "train_reports.csv"), "utf8") + cells);
    expectPlain(await runHere(["data", "check", data]));
    const training = small.arguments("train", "--data", data, "--steps", "1", "--skip-bad", "-o", small.path("cells"));
    expectPlain(await runHere(training));
  });

  test("in a spec are printed as text under the carets that point at them", async () => {
    for (const name of hostileNames) {
      const line = name.replaceAll('"', "").replace(/[\r\n]/g, "");
      const path = small.write("carets.vlm", `model m {\n  expect "${line}" = ) # ${line}\n}\n`);
      const { code, ...said } = await runHere(["check", path]);
      expect(code).toBe(1);
      expectPlain(said);
    }
  });
});

test("a terminal with colours and a moving line obeys nothing of a name either", async () => {
  let text = "";
  const write = (part: string): void => {
    text += part;
  };
  const terminal = terminalOn({
    ...{ out: write, err: write, outIsTerminal: true, colour: true, interactive: true, programFile: "" },
    readInput: () => Promise.resolve(new TextEncoder().encode(`# ${hostileNames[0] ?? ""}\n`)),
    ask: null,
  });
  const ours = ["\r\u001b[K", ...["1", "22", "31", "33", "34", "39"].map((code) => `\u001b[${code}m`)];
  for (const name of hostileNames.filter((each) => obeyed.test(each))) {
    text = "";
    const path = join(folder, name);
    await run(["check", path], terminal);
    await run(["data", "check", path], terminal);
    new Progress(terminal).say(`writing ${path}`);
    expect(text).not.toContain(path);
    expect(
      ours
        .reduce((left, each) => left.replaceAll(each, ""), text)
        .split("\n")
        .filter((line) => obeyed.test(line)),
    ).toEqual([]);
  }
  text = "";
  await run(["fmt", "--stdin"], terminal);
  expect(text).toBe("# \\u{1b}[31m\n");
});

test("a page has the same elements whatever the names are, and no character that hides or reorders text", async () => {
  const pageOf = async (name: string): Promise<string> => {
    const classes = [`${name} 1`, `${name} 2`, "Never"];
    const evaluations = [{ label: name, step: 1, evaluation: evaluationOf(classes, 20) }];
    const skipped = [{ subject: name, message: name, help: name }];
    const texts = { title: name, command: name, specPath: name, specText: `# ${name}\n` };
    return await renderReport({ ...fullReport(), ...texts, evaluations, skipped, environment: [[name, name]] });
  };
  const namesOf = (html: string): readonly string[] => readElements(html).map(({ name }) => name);
  const plain = namesOf(await pageOf("plain"));
  for (const name of hostileNames.filter((_, index) => index % 4 === 2)) {
    const html = await pageOf(name);
    // Charts break long names into lines of their own: what no name may add is an element of another kind.
    expect(new Set(namesOf(html))).toEqual(new Set(plain));
    for (const { attributes } of readElements(html))
      expect([...attributes.keys()].filter((attribute) => attribute.startsWith("on"))).toEqual([]);
    expect(html).not.toMatch(/(?![\n\t])\p{Cc}|[\u202A-\u202E\u2066-\u2069]/u);
  }
});
