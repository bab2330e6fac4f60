import { button, element, part } from "./elements.ts";
import type { Mending, Mistake } from "./protocol.ts";

/** Mistakes that are listed; the editor underlines all of them. */
const listedLimit = 50;

/** Lists what is wrong with the text, each with what mends it. */
export function showMistakes(
  mistakes: readonly Mistake[],
  { goTo, mend }: { readonly goTo: (offset: number) => void; readonly mend: (mending: Mending) => void },
): void {
  part("mistake-count").textContent = countOf(mistakes);
  part("mistakes-section").classList.toggle(
    "has-errors",
    mistakes.some(({ severity }) => severity === "error"),
  );
  const items = mistakes.slice(0, listedLimit).map(({ severity, code, message, place, start, mendings }) => {
    const [first = "", ...more] = message.split("\n");
    return element(
      "li",
      { class: severity },
      button(place, () => goTo(start), {
        class: "place",
        "aria-label": `Go to ${place}`,
      }),
      element(
        "div",
        {},
        element("p", {}, element("strong", {}, `${severity} ${code}`), ` ${first}`),
        ...more.map((line) => element("p", { class: "detail" }, line)),
        ...(mendings.length === 0
          ? []
          : [element("p", {}, ...mendings.map((mending) => button(capitalised(mending.title), () => mend(mending))))]),
      ),
    );
  });
  const rest = mistakes.length - items.length;
  part("mistakes").replaceChildren(...items, ...(rest > 0 ? [element("li", {}, `and ${rest} more`)] : []));
}

/** `3 errors, 1 warning` */
export function countOf(mistakes: readonly Mistake[]): string {
  const errors = mistakes.filter(({ severity }) => severity === "error").length;
  const warnings = mistakes.length - errors;
  const counted = (count: number, what: string): readonly string[] =>
    count === 0 ? [] : [`${count} ${what}${count === 1 ? "" : "s"}`];
  return [...counted(errors, "error"), ...counted(warnings, "warning")].join(", ") || "no mistakes";
}

function capitalised(text: string): string {
  return text.replace(/^[a-z]/, (letter) => letter.toUpperCase());
}
