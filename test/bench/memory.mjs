/** Loaded before a program, says at its end how much memory it had at most, in KiB, as the last line of standard error. */
process.on("exit", () => {
  process.stderr.write(`\n${process.resourceUsage().maxRSS}\n`);
});
