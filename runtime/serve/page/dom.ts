type Child = Node | string;
type Attributes = Readonly<Record<string, string | number | null>>;

/** An element with attributes, those that are null left out, and what is in it: texts are texts, whatever they contain. */
export function element<Name extends keyof HTMLElementTagNameMap>(
  name: Name,
  attributes: Attributes = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[Name] {
  const made = document.createElement(name);
  setAttributes(made, attributes);
  made.append(...children);
  return made;
}

/** The same in a picture. */
export function picture<Name extends keyof SVGElementTagNameMap>(
  name: Name,
  attributes: Attributes = {},
  ...children: readonly Child[]
): SVGElementTagNameMap[Name] {
  const made = document.createElementNS("http://www.w3.org/2000/svg", name);
  setAttributes(made, attributes);
  made.append(...children);
  return made;
}

function setAttributes(of: Element, attributes: Attributes): void {
  for (const [name, value] of Object.entries(attributes)) if (value !== null) of.setAttribute(name, String(value));
}

/** A place of the page's frame. */
export function place(id: string): HTMLElement {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`invariant: the page has #${id}`);
  return found;
}

/** Changes a text only where it is another, so that nothing is read out twice. */
export function setText(of: Node, text: string): void {
  if (of.textContent !== text) of.textContent = text;
}

interface Column {
  readonly title: string;
  readonly isNumber: boolean;
}

/** A table in a box of its own that scrolls where the page is narrow. */
export function table(
  caption: string,
  columns: readonly Column[],
  rows: readonly (readonly Child[])[],
  cellClass: string | null = null,
): HTMLElement {
  const classOf = (at: number): string | null =>
    columns[at]?.isNumber === true ? "number" : at === 0 ? null : cellClass;
  const head = columns.map(({ title }, at) => element("th", { scope: "col", class: classOf(at) }, title));
  const body = rows.map((cells) =>
    element(
      "tr",
      {},
      ...cells.map((cell, at) =>
        at === 0 ? element("th", { scope: "row" }, cell) : element("td", { class: classOf(at) }, cell),
      ),
    ),
  );
  return element(
    "div",
    { class: "scroll", role: "region", tabindex: 0, "aria-label": caption },
    element(
      "table",
      {},
      element("caption", {}, element("span", {}, caption)),
      element("thead", {}, element("tr", {}, ...head)),
      element("tbody", {}, ...body),
    ),
  );
}
