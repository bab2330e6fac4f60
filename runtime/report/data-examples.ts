import type { ExamplesReport, Picture, PictureRow, ShownExample } from "./data-types.ts";
import type { Section } from "./markup.ts";
import { escapeMarkup, tenths } from "./picture/index.ts";

/** Sides of the longest picture, in the units of its own drawing. */
const side = 400;

/** Some examples as the network sees them. */
export function examplesSection(examples: ExamplesReport | null): Section | null {
  if (examples === null) return null;
  const figures = examples.shown.map((example, place) => exampleFigure(example, place, examples));
  return { id: "examples", title: "Examples as the network sees them", body: about(examples) + figures.join("\n") };
}

function about({ augment, refused, seed, unread }: ExamplesReport): string {
  const order = seed === null ? "" : `The first examples of a training with seed ${seed}. `;
  const left = unread === 0 ? "" : ` ${unread} more could not be read.`;
  if (augment.length === 0) return `<p class="about">${order}They are not changed at random.${left}</p>`;
  const operations = augment.map((operation) => `<code>${escapeMarkup(operation)}</code>`).join(", ");
  if (refused !== null) {
    const help = refused.help === null ? "" : ` ${escapeMarkup(refused.help)}.`;
    return `<p class="about">${order}${left}</p><p class="warning">A training refuses <code>augment</code>: ${escapeMarkup(refused.message)}.${help}</p>`;
  }
  return `<p class="about operations">${order}Before and after ${operations}, as drawn for the step in which they are seen.${left}</p>`;
}

function exampleFigure(
  { name, step, rows }: ShownExample,
  place: number,
  { augment, refused }: ExamplesReport,
): string {
  const detail = augment.length === 0 || refused !== null ? "" : `<span class="detail">step ${step}</span>`;
  const body = drawPictures(rows, `example-${place}`, name);
  return `<figure class="card example"><figcaption>${escapeMarkup(name)}${detail}</figcaption>${body}</figure>`;
}

/** Rows of pictures of an example; `id` tells theirs from others on the page. */
export function drawPictures(rows: readonly PictureRow[], id: string, name: string): string {
  const drawn = rows.map((row, index) => drawRow(row, `${id}-${index}`, name));
  const isSingle = rows.every(({ pictures }) => pictures.length === 1);
  return isSingle ? `<div class="pair">${drawn.join("")}</div>` : drawn.join("");
}

function drawRow({ title, pictures }: PictureRow, id: string, name: string): string {
  const heading = title === "" ? "" : `<p class="row">${escapeMarkup(title)}</p>`;
  const scale = side / Math.max(...pictures.flatMap(({ width, height }) => [width, height]));
  const drawn = pictures.map((picture, place) => drawPicture(picture, scale, `${id}-${place}`, `${name}, ${title}`));
  return `<div>${heading}<div class="slices ${pictures.length === 1 ? "one" : "three"}">${drawn.join("")}</div></div>`;
}

function drawPicture({ title, png, width, height }: Picture, scale: number, id: string, of: string): string {
  const [w, h] = [tenths(width * scale), tenths(height * scale)];
  const words = [title, of].filter((each) => each !== "").join(": ");
  const above = title === "" ? "" : `<p class="detail">${escapeMarkup(title)}</p>`;
  const address = `data:image/png;base64,${Buffer.from(png).toString("base64")}`;
  const described = `<title id="${id}-title">${escapeMarkup(words)}</title>`;
  const image = `<image href="${address}" width="${w}" height="${h}" preserveAspectRatio="none"/>`;
  return `<div>${above}<svg viewBox="0 0 ${w} ${h}" role="img" aria-labelledby="${id}-title">${described}${image}</svg></div>`;
}

/** The rules of such pictures. */
export const pictureStyle = `\
.slices{display:grid;gap:8px;margin-bottom:10px}
.slices.three{grid-template-columns:repeat(3,1fr)}
.slices.one{grid-template-columns:minmax(0,300px)}
.slices div{min-width:0}
.slices svg{width:100%;background:#000;border-radius:4px}
.slices p{margin:0 0 2px}
.row{font-weight:600;font-size:13px;margin:10px 0 4px;overflow-wrap:anywhere}
.pair{display:grid;grid-template-columns:repeat(auto-fill,minmax(240px,1fr));gap:0 24px}
.example figcaption{overflow-wrap:anywhere}
.card .detail{white-space:normal;margin:6px 0 0}
`;
