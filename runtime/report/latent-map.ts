import { type LatentMap, type MappedLatents, neighbourLabels } from "../evaluate/index.ts";
import { printCount } from "../text/index.ts";
import { renderTable, type Section } from "./markup.ts";
import { escapeMarkup, tenths } from "./picture/index.ts";

/** Where volumes are on a map of their latents, or why there is none, and what is known of them, row by row. */
export interface LatentsReport {
  readonly mapped: MappedLatents;
  readonly names: readonly string[];
  readonly classes: readonly string[];
  readonly labels: readonly (readonly (boolean | null)[])[];
}

/** Of the picture and of its edge, in pixels; as tall as places need, and within these bounds. */
const width = 720;
const lowest = 200;
const tallest = 560;
const edge = 12;

/**
 * A map of latents, coloured by the class that its reader chooses, and in words how often neighbours share a finding. `id` tells it from
 * others on the page, which has the rules of `latentMapStyle`.
 */
export function latentMapSection({ mapped, names, classes, labels }: LatentsReport, id = "latents"): Section {
  const title = "Map of latents";
  if (mapped.kind === "none") {
    return { id, title, body: `<p class="about">There is no map of latents: ${escapeMarkup(mapped.why)}.</p>` };
  }
  const count = mapped.rows.length;
  const drawn = count < names.length ? `, drawn from ${printCount(names.length)}` : "";
  const others = mapped.nearest[0]?.length ?? 0;
  const about = [
    `UMAP of the image latents of ${printCount(count)} volumes${drawn}, by cosine and ${others} neighbours.`,
    "Volumes that are near each other have near latents; how far apart groups are, and how large, means little.",
  ].join(" ");
  const radius = count > 1000 ? 2.5 : count > 200 ? 3.5 : 5;
  const { places, height } = placesInPicture(mapped.places);
  const points = places.map(([x, y], place) => {
    const row = mapped.rows[place] ?? 0;
    const known = classes.flatMap((_, index) => {
      const label = labels[row]?.[index] ?? null;
      return label === false ? [] : [`${label === null ? "u" : "p"}${index}`];
    });
    const marks = known.length === 0 ? "" : ` class="${known.join(" ")}"`;
    return `<circle cx="${x}" cy="${y}" r="${radius}"${marks}><title>${escapeMarkup(names[row] ?? "")}</title></circle>`;
  });
  const described = `Each of ${printCount(count)} points is a volume. The table below has in numbers what the colours show.`;
  const picture = [
    `<svg viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-labelledby="${id}-title ${id}-description">`,
    `<title id="${id}-title">Map of the latents of ${printCount(count)} volumes</title>`,
    `<desc id="${id}-description">${described}</desc>${points.join("\n")}</svg>`,
  ].join("");
  const frame = `<fieldset class="card map">${choice(classes, id)}${picture}</fieldset>`;
  const table = classes.length === 0 ? "" : neighbourTable({ classes, labels }, mapped, others);
  return { id, title, body: `<p class="about">${about}</p>${frame}${table}` };
}

/** Radio buttons in front of the picture, each of which a rule of the style looks at. */
function choice(classes: readonly string[], id: string): string {
  if (classes.length === 0) return "<legend>Volumes</legend>";
  const buttons = classes.map((name, index) => {
    const checked = index === 0 ? ' checked=""' : "";
    const button = `<input type="radio" name="${id}-class" id="${id}-class-${index}"${checked}>`;
    return `${button}<label for="${id}-class-${index}">${escapeMarkup(name)}</label>`;
  });
  const keys = ["present", "absent", "unknown"].map((name) => `<span class="point ${name}">${name}</span>`);
  return `<legend>Colour by</legend>${buttons.join("\n")}<p class="legend">${keys.join("")}</p>`;
}

/** Rules for maps whose volumes have so many classes at most. */
export function latentMapStyle(classes: number): string {
  const chosen = Array.from({ length: classes }, (_, index) => {
    const of = `.map input:nth-of-type(${index + 1}):checked~svg`;
    return `${of} .p${index}{${present}}\n${of} .u${index}{${unknown}}\n`;
  });
  return `${rules}${chosen.join("")}`;
}

const present = "fill:var(--last);fill-opacity:.9";
const unknown = "fill:none;stroke:var(--outline)";

const rules = `\
.map{min-width:0;display:grid;grid-template-columns:repeat(auto-fill,20px minmax(196px,1fr));gap:2px 0}
.map legend{font-weight:600;float:left;grid-column:1/-1;margin-bottom:6px}
.map label{font-size:13px;padding-right:12px;overflow-wrap:anywhere}
.map input{margin:3px 0 0;width:13px;height:13px}
.map svg{margin:8px auto 0;grid-column:1/-1}
.map circle{fill:var(--first);fill-opacity:.45}
.map .legend{display:flex;margin:8px 0 0;grid-column:1/-1}
.point::before{content:"";display:inline-block;width:10px;height:10px;border-radius:50%;margin-right:6px;background:var(--first);opacity:.6}
.point.present::before{background:var(--last);opacity:1}
.point.unknown::before{background:none;border:1px solid var(--outline);opacity:1}
@media print{.map label,.map input{display:none}.map input:checked+label{display:inline}}
`;

/** Places at one scale both ways, with the first axis to the right and the second one up. */
function placesInPicture(places: readonly (readonly [number, number])[]): {
  readonly places: readonly (readonly [x: number, y: number])[];
  readonly height: number;
} {
  const [left, right] = boundsOf(places.map(([x]) => x));
  const [bottom, top] = boundsOf(places.map(([, y]) => y));
  const scale = Math.min((width - 2 * edge) / (right - left || 1), (tallest - 2 * edge) / (top - bottom || 1));
  const height = Math.max(lowest, Math.ceil(scale * (top - bottom) + 2 * edge));
  const placed = places.map(([x, y]): readonly [number, number] => [
    tenths(width / 2 + scale * (x - (left + right) / 2)),
    tenths(height / 2 - scale * (y - (bottom + top) / 2)),
  ]);
  return { places: placed, height };
}

function boundsOf(values: readonly number[]): readonly [lowest: number, highest: number] {
  return values.reduce<[number, number]>(
    ([least, most], value) => [Math.min(least, value), Math.max(most, value)],
    [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY],
  );
}

function neighbourTable(
  { classes, labels }: Pick<LatentsReport, "classes" | "labels">,
  mapped: LatentMap,
  others: number,
): string {
  const columns = [
    { title: "class", align: "left" },
    { title: "present", align: "right" },
    { title: "absent", align: "right" },
    { title: "present among neighbours", align: "right" },
    { title: "present among all others", align: "right" },
  ] as const;
  const rows = classes.map((name, index) => {
    const own = labels.map((row) => row[index] ?? null);
    const shown = mapped.rows.map((row) => own[row] ?? null);
    const { among, anyway } = neighbourLabels(mapped, own);
    const counts = [true, false].map((label) => printCount(shown.filter((each) => each === label).length));
    return [name, ...counts, ...[among, anyway].map((share) => (share === null ? "-" : share.toFixed(3)))];
  });
  return renderTable(
    `Of volumes with a finding: how many of the ${others} with the nearest latents have it too`,
    columns,
    rows,
  );
}
