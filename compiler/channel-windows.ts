/** Windows of a volume's channels: the first by itself, since most volumes have no other. */
export interface ChannelWindows {
  readonly window: readonly [lowest: number, highest: number];
  readonly otherWindows: readonly (readonly [lowest: number, highest: number])[];
}

/** All windows, one for each channel. */
export function windowsOf({ window, otherWindows }: ChannelWindows): readonly ChannelWindows["window"][] {
  return [window, ...otherWindows];
}
