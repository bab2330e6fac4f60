/**
 * Made-up patients: chests of 4 x 16 x 16 voxels, and a table of their findings.
 * What is drawn follows from the seed alone.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

export const findings = ["Emphysema", "Cardiomegaly", "Pleural effusion"];
/** Slices, rows and columns of a volume. */
const size = [4, 16, 16];

/**
 * Writes the pictures of `train` and `valid` patients and `patients.csv` into a folder. `labelled` are the findings that the
 * cells of training patients say; the others are blank. Patients that are held out have all their labels.
 */
export function writePatients(folder, { train, valid, seed, labelled }) {
  mkdirSync(folder, { recursive: true });
  const random = numbersFrom(seed);
  const rows = Array.from({ length: train + valid }, (_, place) => {
    const split = place < train ? "train" : "valid";
    const present = findings.map(() => random() < 0.4);
    writeFileSync(join(folder, `${place}.npy`), npy(chest(present, random)));
    const cells = findings.map((name, finding) =>
      split === "valid" || labelled.includes(name) ? Number(present[finding]) : "",
    );
    return [`${place}.npy`, split, ...cells].join(",");
  });
  writeFileSync(join(folder, "patients.csv"), `${["filepath", "split", ...findings].join(",")}\n${rows.join("\n")}\n`);
}

/** Hounsfield units of a chest: lungs of air in soft tissue, between them a heart; slice after slice, row after row. */
function chest([emphysema, cardiomegaly, effusion], random) {
  const around = (middle, spread) => middle + spread * (2 * random() - 1);
  const air = around(emphysema ? -940 : -800, 60);
  const heart = { x: around(8.2, 0.5), y: around(6.5, 0.5), radius: around(cardiomegaly ? 3.9 : 2.7, 0.5) };
  const level = effusion ? around(10.5, 1) : size[1];
  const wet = random() < 0.5 ? 4.2 : 11.8;
  const [slices, rows, columns] = size;
  const values = new Float32Array(slices * rows * columns);
  for (let voxel = 0; voxel < values.length; voxel++) {
    const x = voxel % columns;
    const y = Math.floor(voxel / columns) % rows;
    const inLung = (middle) => ((x - middle) / 3.3) ** 2 + ((y - 8) / 5.5) ** 2 < 1;
    let value = 40;
    if (inLung(4.2) || inLung(11.8)) value = air;
    if (Math.hypot(x - heart.x, y - heart.y) < heart.radius) value = 60;
    if (y > level && inLung(wet)) value = 10;
    values[voxel] = Math.max(-1024, value + around(0, 60));
  }
  return values;
}

/** A NumPy array of 32-bit floats. */
function npy(values) {
  const header = `{'descr': '<f4', 'fortran_order': False, 'shape': (${size.join(", ")}), }`.padEnd(117);
  const start = Buffer.from([0x93, ...Buffer.from("NUMPY"), 1, 0, 118, 0]);
  return Buffer.concat([start, Buffer.from(`${header}\n`), Buffer.from(values.buffer)]);
}

/** Uniform numbers from 0 to 1: mulberry32. */
function numbersFrom(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
