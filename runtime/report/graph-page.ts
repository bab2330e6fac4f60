import type { Plan } from "../../compiler/index.ts";
import { printCount, printShare } from "../text/index.ts";
import { modelSection } from "./model.ts";
import { renderPage } from "./page-shell.ts";
import { escapeMarkup } from "./picture/index.ts";
import { specSection } from "./spec.ts";

export interface GraphPage {
  readonly plan: Plan;
  readonly specPath: string;
  readonly specText: string;
  /** Of the picture on a desk, in pixels; a phone gets one of its own. */
  readonly width: number;
  /** Dark whatever the reader's system is. */
  readonly isDark: boolean;
}

/** A model as a page: its picture, the same in tables, and its spec. The same spec gives the same page. */
export async function renderGraphPage({ plan, specPath, specText, width, isDark }: GraphPage): Promise<string> {
  const { total, trainable } = plan.totals;
  const counts = `${printCount(total)} parameters, ${printCount(trainable)} trained (${printShare(trainable, total)})`;
  return renderPage({
    title: plan.model,
    about: `<p class="run">${escapeMarkup(specPath)} · ${counts}</p>\n`,
    lead: "",
    sections: [await modelSection(plan, width), specSection(specPath, specText)],
    look: { isDark, width },
  });
}
