import { join } from "node:path";
import { expect, test } from "vitest";
import { defaultData } from "../../compiler/index.ts";
import { checkFolder, type DataRules } from "../../runtime/app/data/check.ts";
import { mostShown, printCheck } from "../../runtime/cli/data-check.ts";
import { run } from "../../runtime/cli/program.ts";
import { terminalReporter } from "../../runtime/cli/terminal-reporter.ts";
import { storedPath } from "../../runtime/data/index.ts";
import { listeningTerminal } from "../cli/listening-terminal.ts";
import { dataFolder, metadataHeader, plainMetadata, reportsHeader, table, volumes } from "./data-folder.ts";

const trained = "train_1_a_1.nii.gz";
const held = "valid_1_a_1.nii.gz";
const plain: DataRules = {
  settings: defaultData,
  files: [null],
  texts: [null],
  inputs: null,
  classes: null,
  checkVolume: null,
  textLength: null,
  tokens: null,
};

const good = {
  ...volumes(trained, held),
  "m.csv": table(metadataHeader, `${trained},${plainMetadata}`, `${held},${plainMetadata}`),
  "r.csv": table(reportsHeader, `${trained},Clear.,Not given.`),
  "l.csv": table("VolumeName,Emphysema", `${held},1`),
};

/** Checks a folder as the command does, and gives what it says with paths as they stand below the folder. */
async function check(files: Readonly<Record<string, string>>, rules: Partial<DataRules> = {}) {
  const folder = dataFolder(files);
  const { terminal, said } = listeningTerminal();
  const found = await checkFolder(folder, { ...plain, ...rules }, mostShown, terminalReporter(terminal));
  const code = printCheck(found, terminal);
  const below = (text: string) => text.replaceAll(`${folder}/`, "").replaceAll(folder, ".");
  return { code, out: below(said.out), err: below(said.err).replace("reading tables\n", "") };
}

test("a good folder is counted, without a word about anything wrong", async () => {
  const { code, out, err } = await check(good);
  expect([code, err]).toEqual([0, ""]);
  expect(out).toBe(
    `volumes                2
  to train on          1
  held out             1
  in neither split     0
  with metadata        2
  with a report        1
  with labels          1
  without a problem    2
problems               0
`.replace(/ {4}(?=\d)/g, "  "),
  );
});

test("what is wrong is said file by file, with what to do, and ends with 1", async () => {
  const files = {
    ...good,
    ...volumes("train_2_a_1.nii.gz", "other_1_a_1.nii.gz"),
    "m.csv": table(
      metadataHeader,
      `${trained},1,0,0.75,1`,
      `${held},${plainMetadata}`,
      `other_1_a_1.nii.gz,${plainMetadata}`,
    ),
  };
  const { code, out, err } = await check(files);
  expect(code).toBe(1);
  expect(err).toBe(`error: m.csv: line 2: its XYSpacing is \`0.75\`, but two numbers are expected (\`${trained}\`)
  help: write it as [0.75, 0.75], in millimetres
error: train/train_2/train_2_a/train_2_a_1.nii.gz: no table has the metadata of this volume
error: train/train_2/train_2_a/train_2_a_1.nii.gz: no table has a report of this volume
note: 1 volume is not used: its name starts with neither \`train_\` nor \`valid_\`
`);
  expect(out).toMatch(/without a problem\s+2\nproblems\s+3\n/);
});

test("volumes are read by the check that is given, and what it finds counts", async () => {
  const seen: string[] = [];
  const { code, err } = await check(good, {
    checkVolume: (stored, metadata, settings) => {
      const file = storedPath(stored);
      seen.push(`${file.split("/").at(-1)} ${metadata.zSpacing} ${settings.size[0]}`);
      return file.includes("valid") ? [{ subject: file, message: "it is cut off", help: null }] : [];
    },
  });
  expect(seen).toEqual([`${trained} 1.5 240`, `${held} 1.5 240`]);
  expect(code).toBe(1);
  expect(err).toContain(`error: valid/valid_1/valid_1_a/${held}: it is cut off\n`);
});

test("as JSON everything is on standard output, and nothing is left out", async () => {
  const names = Array.from({ length: 150 }, (_, index) => `train_${index}_a_1.nii.gz`);
  const files = { ...good, ...volumes(...names) };
  const { terminal, said } = listeningTerminal();
  const folder = dataFolder(files);
  const code = await run(["data", "check", folder, "--no-volumes", "--json"], terminal);
  const answer: unknown = JSON.parse(said.out);
  expect([code, said.err]).toEqual([1, "reading tables\n"]);
  expect(answer).toMatchObject({ notes: [], counts: { volumes: 151, train: 150, valid: 1, good: 2 } });
  expect(answer).toHaveProperty("problems.length", 298);
  const rule = "no table has the metadata of this volume";
  const file = join(folder, `train/train_0/train_0_a/${names[0]}`);
  expect(answer).toHaveProperty("problems.0", { file, rule, help: null });
  expect((await check(files)).err).toContain("and 198 more; --json lists all\n");
});

test("held-out volumes need labels where classes are named, and else where a labels table is there", async () => {
  const unlabelled = { ...good, "l.csv": "name\n" };
  const none = await check(unlabelled);
  const unused = "note: l.csv is not used: it has no column `VolumeName`; its columns are `name`\n";
  expect([none.code, none.err]).toEqual([0, `${unused}note: there is no labels table, which evaluation needs\n`]);
  const named = await check(unlabelled, { classes: ["Emphysema"] });
  expect(named.err).toContain("error: .: there is no CSV table with the columns `VolumeName`, `Emphysema`\n");
  const other = await check({ ...good, "l.csv": table("VolumeName,Emphysema", `${trained},1`) });
  expect(other.err).toBe(`error: valid/valid_1/valid_1_a/${held}: no table has labels of this volume\n`);
});

test("a folder where neither split has a volume is wrong", async () => {
  const { code, err } = await check({
    "case_1.nii": "",
    "m.csv": table(metadataHeader, `case_1.nii,${plainMetadata}`),
  });
  expect(code).toBe(1);
  expect(err).toContain("error: .: no volume's name starts with `train_`\n  help: names here start with `case_` (1);");
});

test("a vocabulary beside the data is checked", async () => {
  const { code, err } = await check({ ...good, "vocab.txt": "no\n" });
  expect([code, err]).toEqual([
    1,
    "error: vocab.txt: it has no [PAD], [UNK], [CLS], [SEP]\n  help: is it a BERT vocab.txt?\n",
  ]);
});

test("names from files cannot move the cursor or change colours", async () => {
  const { err } = await check({ ...good, "m.csv": table(metadataHeader, "\u001b[31m/x,1,1,1,1") });
  expect(err).toContain("`\\u{1b}[31m/x` is a path");
  expect(err).not.toContain("\u001b");
});

test("a folder that is not there is said, and ends with 1", async () => {
  const { terminal, said } = listeningTerminal();
  const folder = join(dataFolder({}), "none");
  expect(await run(["data", "check", folder], terminal)).toBe(1);
  expect(said.err).toContain("/none: it cannot be read: it does not exist\n");
});
