import { windowsOf } from "../../compiler/channel-windows.ts";
import type { VolumeSettings } from "../../compiler/index.ts";
import { at } from "../at.ts";
import { type Measures, type SampledVolume, storedPath } from "../data/index.ts";
import { listWords, printCount } from "../text/index.ts";
import type { ValuesReport, VolumesReport } from "./data-types.ts";
import { histogramFigure, medianOf, printNumber } from "./histogram.ts";
import { renderTable, type Section, type TableColumn } from "./markup.ts";
import { escapeMarkup } from "./picture/index.ts";
import { placeIn } from "./place-in.ts";

/** What the values of volumes are taken for, on what ground, and how they are distributed; null where none were read. */
export async function unitsSection(
  { input, settings, values }: VolumesReport,
  dataset: string,
  suffix: string,
): Promise<Section | null> {
  if (values === null) return null;
  const windows = windowsOf(settings).flatMap((window) => (window === "min_max" ? [] : [window]));
  const shown = windows.map(([lowest, highest]) => `${printNumber(lowest)} to ${printNumber(highest)}`);
  const title = `${windows.length === 1 ? "window" : "windows"} ${listWords(shown, "and")}`;
  const figure =
    values.hounsfield.length === 0
      ? ""
      : await histogramFigure({
          id: `hounsfield${suffix}`,
          title: `Values of ${volumesIn(values.sampled)}`,
          axis: "Hounsfield units, before the window",
          unit: "HU",
          counted: "voxels",
          isShare: true,
          values: values.hounsfield,
          isWhole: false,
          ...(windows.length === 0 ? {} : { marks: { values: windows.flat(), title } }),
          widths: { wide: 1040, narrow: 330 },
        });
  const body = `<p class="about">${decisionOf(settings, values)}</p>${figure}<div class="ground">${groundTable(values.decidedBy, dataset)}</div>`;
  return { id: `units${suffix}`, title: `Units${ofInput(input)}`, body };
}

/** Says whose volumes they are, where several inputs take some. */
function ofInput(input: string | null): string {
  return input === null ? "" : ` of ${escapeMarkup(input)}`;
}

/** What `auto` decided, in words. */
function decisionOf({ units: written }: VolumeSettings, { units, decidedBy }: ValuesReport): string {
  const applied = units === "stored" ? "are applied" : "are not applied";
  if (written !== "auto") return `<code>units = ${written}</code>: a table’s slope and intercept ${applied}.`;
  if (decidedBy.length === 0) {
    return "<code>units = auto</code>: no volume has a slope and intercept in a table that would change its values.";
  }
  const count = (reading: SampledVolume["reading"]["units"]): number =>
    decidedBy.filter((each) => each.reading.units === reading).length;
  const kinds = [
    [count("hounsfield"), "in Hounsfield units already"],
    [count("stored"), "in stored values"],
    [count(null), "whose values do not tell"],
  ] as const;
  const found = listWords(
    kinds.flatMap(([some, what]) => (some === 0 ? [] : [`${some} ${what}`])),
    "and",
  );
  const decided = `<code>units = auto</code> looked at the values of ${volumesIn(decidedBy.length)}: ${found}.`;
  if (count("hounsfield") > 0 && count("stored") > 0) return `${decided} They cannot be used together.`;
  return `${decided} It decided <code>units = ${units}</code>: the table’s slope and intercept ${applied}.`;
}

function volumesIn(count: number): string {
  return count === 1 ? "1 volume" : `${printCount(count)} volumes`;
}

/** The shares of voxels by which `auto` decided. */
function groundTable(decidedBy: readonly SampledVolume[], dataset: string): string {
  if (decidedBy.length === 0) return "";
  const right = (title: string): TableColumn => ({ title, align: "right" });
  const columns: readonly TableColumn[] = [
    { title: "volume", align: "left" },
    right("slope, intercept"),
    ...["as stored", "rescaled"].flatMap((reading) => [
      right(`${reading}: air`),
      right("tissue"),
      right("below -1200"),
    ]),
    { title: "taken for", align: "left" },
  ];
  const rows: (readonly string[])[] = decidedBy.map(({ file, metadata, reading }) => [
    placeIn(dataset, storedPath(file)),
    `${metadata.slope}, ${metadata.intercept}`,
    ...[reading.asStored, reading.rescaled].flatMap(({ air, tissue, below }) => [air, tissue, below].map(percent)),
    reading.units === null ? "undecided" : reading.units,
  ]);
  const means = (["asStored", "rescaled"] as const).flatMap((reading) =>
    (["air", "tissue", "below"] as const).map((share) =>
      percent(decidedBy.reduce((sum, each) => sum + each.reading[reading][share], 0) / decidedBy.length),
    ),
  );
  if (decidedBy.length > 1) rows.unshift([`mean of ${volumesIn(decidedBy.length)}`, "", ...means, ""]);
  const caption =
    "Voxels near -1000 (air), near 0 (tissue) and below -1200, as stored and after the table’s slope and intercept";
  return renderTable(caption, columns, rows);
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}

