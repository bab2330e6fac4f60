import { hostname } from "node:os";
import { join } from "node:path";
import * as v from "valibot";
import { printable } from "../../grammar/index.ts";
import { readOwnJson } from "../json/index.ts";
import { isRefusal } from "../machine/index.ts";
import { sentence } from "../text/index.ts";
import { metricsFile, parseStep, reportFile, skippedFile } from "../train/index.ts";
import { EvaluationFiles } from "./evaluations.ts";
import { GrowingFile } from "./growing-file.ts";
import { markOf, RecordFile, stateOf, type ToldState } from "./run-files.ts";
import { medianOf, RunSeries } from "./series.ts";
import { shownSettings } from "./settings.ts";
import type { PageLink, RunDetails, RunSummary } from "./wire.ts";

const skippedLine = v.object({ file: v.string(), rule: v.string() });

/** Of what went wrong, so many lines are shown. */
const shownProblems = 8;

/** Between two looks at a run that does not go on. */
const restMs = 4000;

/** Steps whose time is looked back on, as the line of progress of `medctc train` does. */
const lookedBack = 31;

/** A run that is shown, and what is known of it until now. */
export class TrackedRun {
  readonly id: string;
  readonly folder: string;
  private readonly name: string;
  private readonly metrics: GrowingFile;
  private readonly skipped: GrowingFile;
  private readonly log: GrowingFile;
  private readonly recordFile: RecordFile;
  private readonly evaluations: EvaluationFiles;
  private series = new RunSeries();
  private generation = 1;
  private version = 1;
  private seconds: number[] = [];
  private newest: ReadonlyMap<string, number> = new Map();
  private changedAt: number | null = null;
  private told: ToldState = { state: "stopped", note: "" };
  private skippedLines: string[] = [];
  private logLines: string[] = [];
  private hasReport = false;
  private trouble: string | null = null;
  private lookedAt = Number.NEGATIVE_INFINITY;
  /** Whether there is more in its folder than was read. */
  private isBehind = false;

  constructor(id: string, folder: string, name: string) {
    this.id = id;
    this.folder = folder;
    this.name = printable(name);
    this.metrics = new GrowingFile(join(folder, metricsFile));
    this.skipped = new GrowingFile(join(folder, skippedFile));
    // What a sweep keeps of what its trainings say.
    this.log = new GrowingFile(`${folder}.log`);
    this.recordFile = new RecordFile(folder);
    this.evaluations = new EvaluationFiles(join(folder, "evaluations"));
  }

  /** A run that goes on is looked at each time, another one now and then: it may be resumed. */
  isDue(nowMs: number): boolean {
    return this.told.state === "running" || this.isBehind || nowMs - this.lookedAt >= restMs;
  }

  get hasReportFile(): boolean {
    return this.hasReport;
  }

  /** Reads what came since the last time; gives whether anything did, and whether there is more of it. */
  async refresh(): Promise<{ readonly isChanged: boolean; readonly hasMore: boolean }> {
    let isChanged = false;
    let hasMore = false;
    this.lookedAt = performance.now();
    try {
      const read = await this.readMetrics();
      isChanged = read.isChanged;
      hasMore = read.hasMore;
      isChanged = (await this.recordFile.refresh()) || isChanged;
      isChanged = (await this.evaluations.refresh()) || isChanged;
      isChanged = (await this.readProblems()) || isChanged;
      const told = await stateOf(this.folder, this.recordFile.record, hostname());
      const hasReport = (await markOf(join(this.folder, reportFile))) !== null;
      isChanged ||= told.state !== this.told.state || told.note !== this.told.note || hasReport !== this.hasReport;
      isChanged ||= this.trouble !== null;
      this.told = told;
      this.hasReport = hasReport;
      this.trouble = null;
    } catch (error) {
      if (!isRefusal(error)) throw error;
      // A disk of another machine may be gone for a while.
      const trouble = `its folder cannot be read: ${error instanceof Error ? error.message : String(error)}`;
      isChanged = trouble !== this.trouble;
      this.trouble = trouble;
    }
    if (isChanged) this.version++;
    this.isBehind = hasMore || isChanged;
    return { isChanged, hasMore };
  }

