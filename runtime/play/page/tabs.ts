import { button, element } from "./elements.ts";

interface TabbedPanel {
  readonly id: string;
  readonly title: string;
  readonly element: HTMLElement;
}

/** Panels behind tabs, as ARIA has them: arrows move between the tabs, of which one is in the order of Tab. */
export class Tabs<Panel extends TabbedPanel> {
  private readonly panels: readonly Panel[];
  private readonly tabs: readonly HTMLButtonElement[];
  private readonly bodies: readonly HTMLElement[];
  private readonly chosen: (panel: Panel) => void;
  private current = 0;

  constructor(
    { list, body }: { readonly list: HTMLElement; readonly body: HTMLElement },
    panels: readonly Panel[],
    chosen: (panel: Panel) => void,
  ) {
    this.panels = panels;
    this.chosen = chosen;
    this.tabs = panels.map(({ id, title }, index) =>
      button(title, () => this.select(index), { role: "tab", id: `tab-${id}`, "aria-controls": `panel-${id}` }),
    );
    this.bodies = panels.map(({ id, element: content }) =>
      element("div", { role: "tabpanel", id: `panel-${id}`, "aria-labelledby": `tab-${id}`, tabindex: "0" }, content),
    );
    list.append(...this.tabs);
    body.append(...this.bodies);
    list.addEventListener("keydown", (event) => this.onKey(event));
    this.mark();
  }

  get panel(): Panel {
    const panel = this.panels[this.current];
    if (panel === undefined) throw new Error("invariant: there is a panel");
    return panel;
  }

  private onKey(event: KeyboardEvent): void {
    const last = this.tabs.length - 1;
    const next = new Map([
      ["ArrowRight", this.current === last ? 0 : this.current + 1],
      ["ArrowLeft", this.current === 0 ? last : this.current - 1],
      ["Home", 0],
      ["End", last],
    ]).get(event.key);
    if (next === undefined || event.ctrlKey || event.altKey || event.metaKey) return;
    event.preventDefault();
    this.select(next);
    this.tabs[next]?.focus();
  }

  private select(index: number): void {
    this.current = index;
    this.mark();
    this.tabs[index]?.scrollIntoView({ block: "nearest", inline: "nearest" });
    this.chosen(this.panel);
  }

  private mark(): void {
    for (const [index, tab] of this.tabs.entries()) {
      const isCurrent = index === this.current;
      tab.setAttribute("aria-selected", String(isCurrent));
      tab.tabIndex = isCurrent ? 0 : -1;
      this.bodies[index]?.toggleAttribute("hidden", !isCurrent);
    }
  }
}
