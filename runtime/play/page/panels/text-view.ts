import { printCount, quoteShell } from "../../../text/index.ts";
import { notify } from "../announce.ts";
import { button, download, element } from "../elements.ts";
import type { Printed } from "../protocol.ts";

/** Lines that are shown of a text, and characters; all of it can be copied and downloaded. */
const lineLimit = 4000;
const characterLimit = 400_000;

/** A text as a command prints it, with the command above it. */
export class TextView {
  readonly element: HTMLElement;
  private readonly command = element("code", { class: "command" });
  private readonly text = element("pre", { class: "printed", tabindex: "0" });
  private readonly note = element("p", { class: "note" });
  private readonly name: () => string;
  private whole = "";

  /** `name` is that of a file with the text. */
  constructor(label: string, name: () => string) {
    this.name = name;
    this.text.setAttribute("aria-label", label);
    this.text.setAttribute("role", "region");
    const actions = element(
      "div",
      { class: "actions" },
      button("Copy", () => void this.copy(), { "aria-label": `Copy: ${label}` }),
      button("Download", () => download(this.name(), this.whole), { "aria-label": `Download: ${label}` }),
    );
    const bar = element("div", { class: "bar" }, this.command, actions);
    this.note.hidden = true;
    this.element = element("div", { class: "text-view" }, bar, this.note, this.text);
  }

  /** Says which command prints the same. */
  setCommand(words: readonly string[]): void {
    this.command.textContent = `$ ${words.map(quoteShell).join(" ")}`;
  }

  /** Marks the text as that of before, until there is another. */
  wait(): void {
    this.element.setAttribute("aria-busy", "true");
  }

  show(printed: Printed): void {
    this.element.removeAttribute("aria-busy");
    if (printed.kind === "refused") {
      this.refuse(printed.why);
      return;
    }
    this.whole = printed.text;
    const lines = printed.text.split("\n");
    const isLong = lines.length > lineLimit || printed.text.length > characterLimit;
    const shown = isLong ? lines.slice(0, lineLimit).join("\n").slice(0, characterLimit) : printed.text;
    this.text.textContent = shown;
    this.text.hidden = false;
    this.note.hidden = !isLong;
    this.note.textContent = isLong
      ? `The first ${printCount(shown.split("\n").length)} of ${printCount(lines.length - 1)} lines. Copy and Download have all of them.`
      : "";
  }

  refuse(why: string): void {
    this.element.removeAttribute("aria-busy");
    this.whole = "";
    this.text.hidden = true;
    this.note.hidden = false;
    this.note.textContent = why;
  }

  private async copy(): Promise<void> {
    await navigator.clipboard.writeText(this.whole);
    notify("Copied.");
  }
}
