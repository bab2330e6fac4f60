import { element, part } from "./elements.ts";
import type { PageTexts } from "./texts.ts";

/** The list of specs to start from; `chosen` says whether it may be opened. */
export class Menu {
  private readonly select = element("select", { id: "specs", "aria-label": "Spec" });
  private open = "";

  constructor({ specs }: PageTexts, chosen: (path: string) => boolean) {
    const groups = [...new Set(specs.map(({ group }) => group))].map((group) =>
      element(
        "optgroup",
        { label: group },
        ...specs.filter((each) => each.group === group).map(({ path }) => element("option", { value: path }, path)),
      ),
    );
    this.select.append(...groups);
    this.select.addEventListener("change", () => {
      if (chosen(this.select.value)) this.open = this.select.value;
      else this.select.value = this.open;
    });
    part("menu").append(this.select);
  }

  /** Shows which spec is open, one that is not in the list at its top. */
  show(path: string): void {
    this.open = path;
    this.select.querySelector("option.own")?.remove();
    if (![...this.select.options].some(({ value }) => value === path))
      this.select.prepend(element("option", { value: path, class: "own" }, path));
    this.select.value = path;
  }
}
