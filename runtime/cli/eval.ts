import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join, resolve } from "node:path";
import type { Plan } from "../../compiler/index.ts";
import { type Evaluation, evaluationTable, evaluationToJson, scoresToCsv } from "../evaluate/index.ts";
import { attempt, writeAtomically } from "../files/index.ts";
import { exitCodeOf, watchSignals } from "../train/index.ts";
import { environmentOf } from "./environment.ts";
import { fail, failFile, failStorage, sayIsSkipped } from "./fail.ts";
import { findSpec } from "./find-spec.ts";
import { evaluateHeldOut } from "./held-out.ts";
import { type DataOptions, openData, openSplit } from "./open-data.ts";
import { type EngineOptions, openEngine } from "./open-engine.ts";
import { Progress } from "./progress.ts";
import { compilePath, type ReadSpec, showDiagnostics } from "./read-spec.ts";
import { type ExitCode, exitCodes, type Terminal } from "./terminal.ts";

export interface EvalOptions extends Omit<DataOptions, "data">, EngineOptions {
  readonly data: string | null;
  /** Which volumes: those held out, those to train on, or all. */
  readonly split: "valid" | "train" | "all";
  /** A folder for scores, numbers and a report; null for none. */
  readonly output: string | null;
  /** Where first values come from that no file has; null for the spec's. */
  readonly seed: number | null;
  readonly version: string;
}

/** `medctc eval`: zero-shot classification of volumes by the prompts of the spec's classes. */
export async function evaluate(named: string | null, options: EvalOptions, terminal: Terminal): Promise<ExitCode> {
  const path = findSpec(named, terminal);
  if (path === null) return exitCodes.wrong;
  const compiled = compilePath(path, terminal.libraryFolder);
  const { plan } = compiled;
  if (!showDiagnostics(compiled, terminal) || compiled.spec === null || plan === null) return exitCodes.wrong;
  const seed = options.seed ?? compiled.spec.settings.seed;
  const spec = { ...compiled.spec, settings: { ...compiled.spec.settings, seed } };
  const folder = options.data ?? (spec.data.folder === null ? null : resolve(dirname(path), spec.data.folder));
  if (folder === null) {
    return fail(
      "it is not said what to evaluate on",
      "give --data DIR, or `folder` in the spec's `data` block",
      terminal,
    );
  }
  const { image, text, classes } = spec.evaluation;
  if (image === null || text === null || classes.length === 0) {
    return fail("the `eval` block does not say what to evaluate", "it names `image`, `text` and `classes`", terminal);
  }
  const data = { ...options, data: folder };
  const startedAt = new Date();
  const dataset = await openSplit(spec, data, { reports: false, labels: classes, split: options.split }, terminal);
  const reading = dataset === null ? null : openData(spec, data, terminal);
  if (dataset === null || reading === null) return exitCodes.wrong;
  const progress = new Progress(terminal);
  const signals = watchSignals();
  const temporary = mkdtempSync(join(tmpdir(), "medctc-eval-"));
  try {
    const engine = await openEngine({ ...compiled, spec }, "encode", options, temporary, progress, terminal);
    if (engine === null) return exitCodes.wrong;
    const found = await evaluateHeldOut(
      engine,
      spec,
      dataset,
      reading,
      data,
      progress,
      () => signals.requested() !== null,
    );
    progress.end();
    const environment = environmentOf(engine, spec, { ...options, data: folder });
    await engine.dispose();
    if (found.kind === "stopped") return exitCodeOf(signals.requested() ?? "SIGINT");
    if (found.kind === "wrong") {
      failFile(found.problem, terminal);
      return fail("the evaluation ended there", "--skip-bad goes on without such files", terminal);
    }
    const skipped = [...dataset.problems, ...found.skipped];
    for (const problem of found.skipped) sayIsSkipped(problem, terminal);
    terminal.out(evaluationTable(found.evaluation));
    if (options.output === null) return exitCodes.done;
    const { names, scores } = found.scores;
    const files = new Map([
      ["scores.csv", scoresToCsv(names, classes, scores)],
      ["results.json", evaluationToJson(found.evaluation)],
      [
        "report.html",
        await renderEvaluation(path, { ...compiled, plan }, found.evaluation, environment, skipped, startedAt),
      ],
    ]);
    return save(options.output, files, terminal);
  } finally {
    signals.dispose();
    rmSync(temporary, { recursive: true, force: true });
    await reading.loader.dispose();
  }
}

async function renderEvaluation(
  path: string,
  { plan, text }: ReadSpec & { readonly plan: Plan },
  evaluation: Evaluation,
  environment: readonly (readonly [string, string])[],
  skipped: readonly { readonly file: string; readonly rule: string; readonly help: string | null }[],
  startedAt: Date,
): Promise<string> {
  const { renderReport } = await import("../report/index.ts");
  return renderReport({
    title: plan.model,
    command: null,
    startedAt: startedAt.toISOString(),
    elapsedMs: Date.now() - startedAt.getTime(),
    specPath: basename(path),
    specText: text,
    plan,
    curve: [],
    evaluations: [{ label: "evaluation", step: null, evaluation }],
    environment,
    skipped,
  });
}

function save(folder: string, files: ReadonlyMap<string, string>, terminal: Terminal): ExitCode {
  const saved = attempt(folder, () => {
    mkdirSync(folder, { recursive: true });
    for (const [name, content] of files) writeAtomically(join(folder, name), content);
  });
  if (saved.kind === "failed") return failStorage(saved.problem, terminal);
  terminal.out(`\n${[...files.keys()].join(", ")} in ${folder}\n`);
  return exitCodes.done;
}
