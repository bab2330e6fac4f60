import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { planted } from "../../runtime/data/synth/index.ts";
import { pathologies } from "../../runtime/data/synth/pathologies.ts";
import { drawPatient } from "../../runtime/data/synth/patient.ts";
import { writeReport } from "../../runtime/data/synth/reports.ts";
import { vocabulary } from "../../runtime/data/synth/vocabulary.ts";

const patients = Array.from({ length: 2000 }, (_, place) => drawPatient(5, "train", place + 1));
const reports = patients.map((patient) => ({ patient, report: writeReport(patient) }));

/** The pieces of a text: words and punctuation, and of each the longest pieces that the vocabulary has. */
function wordPieces(text: string, known: ReadonlySet<string>): readonly string[] {
  const words = text.toLowerCase().match(/[a-z0-9]+|[^a-z0-9\s]/g) ?? [];
  return words.flatMap((word) => {
    const pieces: string[] = [];
    for (let start = 0; start < word.length; ) {
      const prefix = start === 0 ? "" : "##";
      let end = word.length;
      while (end > start && !known.has(prefix + word.slice(start, end))) end--;
      if (end === start) return ["[UNK]"];
      pieces.push(prefix + word.slice(start, end));
      start = end;
    }
    return pieces;
  });
}

/** What the model is to read of a report. */
function modelText({ findings, impressions }: { readonly findings: string; readonly impressions: string }): string {
  return [findings, impressions].filter((text) => text !== "Not given.").join("");
}

describe("a report", () => {
  test("says that a finding is present where the label says so, and never where it does not", () => {
    for (const { patient, report } of reports) {
      const sentences = report.findings.toLowerCase().split(". ");
      for (const name of planted) {
        const about = sentences.filter((sentence) => sentence.includes(name.toLowerCase()));
        const denied = about.filter((sentence) => /\bno\b|\bnot\b/.test(sentence));
        const present = patient.findings.present.has(name);
        expect(denied).toHaveLength(present ? 0 : about.length);
        expect(about.length).toBe(present ? 1 : Math.min(about.length, 1));
        expect(report.impressions.toLowerCase().includes(name.toLowerCase())).toBe(present);
      }
    }
  });

  test("speaks of what is there before what is not", () => {
    for (const { report } of reports) expect(report.findings).not.toMatch(/\b[Nn]ot?\b.*\. .*is (seen|present)\b/);
  });

  test("names the side of an effusion as it was planted", () => {
    const sides = { right: "on the right", left: "on the left", both: "on both sides" };
    const told = reports.flatMap(({ patient, report }) => {
      const side = /leural effusion [^.]*?(on [^.]*)\./.exec(report.findings)?.[1];
      return side === undefined ? [] : [{ side, planted: sides[patient.findings.effusionSide] }];
    });
    expect(new Set(told.map(({ side }) => side))).toEqual(new Set(Object.values(sides)));
    for (const each of told) expect(each.side).toBe(each.planted);
  });

  test("is never empty, varies, and is at most 64 pieces long with its ends", () => {
    const known = new Set(vocabulary());
    const texts = reports.map(({ report }) => modelText(report));
    const lengths = texts.map((text) => wordPieces(text, known).length + 2);
    expect(Math.min(...lengths)).toBeGreaterThan(2);
    expect(Math.max(...lengths)).toBeLessThanOrEqual(64);
    expect(new Set(texts).size).toBeGreaterThan(1500);
  });
});

describe("the vocabulary", () => {
  test("fits the small spec, and begins with BERT's special pieces", () => {
    const size = Number(/vocab = (\d+)/.exec(readFileSync("specs/medct-small.vlm", "utf8"))?.[1]);
    const pieces = vocabulary();
    expect(pieces.slice(0, 5)).toEqual(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]);
    expect(pieces.length).toBeLessThanOrEqual(size);
    expect(new Set(pieces).size).toBe(pieces.length);
  });

  test("has each word of reports, classes and prompts whole, and spells any other", () => {
    const known = new Set(vocabulary());
    const prompts = pathologies.flatMap((name) => [`${name} is present.`, `${name} is not present.`]);
    const texts = reports.flatMap(({ report }) => [
      report.clinicalInformation,
      report.technique,
      report.findings,
      report.impressions,
    ]);
    for (const text of new Set([...prompts, ...texts])) {
      for (const piece of wordPieces(text, known)) expect(piece).not.toMatch(/^(\[UNK\]|##.*)$/);
    }
    expect(wordPieces("A 12-mm GGO?", known)).toEqual(["a", "1", "##2", "-", "m", "##m", "g", "##g", "##o", "?"]);
  });
});