const axes = ["columns", "rows", "slices"] as const;

/** How volumes are stored: their orientation, size and spacing. */
export async function geometrySection(
  { input, settings, headers }: VolumesReport,
  dataset: string,
  suffix: string,
): Promise<Section> {
  const { sizes, spacing } = headers;
  const charts = async (kind: "size" | "spacing", all: readonly Measures[]): Promise<string> => {
    const figures: string[] = [];
    for (const [axis, { values }] of all.entries()) {
      const name = at(axes, axis);
      figures.push(
        await histogramFigure({
          id: `${kind}-${name}${suffix}`,
          title: kind === "size" ? `Number of ${name}` : `Spacing of ${name}`,
          axis: kind === "size" ? name : "mm",
          unit: kind === "size" ? name : "mm",
          counted: values.length === 1 ? "volume" : "volumes",
          values,
          isWhole: kind === "size",
          widths: { wide: 315, narrow: 330 },
        }),
      );
    }
    return figures.length === 0 ? "" : `<div class="trio">${figures.join("\n")}</div>`;
  };
  const taken = `${settings.size.join(" x ")} voxels of ${settings.spacing.join(" x ")} mm`;
  const about = `<p class="about">As stored, before volumes are reordered and resampled. The network takes ${taken} (axes ${settings.axes}).</p>`;
  const body = [
    about,
    await charts("size", sizes),
    await charts("spacing", spacing),
    extremesTable(headers, dataset),
    orientationTable(settings, headers),
  ];
  return {
    id: `geometry${suffix}`,
    title: `Size, spacing and orientation${ofInput(input)}`,
    body: body.join(""),
  };
}

function extremesTable({ sizes, spacing }: VolumesReport["headers"], dataset: string): string {
  const row = (name: string, { values, least, most }: Measures, unit: string): readonly string[] => {
    const numbers = [least.value, medianOf(values), most.value].map((value) => `${printNumber(value)}${unit}`);
    const files = least.value === most.value ? ["", ""] : [least, most].map(({ file }) => placeIn(dataset, file));
    return [name, ...numbers, ...files];
  };
  const rows = [
    ...sizes.map((measures, axis) => row(at(axes, axis), measures, "")),
    ...spacing.map((measures, axis) => row(`spacing of ${at(axes, axis)}`, measures, " mm")),
  ];
  const columns: readonly TableColumn[] = [
    { title: "", align: "left" },
    ...["least", "median", "most"].map((title) => ({ title, align: "right" as const })),
    ...["least in", "most in"].map((title) => ({ title, align: "left" as const })),
  ];
  return renderTable("Least and most", columns, rows);
}

function orientationTable(
  { orientation: wanted, assumeOrientation: assumed }: VolumeSettings,
  { orientations }: VolumesReport["headers"],
): string {
  const becomes = (codes: string | null): string => {
    if (wanted === null) return "used as stored";
    if (codes === null && assumed === null) return `refused: the network takes ${wanted}`;
    const stored = codes ?? assumed;
    const taken = codes === null ? `taken as ${assumed}, ` : "";
    return stored === wanted ? `${taken}used as stored` : `${taken}reordered to ${wanted}`;
  };
  const rows = orientations.map(([codes, count]) => [codes ?? "not stated", printCount(count), becomes(codes)]);
  const columns: readonly TableColumn[] = [
    { title: "stored", align: "left" },
    { title: "volumes", align: "right" },
    { title: "for the network", align: "left" },
  ];
  return renderTable("Orientation, as far as headers and tables agree", columns, rows);
}
