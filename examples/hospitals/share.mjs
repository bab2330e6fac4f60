/**
 * Hospitals share adapters, and no patients: node share.mjs [FOLDER] [PATIENTS]
 * FOLDER is for data and results (default: runs/hospitals), PATIENTS how many each hospital trains on (default: 200).
 */
import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { findings, writePatients } from "./patients.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const program = join(here, "../../dist/medctc.js");
const folder = resolve(process.argv[2] ?? "runs/hospitals");
const patients = Number(process.argv[3] ?? 200);
if (!Number.isInteger(patients) || patients < 10) {
  console.error("usage: node share.mjs [FOLDER] [PATIENTS], with at least 10 patients");
  process.exit(2);
}

// The specs, and the file that makes the folder a project: the specs of combined adapters import them.
mkdirSync(folder, { recursive: true });
for (const name of ["base.vlm", "hospital.vlm"]) copyFileSync(join(here, name), join(folder, name));
writeFileSync(join(folder, "medctc.yaml"), "");

// Each labels one finding. The last are held out, from all hospitals, and have all labels.
write("public", { train: patients, valid: 10, seed: 1, labelled: ["Emphysema"] });
write("north", { train: patients, valid: 10, seed: 2, labelled: ["Cardiomegaly"] });
write("south", { train: patients, valid: 10, seed: 3, labelled: ["Pleural effusion"] });
write("held-out", { train: 0, valid: patients, seed: 4, labelled: findings });

// So small a model starts fastest on ONNX Runtime, and so small files are not worth a cache.
const how = "--backend onnx --cache-size 0";

// The model that all start from. What was begun is resumed.
medctc(`train base.vlm --data public -o base-run --resume ${how}`);
medctc("export base.vlm --adapter base-run --safetensors base.safetensors");

// Each hospital trains on its own patients; only its adapter leaves it.
medctc(`train hospital.vlm --data north --weights base.safetensors -o north-run --resume ${how}`);
medctc(`train hospital.vlm --data south --weights base.safetensors -o south-run --resume ${how}`);

// Whoever has both adapters sees how alike they are, and makes one of them: the update of rank 2 that is nearest to the sum of both
// updates. For comparison, the sums of both matrices.
medctc("adapter svd north-run south-run --for hospital.vlm");
medctc("adapter combine north-run south-run --weights-of 1,1 --method svd --for hospital.vlm -o combined");
medctc("adapter combine north-run south-run --weights-of 1,1 --method linear --for hospital.vlm -o linear");

// All of them on patients that nobody trained on.
medctc(
  "eval hospital.vlm --data held-out --weights base.safetensors --base --adapter north-run south-run combined linear " +
    `-o evaluated ${how}`,
);
printTable(["base", "north-run", "south-run", "combined", "linear"]);

function write(name, settings) {
  writePatients(join(folder, name), settings);
}

/** The AUROC of each adapter for each finding on the patients that are held out, with its interval. */
function printTable(adapters) {
  console.log("\nAUROC on held-out patients, and 95 % intervals\n");
  const rows = adapters.map((adapter) => {
    const { classes } = JSON.parse(readFileSync(join(folder, "evaluated", adapter, "results.json"), "utf8"));
    return [adapter, ...classes.map(({ metrics }) => shown(metrics.auroc))];
  });
  for (const [name, ...cells] of [["", ...findings], ...rows])
    console.log(name.padEnd(12) + cells.map((cell) => cell.padEnd(25)).join(""));
}

function shown({ value, interval }) {
  if (value === null) return "too few patients";
  return interval === null
    ? value.toFixed(3)
    : `${value.toFixed(3)} (${interval.low.toFixed(3)} to ${interval.high.toFixed(3)})`;
}

/** Runs a command in the folder, as a user types it, and ends with it when it fails. */
function medctc(command) {
  console.log(`\n$ npx medctc ${command}`);
  const { status } = spawnSync(process.execPath, [program, ...command.split(" ")], {
    cwd: folder,
    stdio: ["ignore", "inherit", "inherit"],
  });
  if (status !== 0) process.exit(status ?? 1);
}
