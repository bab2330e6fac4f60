import { at } from "../../at.ts";
import { generator } from "../../random.ts";
import { type Planted, planted, type Side } from "./findings.ts";
import type { Patient } from "./patient.ts";

/** The columns of a table of reports that hold text. */
export interface Report {
  readonly clinicalInformation: string;
  readonly technique: string;
  readonly findings: string;
  readonly impressions: string;
}

/** What CT-RATE writes where nothing was written. */
const notGiven = "Not given.";

const complaints = [notGiven, "Cough.", "Shortness of breath.", "Chest pain.", "Control."] as const;
const techniques = ["Axial sections without contrast.", "Chest CT without contrast."] as const;
const normal = "Normal chest.";

/** Sentences of a finding, and of one that was looked for and is not there; most are as the prompts of an evaluation. */
const presence = [
  "{Name} is present{place}.",
  "{Name} is present.",
  "There is {name}{place}.",
  "{Name} is seen{place}.",
];
const absence = ["{Name} is not present.", "No {name}.", "There is no {name}.", "{Name} is not seen."];

/** How often a finding that is not there is spoken of. */
const absenceShare = 0.6;

/** Where each is; an effusion is on a side of its own. */
const places: Readonly<Record<Planted, string>> = {
  "Medical material": " on the left chest",
  Cardiomegaly: "",
  "Hiatal hernia": " behind the heart",
  Emphysema: " in both lungs",
  "Pleural effusion": "",
  Consolidation: " in the right upper lobe",
};
const sides: Readonly<Record<Side, string>> = { right: " on the right", left: " on the left", both: " on both sides" };

/** The report of one patient: what is there, what is not, and the names of what is there once more, each in a drawn order. */
export function writeReport({ findings, reportSeed }: Patient): Report {
  const random = generator(reportSeed);
  const pick = (texts: readonly string[]) => at(texts, Math.floor(random() * texts.length));
  const present = shuffled([...findings.present], random);
  const absent = shuffled(
    planted.filter((name) => !findings.present.has(name) && random() < absenceShare),
    random,
  );
  const placeOf = (name: Planted) => (name === "Pleural effusion" ? sides[findings.effusionSide] : places[name]);
  const sentences = [
    ...present.map((name) => sentence(pick(presence), name, placeOf(name))),
    ...absent.map((name) => sentence(pick(absence), name, "")),
  ];
  const list = shuffled(present, random).join(", ").toLowerCase();
  const none = sentences.length === 0 ? normal : pick([normal, notGiven]);
  return {
    clinicalInformation: pick(complaints),
    technique: pick(techniques),
    findings: sentences.length === 0 ? notGiven : sentences.join(" "),
    impressions: list === "" ? none : `${list.slice(0, 1).toUpperCase()}${list.slice(1)}.`,
  };
}

/** Every word that a report can have, in texts. */
export const reportTexts: readonly string[] = [
  notGiven,
  normal,
  ...complaints,
  ...techniques,
  ...Object.values(places),
  ...Object.values(sides),
  ...[...presence, ...absence].map((template) => sentence(template, "", "")),
];

function sentence(template: string, name: string, place: string): string {
  return template.replace("{Name}", name).replace("{name}", name.toLowerCase()).replace("{place}", place);
}

/** The values in an order that is drawn (Fisher and Yates). */
function shuffled<Value>(values: readonly Value[], random: () => number): readonly Value[] {
  const left = [...values];
  const order: Value[] = [];
  while (left.length > 0) order.push(...left.splice(Math.floor(random() * left.length), 1));
  return order;
}
