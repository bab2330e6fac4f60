import { stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { failed, listWords, ok, type Result } from "../../../text/index.ts";
import { type Fault, fault } from "../../problem.ts";
import { quoted } from "../../quoted.ts";
import type { Begin, Faults, ReadSlices, SliceTaker } from "../volume.ts";
import { readable, UnreadableFile } from "../volume-bytes.ts";
import { countNotFinite } from "../voxels.ts";
import { type OtherFile, readDicomFile, type StoredSlice } from "./dicom-file.ts";
import { filesIn } from "./folder.ts";
import { PixelReader } from "./pixels.ts";
import { assembleSeries, type Series } from "./series.ts";

const mostFiles = 65_536;
const filesAtOnce = 16;
const mostListed = 20;

/**
 * Reads the DICOM files of a folder, or one file, as a volume: what they say of their slices first, which decides their order,
 * then the pixels, slice by slice. x goes along the rows of a slice, y down its columns, and z along their normal, so that
 * the affine says where the head is. Files that are no slices of a volume are passed over and counted in the notes. Refused
 * are files that are damaged or compressed in a way that is not read, each by its name, and slices that make no volume.
 */
export async function readDicomSlices<Made>(
  path: string,
  begin: Begin<Made>,
): Promise<Result<ReadSlices<Made>, Faults>> {
  const found = await findSlices(path);
  if (found.kind === "failed") return found;
  const { slices, notes } = found.value;
  const assembled = assembleSeries(slices);
  if (assembled.kind === "failed") return assembled;
  const series = assembled.value;
  const begun = begin(series.header);
  if (begun.kind === "failed") return failed([begun.problem]);
  const taker = begun.value;
  const wrong = await showSlices(series, taker);
  return wrong === null ? ok({ header: series.header, result: taker.result, notes }) : failed([wrong]);
}

interface FoundSlices {
  readonly slices: readonly [StoredSlice, ...StoredSlice[]];
  readonly notes: readonly string[];
}

async function findSlices(path: string): Promise<Result<FoundSlices, Faults>> {
  let folder = path;
  let names: readonly string[];
  try {
    const isFolder = (await stat(path)).isDirectory();
    if (!isFolder) folder = dirname(path);
    names = isFolder ? await filesIn(path) : [basename(path)];
  } catch (error) {
    return failed([readable(error).fault]);
  }
  if (names.length > mostFiles) return failed([fault(`it contains more than ${mostFiles} files`)]);
  const slices: StoredSlice[] = [];
  const faults: Fault[] = [];
  const others: OtherFile[] = [];
  for (let from = 0; from < names.length; from += filesAtOnce) {
    const some = names.slice(from, from + filesAtOnce);
    const read = await Promise.all(
      some.map(async (name) => [name, await readDicomFile(join(folder, name), name)] as const),
    );
    for (const [name, file] of read) {
      if (file.kind === "failed") faults.push(inFile(quoted(name), file.problem));
      else if (file.value.kind === "slices") slices.push(...file.value.slices);
      else others.push(file.value.other);
    }
  }
  const [firstFault, ...moreFaults] = faults;
  if (firstFault !== undefined) return failed([firstFault, ...shortened(moreFaults)]);
  const [first, ...more] = slices;
  const passedOver = counted(others);
  if (first === undefined) {
    const instead = passedOver === "" ? "" : `, but ${passedOver}`;
    return failed([
      fault(`it contains no DICOM slices${instead}`, "A volume is a NIfTI file or a folder of DICOM slices."),
    ]);
  }
  const notes = passedOver === "" ? [] : [`passed over ${passedOver}`];
  return ok({ slices: [first, ...more], notes });
}

const names: Readonly<Record<OtherFile, readonly [one: string, more: string]>> = {
  localizer: ["localizer", "localizers"],
  "secondary capture": ["secondary capture", "secondary captures"],
  "without pixels": ["DICOM file without pixels", "DICOM files without pixels"],
  "not DICOM": ["file that is not DICOM", "files that are not DICOM"],
};

/** How many files of each kind were passed over, always in the same order. */
function counted(others: readonly OtherFile[]): string {
  const kinds = ["localizer", "secondary capture", "without pixels", "not DICOM"] as const;
  const words = kinds.flatMap((kind) => {
    const count = others.filter((other) => other === kind).length;
    return count === 0 ? [] : [`${count} ${names[kind][count === 1 ? 0 : 1]}`];
  });
  return listWords(words, "and");
}

function shortened(faults: readonly Fault[]): readonly Fault[] {
  const more = faults.length + 1 - mostListed;
  return more <= 0 ? faults : [...faults.slice(0, mostListed - 1), fault(`${more} more of its files cannot be read`)];
}

/** Reads slices in their order; gives what is wrong with one, and the first such ends it. */
async function showSlices(
  { slices, isScaled }: Series,
  taker: Pick<SliceTaker<unknown>, "take">,
): Promise<Fault | null> {
  const [first] = slices;
  if (first === undefined) throw new Error("a series has a slice");
  const reader = new PixelReader(first, isScaled);
  for (const [z, slice] of slices.entries()) {
    try {
      const voxels = await reader.read(slice);
      const notFinite = countNotFinite(voxels);
      if (notFinite > 0) throw new UnreadableFile(`${notFinite} of its voxels are infinite after its rescaling`);
      taker.take(voxels, z);
    } catch (error) {
      if (error instanceof UnreadableFile) return inFile(slice.name, error.fault);
      throw error;
    }
  }
  return null;
}

function inFile(name: string, { message, help }: Fault): Fault {
  return fault(`${name}: ${message}`, help);
}
