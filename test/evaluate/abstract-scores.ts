import { at } from "../../runtime/at.ts";
import { labelsToCsv, scoresToCsv } from "../../runtime/evaluate/index.ts";
import { generator } from "../../runtime/random.ts";

/** CT-RATE's classes, and about how often each is there in its validation split. */
const classes = [
  ["Medical material", 0.103],
  ["Arterial wall calcification", 0.285],
  ["Cardiomegaly", 0.107],
  ["Pericardial effusion", 0.071],
  ["Coronary artery wall calcification", 0.252],
  ["Hiatal hernia", 0.138],
  ["Lymphadenopathy", 0.26],
  ["Emphysema", 0.197],
  ["Atelectasis", 0.235],
  ["Lung nodule", 0.447],
  ["Lung opacity", 0.401],
  ["Pulmonary fibrotic sequela", 0.273],
  ["Pleural effusion", 0.124],
  ["Mosaic attenuation pattern", 0.083],
  ["Peribronchial thickening", 0.117],
  ["Consolidation", 0.196],
  ["Bronchiectasis", 0.109],
  ["Interlobular septal thickening", 0.083],
] as const;

/** The numbers of the abstract of MedCT-VLM (arXiv 2512.00597), in per cent. */
export const abstractNumbers = {
  base: { meanAuroc: "61.3", accuracy: "67.2", macroF1: "32.1" },
  adapted: { meanAuroc: "68.9", accuracy: "73.6", macroF1: "36.9" },
} as const;

const volumes = 300;
/** A little more than in CT-RATE: with its shares, F1 as high as that at so low an accuracy takes scores that differ much between classes. */
const more = 1.15;
const seed = 2512;

/** How scores are drawn. */
interface Model {
  /** How far scores of what is there are above the others, in standard deviations. */
  readonly lift: number;
  /** How far all scores are below one half. */
  readonly shift: number;
  /** How much scores follow how frequent a class is. */
  readonly slope: number;
}

/**
 * Files of two made-up runs whose numbers, as printed, are those of the abstract; the same on every machine. The numbers are computed here by
 * their definitions alone, so that what medctc finds in these files is held to something else.
 */
export function abstractFiles(): ReadonlyMap<string, string> {
  const random = generator(seed);
  const normal = (): number => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  const names = Array.from({ length: volumes }, (_, index) => `valid_${1 + (index >> 1)}_a_${1 + (index % 2)}.nii.gz`);
  const labels = names.map(() => classes.map(([, share]) => random() < more * share));
  // What both runs see in a volume is partly the same, as it is for a model and its adaptation.
  const shared = labels.map((row) => row.map(normal));
  const frequency = classes.map(([, share]) => Math.log(share / (1 - share)) + 1.5);
  const titles = classes.map(([name]) => name);
  const files = new Map<string, string>();
  for (const [label, goal] of Object.entries(abstractNumbers)) {
    const noise = shared.map((row) => row.map((common) => 0.8 * common + 0.6 * normal()));
    const scoresOf = ({ lift, shift, slope }: Model): Rows<number> =>
      labels.map((row, volume) =>
        row.map((isPresent, place) => {
          const logit = at(at(noise, volume), place) + (isPresent ? lift : 0) - shift + slope * at(frequency, place);
          return Math.round(1000 / (1 + Math.exp(-logit / 2))) / 1000;
        }),
      );
    const scores = scoresOf(modelWith(goal, scoresOf, labels));
    files.set(`${label}/scores.csv`, scoresToCsv(names, titles, scores, labels));
    files.set(`${label}/labels.csv`, labelsToCsv(names, titles, labels));
  }
  return files;
}

type Rows<Value> = readonly (readonly Value[])[];

/**
 * The model that gives these numbers. AUROCs follow from `lift` alone; for each `slope` there is a `shift` with the accuracy, and of
 * these one has the F1.
 */
function modelWith(
  goal: Readonly<Record<"meanAuroc" | "accuracy" | "macroF1", string>>,
  scoresOf: (model: Model) => Rows<number>,
  labels: Rows<boolean>,
): Model {
  const lift = solve(0, 3, goal.meanAuroc, (own) => meanAuroc(scoresOf({ lift: own, shift: 0, slope: 0 }), labels));
  const shiftFor = (slope: number): number =>
    solve(-1, 3, goal.accuracy, (shift) => accuracy(scoresOf({ lift, shift, slope }), labels));
  const slope = solve(0, 0.6, goal.macroF1, (own) =>
    macroF1(scoresOf({ lift, shift: shiftFor(own), slope: own }), labels),
  );
  return { lift, shift: shiftFor(slope), slope };
}

/** Where a function that rises from one end to the other has a value in per cent, by halves. */
function solve(low: number, high: number, percent: string, of: (place: number) => number): number {
  let [from, to] = [low, high];
  for (let halving = 0; halving < 14; halving++) {
    const middle = (from + to) / 2;
    if (100 * of(middle) < Number(percent)) from = middle;
    else to = middle;
  }
  return (from + to) / 2;
}

/** The mean over classes of the share of pairs in order, a tie being half of one. */
function meanAuroc(scores: Rows<number>, labels: Rows<boolean>): number {
  const areas = classes.map((_, place) => {
    const of = (label: boolean) =>
      scores.flatMap((row, volume) => (at(labels, volume)[place] === label ? [at(row, place)] : []));
    const [present, absent] = [of(true), of(false)];
    let twice = 0;
    for (const one of present) for (const other of absent) twice += one > other ? 2 : Number(one === other);
    return twice / (2 * present.length * absent.length);
  });
  return meanOf(areas);
}

function accuracy(scores: Rows<number>, labels: Rows<boolean>): number {
  return meanOf(
    scores.flatMap((row, volume) => row.map((score, place) => Number(score >= 0.5 === at(labels, volume)[place]))),
  );
}

function macroF1(scores: Rows<number>, labels: Rows<boolean>): number {
  return meanOf(
    classes.map((_, place) => {
      const cells = scores.map((row, volume) => [at(row, place) >= 0.5, at(labels, volume)[place]] as const);
      const both = cells.filter(([called, present]) => called && present === true).length;
      return (2 * both) / (cells.filter(([called]) => called).length + cells.filter(([, present]) => present).length);
    }),
  );
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
