import { renderTable } from "../text/index.ts";
import { printInterval, printMetric, printResamples, toCsv } from "./files.ts";
import type { FoundEvaluation, RetrievalEvaluation } from "./retrieval/index.ts";

/** A number of retrieval in words, with what a random order gives, and what CT-CLIP's scripts count. */
export interface RetrievalRow {
  readonly title: string;
  readonly value: string;
  readonly interval: string;
  readonly chance: string;
  readonly own: string;
}

/** All numbers of retrieval, one way of looking after the other. */
export function retrievalRows(evaluation: RetrievalEvaluation): readonly RetrievalRow[] {
  const { reportToImage, imageToReport, imageToImage } = evaluation;
  return [
    ...foundRows("report to volume", reportToImage),
    ...foundRows("volume to report", imageToReport),
    ...imageToImage.map.map(({ k, map, chance, published }) => ({
      title: `volume to volume, MAP at ${k}`,
      ...{ value: printMetric(map), interval: printInterval(map) },
      ...{ chance: printNumber(chance), own: printNumber(published) },
    })),
  ];
}

function foundRows(way: string, { recall, medianRank, meanAveragePrecision }: FoundEvaluation): RetrievalRow[] {
  const none = { chance: "", own: "" };
  return [
    ...recall.map((each) => ({
      title: `${way}, recall at ${each.k}`,
      ...{ value: printMetric(each.recall), interval: printInterval(each.recall) },
      ...{ chance: printNumber(each.chance), own: printNumber(each.ownPair) },
    })),
    {
      title: `${way}, mean average precision`,
      value: printMetric(meanAveragePrecision),
      interval: printInterval(meanAveragePrecision),
      ...none,
    },
    {
      title: `${way}, median rank`,
      value: medianRank.value === null ? "-" : printRank(medianRank.value),
      interval:
        medianRank.value === null || medianRank.interval === null
          ? ""
          : `${printRank(medianRank.interval.low)}–${printRank(medianRank.interval.high)}`,
      ...none,
    },
  ];
}

function printNumber(value: number | null): string {
  return value === null ? "-" : value.toFixed(3);
}

/** Ranks are whole numbers, or in the middle of two. */
function printRank(rank: number): string {
  return Number.isInteger(rank) ? String(rank) : rank.toFixed(1);
}

/** What was counted, and how, in sentences. */
export function aboutRetrieval(evaluation: RetrievalEvaluation): readonly string[] {
  const { examples, reports, imageToImage } = evaluation;
  const drawn = printResamples(evaluation);
  return [
    `${examples} volumes with ${reports} different reports; each volume with an equal report is a right answer`,
    "own: where only the own pair is right, and a volume finds itself too, as CT-CLIP's scripts count",
    `volume to volume: ${imageToImage.images} volumes with a finding, each among those of other patients`,
    ...(drawn === "" ? [] : [`intervals from ${drawn}`]),
  ];
}

/** Why numbers are missing, each reason once. */
export function missingRetrieval({
  reportToImage,
  imageToReport,
  imageToImage,
}: RetrievalEvaluation): readonly { readonly name: string; readonly why: string }[] {
  const found = [
    ...[reportToImage, imageToReport].flatMap(({ recall }) =>
      recall.map((each) => ({ name: `recall at ${each.k}`, of: each.recall })),
    ),
    ...imageToImage.map.map((each) => ({ name: `MAP at ${each.k}`, of: each.map })),
  ];
  const reasons = found.flatMap(({ name, of }) => (of.value === null ? [[name, of.why] as const] : []));
  return [...new Map(reasons)].map(([name, why]) => ({ name, why }));
}

/** Retrieval for a terminal. */
export function retrievalTable(evaluation: RetrievalEvaluation): string {
  const rows = retrievalRows(evaluation).map(({ title, value, interval, chance, own }) => {
    return [title, value, interval, chance, own];
  });
  const table = renderTable(
    [["retrieval", "", "95 %", "chance", "own"], ...rows],
    ["left", "right", "left", "right", "right"],
  );
  const missing = missingRetrieval(evaluation).map(({ name, why }) => [`  ${name}`, why]);
  const reasons = missing.length === 0 ? "" : `\nno number\n${renderTable(missing, ["left", "left"])}`;
  return `${table}${reasons}\n${aboutRetrieval(evaluation).join("\n")}\n`;
}

/** The numbers of several evaluations side by side, for a terminal. */
export function retrievalComparison(
  compared: readonly { readonly label: string; readonly evaluation: RetrievalEvaluation }[],
): string {
  const columns = compared.map(({ evaluation }) => retrievalRows(evaluation));
  const rows = (columns[0] ?? []).map(({ title }, row) => [
    title,
    ...columns.map((column) => column[row]?.value ?? "-"),
  ]);
  return renderTable(
    [["retrieval", ...compared.map(({ label }) => label)], ...rows],
    ["left", ...compared.map(() => "right" as const)],
  );
}

/** Retrieval as JSON, one number a line, without the ranks, which `ranksToCsv` has. */
export function retrievalToJson(
  { reportToImage, imageToReport, imageToImage, ...rest }: RetrievalEvaluation,
  /** Why the numbers mean less than they seem to. */
  warnings: readonly string[] = [],
): string {
  const way = (name: string, { recall, medianRank, meanAveragePrecision }: FoundEvaluation): string =>
    `  ${JSON.stringify(name)}: ${lines({ recall, medianRank, meanAveragePrecision })}`;
  const about = Object.entries(warnings.length === 0 ? rest : { warnings, ...rest }).map(
    ([key, value]) => `  ${JSON.stringify(key)}: ${JSON.stringify(value)}`,
  );
  const parts = [
    ...about,
    way("reportToImage", reportToImage),
    way("imageToReport", imageToReport),
    `  "imageToImage": ${lines(imageToImage)}`,
  ];
  return `{\n${parts.join(",\n")}\n}\n`;
}

/** An object with an entry a line, and of lists an element a line. */
function lines(values: object): string {
  const entries = Object.entries(values).map(([key, value]: readonly [string, unknown]) => {
    const written = Array.isArray(value)
      ? `[${value.map((each) => `\n      ${JSON.stringify(each)}`).join(",")}${value.length > 0 ? "\n    " : ""}]`
      : JSON.stringify(value);
    return `    ${JSON.stringify(key)}: ${written}`;
  });
  return `{\n${entries.join(",\n")}\n  }`;
}

/** For each volume the rank of the first right answer, from 1, both ways. */
export function ranksToCsv(names: readonly string[], { reportToImage, imageToReport }: RetrievalEvaluation): string {
  const rows = names.map((name, index) => {
    return [name, ...[reportToImage, imageToReport].map(({ ranks }) => String(ranks[index] ?? ""))];
  });
  return toCsv([["VolumeName", "ReportToVolume", "VolumeToReport"], ...rows]);
}
