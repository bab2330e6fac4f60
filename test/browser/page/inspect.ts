/** A text of a picture: where it stands, without the room above and below its letters. */
interface Box {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
  readonly text: string;
}

/** What is wrong with the page that this runs in, in words, and how many texts its pictures have. */
export function inspect(scheme: string): { readonly problems: readonly string[]; readonly texts: number } {
  const problems = [
    ...[...document.querySelectorAll("svg")].flatMap(problemsOfPicture),
    // A picture that is opened by itself has no body.
    ...(document.querySelector("body") === null ? [] : [...problemsOfColours(scheme)]),
  ];
  return { problems: [...problemsOfWidth(), ...problems], texts: document.querySelectorAll("svg text").length };
}

function problemsOfWidth(): readonly string[] {
  const problems: string[] = [];
  const { clientWidth: width, scrollWidth } = document.documentElement;
  if (scrollWidth > width) problems.push(`the page is ${scrollWidth} wide`);
  for (const element of document.querySelectorAll("body *")) {
    if (element.closest("svg, .scroll, .spec") !== null && !element.matches("svg, .scroll, .spec")) continue;
    const { right, left, width: own } = element.getBoundingClientRect();
    const name = `<${element.localName}>`;
    if (own > 0 && (right > width + 0.5 || left < -0.5)) problems.push(`${name} reaches from ${left} to ${right}`);
    const isCut = getComputedStyle(element).overflowX === "hidden" && element.scrollWidth > element.clientWidth + 1;
    if (isCut) problems.push(`${name} "${element.textContent.slice(0, 40)}" is cut off`);
  }
  return problems;
}

function problemsOfPicture(svg: SVGSVGElement): readonly string[] {
  const frame = svg.getBoundingClientRect();
  if (frame.width === 0) return [];
  const problems: string[] = [];
  const boxes: Box[] = [];
  for (const text of svg.querySelectorAll("text")) {
    if (text.textContent.trim() === "") continue;
    const box = boxOf(text);
    boxes.push(box);
    const isOutside =
      box.left < frame.left - 0.5 || box.right > frame.right + 0.5 || box.top < frame.top || box.bottom > frame.bottom;
    if (isOutside) problems.push(`${nameOf(box)} reaches out of its picture`);
    const holder = text.closest("g:has(> rect)");
    const rect = svg.closest(".diagram, :root:is(svg)") === null ? null : holder?.querySelector(":scope > rect");
    if (rect === null || rect === undefined) continue;
    const own = rect.getBoundingClientRect();
    if (box.left < own.left - 0.5 || box.right > own.right + 0.5)
      problems.push(`${nameOf(box)} reaches out of its box`);
  }
  return [...problems, ...problemsOfOverlap(boxes)];
}

function problemsOfOverlap(boxes: readonly Box[]): readonly string[] {
  const problems: string[] = [];
  const inOrder = [...boxes].sort((a, b) => a.top - b.top);
  for (const [index, box] of inOrder.entries()) {
    for (const other of inOrder.slice(index + 1)) {
      if (other.top >= box.bottom) break;
      const isOver = other.left < box.right - 0.5 && other.right > box.left + 0.5;
      if (isOver) problems.push(`${nameOf(box)} lies on ${nameOf(other)}`);
    }
  }
  return problems;
}

function problemsOfColours(scheme: string): readonly string[] {
  const problems: string[] = [];
  const { backgroundColor, color } = getComputedStyle(document.body);
  const [paper, ink] = [luminanceOf(backgroundColor), luminanceOf(color)];
  if (paper < 0.5 !== (scheme === "dark"))
    problems.push(`the page is ${backgroundColor} where the reader's system is ${scheme}`);
  const contrast = (Math.max(paper, ink) + 0.05) / (Math.min(paper, ink) + 0.05);
  if (!(contrast >= 7)) problems.push(`text has a contrast of ${contrast.toFixed(1)} to the page`);
  return problems;
}

/** Relative luminance as WCAG 2 defines it, of a colour as `rgb(r, g, b)`. */
function luminanceOf(colour: string): number {
  const [r = Number.NaN, g = Number.NaN, b = Number.NaN] = (colour.match(/[\d.]+/g) ?? []).map((value) => {
    const share = Number(value) / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function boxOf(element: Element): Box {
  const { left, right, top, bottom, height } = element.getBoundingClientRect();
  return { left, right, top: top + 0.22 * height, bottom: bottom - 0.2 * height, text: element.textContent };
}

function nameOf({ text, left, top }: Box): string {
  return `"${text}" at ${Math.round(left)}, ${Math.round(top + scrollY)}`;
}
