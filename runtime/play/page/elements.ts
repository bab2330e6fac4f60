/** An element with attributes and what is in it. */
export function element<Name extends keyof HTMLElementTagNameMap>(
  name: Name,
  attributes: Readonly<Record<string, string>> = {},
  ...children: readonly (Node | string)[]
): HTMLElementTagNameMap[Name] {
  const made = document.createElement(name);
  for (const [attribute, value] of Object.entries(attributes)) made.setAttribute(attribute, value);
  made.append(...children);
  return made;
}

/** A button that does something. */
export function button(
  text: string,
  act: () => void,
  attributes: Readonly<Record<string, string>> = {},
): HTMLButtonElement {
  const made = element("button", { type: "button", ...attributes }, text);
  made.addEventListener("click", act);
  return made;
}

/** The element of the page that has an id. */
export function part(id: string): HTMLElement {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`invariant: the page has #${id}`);
  return found;
}

let labels = 0;

/** A field with its label before it. */
export function labelled(text: string, field: HTMLInputElement | HTMLSelectElement, hint = ""): HTMLElement {
  const id = `field-${++labels}`;
  field.id = id;
  const label = element("label", { for: id }, text);
  if (hint === "") return element("div", { class: "field" }, label, field);
  field.setAttribute("aria-describedby", `${id}-hint`);
  return element("div", { class: "field" }, label, field, element("span", { id: `${id}-hint`, class: "hint" }, hint));
}

/** A box to tick. */
export function tickBox(
  text: string,
  act: (isTicked: boolean) => void,
): { readonly box: HTMLInputElement; readonly field: HTMLElement } {
  const box = element("input", { type: "checkbox" });
  box.addEventListener("change", () => act(box.checked));
  return { box, field: element("label", { class: "tick" }, box, text) };
}

/** A list to choose one of, with a title for each group of its options. */
export function choice(options: readonly string[], act: (chosen: string) => void): HTMLSelectElement {
  const made = element("select", {}, ...options.map((each) => element("option", { value: each }, each)));
  made.addEventListener("change", () => act(made.value));
  return made;
}

/** Hands a text to the browser as a file. */
export function download(name: string, text: string): void {
  const address = URL.createObjectURL(new Blob([text], { type: "text/plain" }));
  const link = element("a", { href: address, download: name });
  link.click();
  URL.revokeObjectURL(address);
}
