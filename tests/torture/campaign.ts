/** What a campaign found. */
export interface Outcome {
  /** What was done, as a row of the table. */
  readonly title: string;
  /** How often it was tried. */
  readonly tried: number;
  /** How often all was well afterwards. */
  readonly survived: number;
  /** What went wrong, a line each. */
  readonly faults: readonly string[];
}

/** The limits of a campaign. */
export interface Limits {
  /** The number of tries. */
  readonly tries: number;
  /** When to stop at the latest, on the clock of `performance.now()`. */
  readonly until: number;
}

/**
 * Tries something again and again. `attempt` gives a line that says what went wrong, or `undefined`.
 * An attempt that throws went wrong.
 */
export async function campaign(
  title: string,
  { tries, until }: Limits,
  attempt: (index: number) => Promise<string | undefined>,
): Promise<Outcome> {
  const faults: string[] = [];
  let tried = 0;
  while (tried < tries && performance.now() < until) {
    try {
      const fault = await attempt(tried);
      if (fault !== undefined) faults.push(fault);
    } catch (error) {
      faults.push(error instanceof Error ? error.stack ?? error.message : String(error));
    }
    tried++;
  }
  return { title, tried, survived: tried - faults.length, faults };
}
