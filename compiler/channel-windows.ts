/** A range of Hounsfield units, or from the smallest value that a volume has itself to its largest. */
export type ChannelWindow = readonly [lowest: number, highest: number] | "min_max";

/** Windows of a volume's channels: the first by itself, since most volumes have no other. */
export interface ChannelWindows {
  readonly window: ChannelWindow;
  readonly otherWindows: readonly (readonly [lowest: number, highest: number])[];
}

/** All windows, one for each channel. */
export function windowsOf({ window, otherWindows }: ChannelWindows): readonly ChannelWindow[] {
  return [window, ...otherWindows];
}

/** What a preprocessed volume has along the axes of the encoder's input, without the batch's: channels, slices, height, width. */
export function volumeShape(settings: ChannelWindows & { readonly size: readonly number[] }): readonly number[] {
  return [windowsOf(settings).length, ...settings.size];
}
