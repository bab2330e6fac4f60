/**
 * What is wrong with the page that this runs in, in words; run inside of it, so it uses nothing from outside itself.
 * Boxes of letters are taken without the room above and below them.
 */
export function inspect(scheme) {
  const problems = [];
  const say = (problem) => problems.push(problem);
  const width = document.documentElement.clientWidth;
  const boxOf = (element) => {
    const { left, right, top, bottom, height } = element.getBoundingClientRect();
    return { left, right, top: top + 0.22 * height, bottom: bottom - 0.2 * height, text: element.textContent };
  };
  const name = ({ text, left, top }) => `"${text}" at ${Math.round(left)}, ${Math.round(top + scrollY)}`;

  if (document.documentElement.scrollWidth > width) say(`the page is ${document.documentElement.scrollWidth} wide`);
  for (const element of document.body?.querySelectorAll("*") ?? []) {
    if (element.closest("svg, .scroll, .spec") !== null && !element.matches("svg, .scroll, .spec")) continue;
    const { right, left, width: own } = element.getBoundingClientRect();
    if (own > 0 && (right > width + 0.5 || left < -0.5)) say(`<${element.localName}> reaches from ${left} to ${right}`);
    const isCut = getComputedStyle(element).overflowX === "hidden" && element.scrollWidth > element.clientWidth + 1;
    if (isCut) say(`<${element.localName}> "${element.textContent.slice(0, 40)}" is cut off`);
  }

  for (const svg of document.querySelectorAll("svg")) {
    const frame = svg.getBoundingClientRect();
    if (frame.width === 0) continue;
    const texts = [...svg.querySelectorAll("text")].filter((text) => text.textContent.trim() !== "");
    const boxes = texts.map(boxOf);
    for (const [index, box] of boxes.entries()) {
      const isOutside =
        box.left < frame.left - 0.5 ||
        box.right > frame.right + 0.5 ||
        box.top < frame.top ||
        box.bottom > frame.bottom;
      if (isOutside) say(`${name(box)} reaches out of its picture`);
      const holder = texts[index].closest("g:has(> rect)");
      const rect = svg.closest(".diagram, :root:is(svg)") === null ? null : holder?.querySelector(":scope > rect");
      if (rect === null || rect === undefined) continue;
      const own = rect.getBoundingClientRect();
      if (box.left < own.left - 0.5 || box.right > own.right + 0.5) say(`${name(box)} reaches out of its box`);
    }
    const inOrder = [...boxes].sort((a, b) => a.top - b.top);
    for (const [index, box] of inOrder.entries()) {
      for (const other of inOrder.slice(index + 1)) {
        if (other.top >= box.bottom) break;
        if (other.left < box.right - 0.5 && other.right > box.left + 0.5) say(`${name(box)} lies on ${name(other)}`);
      }
    }
  }

  if (document.body !== null) {
    const light = (colour) => {
      const [r, g, b] = (colour.match(/[\d.]+/g) ?? []).map((value) => {
        const share = Number(value) / 255;
        return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
      });
      return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const { backgroundColor, color } = getComputedStyle(document.body);
    const [paper, ink] = [light(backgroundColor), light(color)];
    if (paper < 0.5 !== (scheme === "dark"))
      say(`the page is ${backgroundColor} where the reader's system is ${scheme}`);
    const contrast = (Math.max(paper, ink) + 0.05) / (Math.min(paper, ink) + 0.05);
    if (!(contrast >= 7)) say(`text has a contrast of ${contrast.toFixed(1)} to the page`);
  }
  return { problems, texts: document.querySelectorAll("svg text").length };
}
