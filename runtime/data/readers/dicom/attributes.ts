import type { DataSet, Element } from "dicom-parser";

/** Tags of part 6 of the standard, by their keywords, as the parser writes them. */
export const tags = {
  mediaStorageSopClass: "x00020002",
  transferSyntax: "x00020010",
  imageType: "x00080008",
  sopClass: "x00080016",
  modality: "x00080060",
  sliceThickness: "x00180050",
  spacingBetweenSlices: "x00180088",
  seriesInstance: "x0020000e",
  imagePosition: "x00200032",
  imageOrientation: "x00200037",
  planePositionSequence: "x00209113",
  planeOrientationSequence: "x00209116",
  samplesPerPixel: "x00280002",
  photometricInterpretation: "x00280004",
  numberOfFrames: "x00280008",
  rows: "x00280010",
  columns: "x00280011",
  pixelSpacing: "x00280030",
  bitsAllocated: "x00280100",
  bitsStored: "x00280101",
  highBit: "x00280102",
  pixelRepresentation: "x00280103",
  rescaleIntercept: "x00281052",
  rescaleSlope: "x00281053",
  rescaleType: "x00281054",
  modalityLookUpSequence: "x00283000",
  pixelMeasuresSequence: "x00289110",
  pixelValueTransformationSequence: "x00289145",
  sharedFunctionalGroups: "x52009229",
  perFrameFunctionalGroups: "x52009230",
  floatPixels: "x7fe00008",
  doublePixels: "x7fe00009",
  pixels: "x7fe00010",
} as const;

/** No attribute that is read needs more. */
const longestText = 4096;

/** The attributes of a data set or of an item of a sequence. Whatever the file says, nothing here throws. */
export class Attributes {
  private readonly set: DataSet;

  constructor(set: DataSet) {
    this.set = set;
  }

  /** An attribute as it stands in the file; null where it is missing. */
  element(tag: string): Element | null {
    return this.set.elements[tag] ?? null;
  }

  /** The values of a text; nothing where it is missing, empty or far longer than any that is meant. */
  texts(tag: string): readonly string[] {
    const element = this.inside(tag, 1);
    if (element === null || element.length > longestText) return [];
    const text = this.set.string(tag) ?? "";
    return text === "" ? [] : text.split("\\").map((value) => value.trim());
  }

  text(tag: string): string | null {
    return this.texts(tag)[0] ?? null;
  }

  /** Numbers that are written as decimal text; NaN for what is none. */
  numbers(tag: string): readonly number[] {
    return this.texts(tag).map((text) =>
      /^[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?$/i.test(text) ? Number(text) : Number.NaN,
    );
  }

  /** A 16-bit number; null where it is missing. */
  uint16(tag: string): number | null {
    return this.inside(tag, 2) === null ? null : (this.set.uint16(tag) ?? null);
  }

  items(tag: string): readonly Attributes[] {
    const items = this.element(tag)?.items ?? [];
    return items.flatMap(({ dataSet }) => (dataSet === undefined ? [] : [new Attributes(dataSet)]));
  }

  /** An attribute whose value, of some bytes at least, is in the bytes that were parsed. */
  private inside(tag: string, leastBytes: number): Element | null {
    const element = this.element(tag);
    if (element === null || element.length < leastBytes) return null;
    return element.dataOffset + element.length <= this.set.byteArray.length ? element : null;
  }
}
