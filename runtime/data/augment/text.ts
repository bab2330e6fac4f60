import type { TextAugmentation } from "../../../compiler/index.ts";
import { type AugmentDraw, type Random, randomOf } from "./draw.ts";
import type { Placed } from "./operations.ts";
import { type Sentences, sentencesOf } from "./sentences.ts";

/** A text after the random changes of one example in one step. */
export function augmentText(text: string, operations: readonly Placed<TextAugmentation>[], draw: AugmentDraw): string {
  let current = text;
  for (const { operation, place } of operations) {
    const random = randomOf(draw, place);
    switch (operation.kind) {
      case "drop_sentences":
        current = dropped(sentencesOf(current), operation.chance, random);
        break;
      case "shuffle_sentences":
        if (random() < operation.chance) current = shuffled(sentencesOf(current), random);
        break;
    }
  }
  return current;
}

/** Leaves out each sentence with the same chance; where that would leave out all, one of them stays, each as likely. */
function dropped({ sentences, gaps }: Sentences, chance: number, random: Random): string {
  const isKept = sentences.map(() => random() >= chance);
  const spared = isKept.includes(true) ? -1 : Math.floor(random() * sentences.length);
  return sentences.flatMap((each, at) => (isKept[at] === true || at === spared ? [each, gaps[at] ?? ""] : [])).join("");
}

/** Puts the sentences in another order, each as likely (Fisher and Yates); what stands between them stays where it is. */
function shuffled({ sentences, gaps }: Sentences, random: Random): string {
  const left = [...sentences];
  return gaps.map((gap) => `${left.splice(Math.floor(random() * left.length), 1).join("")}${gap}`).join("");
}
