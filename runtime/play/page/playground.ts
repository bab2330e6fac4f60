import { announce, notify } from "./announce.ts";
import { type ShownMemory, sayCounts, showCounts } from "./counts.ts";
import { Editor } from "./editor/editor.ts";
import { download, part } from "./elements.ts";
import { Lane } from "./lane.ts";
import { fragmentOf, type LinkedSpec } from "./link.ts";
import { Menu } from "./menu.ts";
import { countOf, showMistakes } from "./mistakes.ts";
import { changesPanel } from "./panels/changes.ts";
import { packagePanel } from "./panels/package.ts";
import type { Panel, State } from "./panels/panel.ts";
import { picturePanel } from "./panels/picture.ts";
import { placePanel } from "./panels/place.ts";
import { parametersPanel, planPanel, programsPanel, summaryPanel } from "./panels/printed.ts";
import type { Answers, Checked, Request, RequestOf, Spec } from "./protocol.ts";
import { Tabs } from "./tabs.ts";
import type { PageTexts } from "./texts.ts";

/** Pauses in typing after which the text is checked, said to a screen reader, and its memory computed. */
const checkMs = 60;
const sayMs = 900;
const memoryMs = 500;

/** The page: a text, what the compiler says of it, and the panels that tell of the last text that compiled. */
export class Playground {
  private readonly texts: PageTexts;
  private readonly own: Readonly<Record<string, string>>;
  private readonly quick: Lane;
  private readonly patient: Lane;
  private readonly background: Lane;
  private readonly editor: Editor;
  private readonly menu: Menu;
  private readonly tabs: Tabs<Panel>;
  private state: State;
  private memory: ShownMemory = { kind: "pending" };
  private checking: number | undefined;
  private saying: number | undefined;
  private remembering: number | undefined;

  constructor(texts: PageTexts, linked: LinkedSpec | null) {
    this.texts = texts;
    this.own = linked === null ? texts.own : linked.files;
    const all = { bundled: texts.bundled, own: this.own, manual: texts.manual };
    this.quick = new Lane(all);
    this.quick.prepare();
    this.patient = new Lane(all);
    this.background = new Lane(all);
    const spec = linked === null ? startOf(texts) : specOf(linked, texts);
    this.state = { spec, shown: null, counts: null, start: spec };
    this.editor = new Editor(part("editor"), spec.text, {
      changed: () => this.changed(),
      format: () => void this.format(),
      complete: (text, offset) => this.ask({ kind: "complete", spec: { ...this.state.spec, text }, offset }),
      hover: (text, offset) => this.ask({ kind: "hover", spec: { ...this.state.spec, text }, offset }),
    });
    this.menu = new Menu(texts, (path) => this.mayOpen(path));
    this.menu.show(spec.path);
    const context = {
      quick: this.quick,
      patient: this.patient,
      replaceText: (text: string) => this.editor.replace(text),
      startFromHere: () => {
        this.state = { ...this.state, start: this.state.spec };
        this.tabs.panel.show(this.state);
      },
    };
    const panels = [
      summaryPanel(context),
      picturePanel(context),
      parametersPanel(context),
      placePanel(context),
      changesPanel(context),
      planPanel(context),
      packagePanel(context),
      programsPanel(context),
    ];
    this.tabs = new Tabs({ list: part("tabs"), body: part("panels") }, panels, (panel) => panel.show(this.state));
    for (const [id, act] of this.actions()) part(id).addEventListener("click", act);
    void this.check();
  }

  private actions(): readonly (readonly [id: string, act: () => void])[] {
    return [
      ["format", () => void this.format()],
      ["copy-link", () => void this.copyLink()],
      ["copy-text", () => void this.copyText()],
      ["download", () => download(this.state.spec.path.replace(/^.*[\\/]/, ""), this.editor.text)],
      ["start-over", () => this.editor.replace(this.state.start.text)],
    ];
  }

  /** What the compiler answers at once; null where something else was asked in between. */
  private async ask<Kind extends Request["kind"]>(request: RequestOf<Kind>): Promise<Answers[Kind] | null> {
    const outcome = await this.quick.ask<Kind>(request);
    if (outcome.kind === "failed") notify(`internal error: ${outcome.message}`);
    return outcome.kind === "done" ? outcome.value : null;
  }