  summary(): RunSummary {
    const record = this.recordFile.record;
    const { step } = this.series;
    const secondsPerStep = medianOf(this.seconds);
    const steps = record === null || record.steps === 0 ? null : record.steps;
    const isRunning = this.told.state === "running";
    const evaluated = this.evaluations.all();
    return {
      ...{ id: this.id, name: this.name, state: this.told.state, note: printable(this.trouble ?? this.told.note) },
      ...{ step, steps, secondsPerStep },
      examplesPerSecond: secondsPerStep === null || record === null ? null : record.batch / secondsPerStep,
      secondsLeft:
        secondsPerStep === null || steps === null || !isRunning ? null : Math.max(0, steps - step) * secondsPerStep,
      loss: this.newest.get("loss") ?? null,
      gradientNorm: this.newest.get("gradient_norm") ?? null,
      learningRate: this.newest.get("learning_rate") ?? null,
      validationLoss:
        evaluated.flatMap(({ values }) => values.find(([name]) => name === "loss")?.[1] ?? []).at(-1) ?? null,
      updatedAt: this.changedAt,
      version: this.version,
    };
  }

  /** What is shown of a run that was chosen; `known` is what the page has of it. */
  details(
    known: { readonly generation: number; readonly step: number; readonly width: number },
    pages: readonly PageLink[],
  ): RunDetails {
    const isKnown = known.generation === this.generation;
    const { from, series } = this.series.from(isKnown ? known.step : 0, isKnown ? known.width : 0);
    const record = this.recordFile.record;
    return {
      ...{ id: this.id, version: this.version, generation: this.generation, from, pages },
      series: series.map((each) => ({ ...each, name: printable(each.name) })),
      evaluations: this.evaluations.all().map(({ step, values }) => ({
        step,
        values: values.map(([name, value]) => [printable(name), value] as const),
      })),
      settings:
        record === null ? [] : shownSettings(record).map(([name, value]) => [printable(name), printable(value)]),
      problems: this.problems().map(printable),
    };
  }

  private problems(): readonly string[] {
    const ended = this.recordFile.record?.end?.problems ?? [];
    const said = ended.map((each) => `${sentence(each)}${each.help === null ? "" : ` (${each.help})`}`);
    const log = this.told.state === "failed" && said.length === 0 ? this.logLines : [];
    const trouble = this.trouble === null ? [] : [this.trouble];
    return [...this.skippedLines, ...log, ...said, ...trouble].slice(-shownProblems);
  }

  private async readMetrics(): Promise<{ readonly isChanged: boolean; readonly hasMore: boolean }> {
    const read = await this.metrics.readOn();
    if (read === null) return { isChanged: this.forget(), hasMore: false };
    const isForgotten = read.isNew && this.forget();
    for (const text of read.lines) this.add(text);
    this.changedAt = read.changedAt;
    return { isChanged: isForgotten || read.lines.length > 0, hasMore: read.hasMore };
  }

  private add(text: string): void {
    const logged = parseStep(text);
    if (logged === null || logged.step <= this.series.step) return;
    const values = logged.values.filter(([name, value]) => name !== "epoch" && Number.isFinite(value));
    this.series.add(logged.step, values);
    this.newest = new Map(values);
    const seconds = this.newest.get("seconds");
    if (seconds === undefined || seconds <= 0) return;
    this.seconds.push(seconds);
    if (this.seconds.length > lookedBack) this.seconds.shift();
  }

  /** The log was written anew, or is gone; gives whether there was anything to forget. */
  private forget(): boolean {
    if (this.series.step === 0) return false;
    this.series = new RunSeries();
    this.generation++;
    this.seconds = [];
    this.newest = new Map();
    return true;
  }

  private async readProblems(): Promise<boolean> {
    const skipped = await this.skipped.readOn();
    if (skipped === null || skipped.isNew) this.skippedLines = [];
    const names = (skipped?.lines ?? []).flatMap((text) => {
      const found = readOwnJson(text, skippedLine);
      return found === null ? [] : [`skipped ${found.file}: ${found.rule}`];
    });
    this.skippedLines = [...this.skippedLines, ...names].slice(-shownProblems);
    const log = await this.log.readOn();
    if (log === null || log.isNew) this.logLines = [];
    const said = (log?.lines ?? []).filter((text) => text.trim() !== "");
    this.logLines = [...this.logLines, ...said].slice(-shownProblems);
    return names.length + said.length > 0;
  }
}
