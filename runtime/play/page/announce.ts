import { part } from "./elements.ts";

/** Says something to a screen reader, and shows it for a while to everybody else where it answers a click. */
export function announce(text: string): void {
  const region = part("announcements");
  // The same text again is said again only where it was gone in between.
  region.textContent = "";
  region.textContent = text;
}

let hiding: number | undefined;

export function notify(text: string): void {
  const notice = part("notice");
  notice.textContent = text;
  notice.hidden = false;
  window.clearTimeout(hiding);
  hiding = window.setTimeout(() => {
    notice.hidden = true;
  }, 4000);
}