  private changed(): void {
    this.state = { ...this.state, spec: { ...this.state.spec, text: this.editor.text } };
    window.clearTimeout(this.checking);
    this.checking = window.setTimeout(() => void this.check(), checkMs);
  }

  private async check(): Promise<void> {
    const { spec } = this.state;
    const checked = await this.ask<"check">({ kind: "check", spec });
    // What is typed meanwhile is checked after it.
    if (checked === null || spec.text !== this.editor.text || spec.path !== this.state.spec.path) return;
    this.show(spec, checked);
  }

  private show(spec: Spec, checked: Checked): void {
    const { mistakes, counts } = checked;
    this.editor.show(checked);
    showMistakes(mistakes, {
      goTo: (offset) => this.editor.goTo(offset),
      mend: (mending) => this.editor.mend(mending),
    });
    const isStale = counts === null;
    part("stale").hidden = !isStale || this.state.shown === null;
    part("answers").classList.toggle("is-stale", isStale);
    if (counts !== null) {
      this.state = { ...this.state, shown: spec, counts };
      this.followMemory(spec);
      showCounts(counts, this.memory);
    }
    this.tabs.panel.show(this.state);
    window.clearTimeout(this.saying);
    const said = [...(mistakes.length > 0 ? [countOf(mistakes)] : []), ...(counts === null ? [] : [sayCounts(counts)])];
    this.saying = window.setTimeout(() => announce(said.join("; ")), sayMs);
    document.documentElement.dataset["checked"] = String(spec.text.length);
  }

  /** The expected peak of a step takes seconds for a large model: it is computed in a pause, and given up when the text changes. */
  private followMemory(spec: Spec): void {
    this.background.interrupt();
    window.clearTimeout(this.remembering);
    this.memory = { kind: "pending" };
    this.remembering = window.setTimeout(() => void this.computeMemory(spec), memoryMs);
  }

  private async computeMemory(spec: Spec): Promise<void> {
    const outcome = await this.background.ask<"memory">({ kind: "memory", spec });
    if (outcome.kind !== "done") return;
    this.memory = outcome.value === null ? { kind: "none" } : { kind: "known", ...outcome.value };
    if (this.state.counts !== null) showCounts(this.state.counts, this.memory);
  }

  private async format(): Promise<void> {
    const { spec } = this.state;
    const text = await this.ask<"format">({ kind: "format", spec: { ...spec, text: this.editor.text } });
    if (text === null) return notify("The text cannot be formatted while its form has mistakes.");
    this.editor.replace(text);
    notify("Formatted.");
  }

  private async copyLink(): Promise<void> {
    const { path, text, isBundled } = this.state.spec;
    const isUnchanged = isBundled && this.texts.bundled[path] === text;
    const fragment = isUnchanged ? `open=${path}` : await fragmentOf({ path, text, files: isBundled ? {} : this.own });
    if (fragment === null) return notify("This spec is too long for a link; download it instead.");
    history.replaceState(null, "", `#${fragment}`);
    await navigator.clipboard.writeText(location.href);
    notify(`Copied a link of ${location.href.length} characters. It holds the spec itself; no server gets it.`);
  }

  private async copyText(): Promise<void> {
    await navigator.clipboard.writeText(this.editor.text);
    notify("Copied.");
  }

  private mayOpen(path: string): boolean {
    const { spec, start } = this.state;
    const isChanged = spec.text !== start.text;
    if (isChanged && !window.confirm(`Discard the changes to ${spec.path}?`)) return false;
    const text = this.texts.bundled[path];
    if (text === undefined) return false;
    const opened = { path, text, isBundled: true };
    this.state = { spec: opened, shown: null, counts: null, start: opened };
    this.menu.show(path);
    this.editor.open(text);
    document.title = titleOf(path);
    history.replaceState(null, "", `#open=${path}`);
    void this.check();
    return true;
  }
}

export function titleOf(path: string): string {
  return `${path} · medctc`;
}

function startOf({ start: { path, isBundled }, bundled, own }: PageTexts): Spec {
  return { path, isBundled, text: (isBundled ? bundled : own)[path] ?? "" };
}

/** A spec of a link belongs to those that come with the page where it has the path of one of them. */
function specOf({ path, text }: LinkedSpec, { bundled }: PageTexts): Spec {
  return { path, text, isBundled: Object.hasOwn(bundled, path) };
}
