/** Whose volume it is, and of which scan: CT-RATE's `train_1_a_2` is reconstruction 2 of scan `a` of the patient `train_1`. */
export interface VolumeOrigin {
  readonly patient: string;
  readonly scan: string;
}

/** What CT-RATE's names say of a volume, in a folder or by itself; null for a name of another form. */
export function originOf(name: string): VolumeOrigin | null {
  const [, patient, scan] = /(?:^|[/\\])([A-Za-z]+_\d+)_([a-z]+)_\d+(?:\.nii(?:\.gz)?)?$/i.exec(name) ?? [];
  return patient === undefined || scan === undefined ? null : { patient, scan: `${patient}_${scan}` };
}
