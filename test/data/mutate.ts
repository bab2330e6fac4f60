import type { Random } from "../random.ts";

const pieces = [
  ...[
    '"',
    ",",
    "\n",
    "\r",
    "\r\n",
    "\0",
    "\uFEFF",
    "\\",
    "[",
    "]",
    "{",
    "}",
    ":",
    ";",
    "..",
    "/",
    "0",
    "-1",
    "1e400",
    "NaN",
  ],
  ...[
    "VolumeName",
    "ZSpacing",
    "__proto__",
    "train_1_a_1.nii.gz",
    "Not given.",
    "[PAD]",
    "[SEP]",
    "##",
    "null",
    "é",
    "日",
  ],
];

/** A text with some bytes changed, cut out, doubled, or put in. */
export function mutate(good: Uint8Array, random: Random): Uint8Array {
  let bytes = Buffer.from(good);
  for (let edit = 0; edit <= random.below(3); edit++) {
    const at = random.below(bytes.length + 1);
    const [before, after] = [bytes.subarray(0, at), bytes.subarray(at)];
    const piece = Buffer.from(random.pick(pieces));
    const middles = [piece, piece, Buffer.of(random.below(256)), after.subarray(0, random.below(60)), Buffer.alloc(0)];
    const skipped = random.pick([0, 0, 1, random.below(40), after.length]);
    bytes = Buffer.concat([before, random.pick(middles), after.subarray(skipped)]);
  }
  return bytes;
}
