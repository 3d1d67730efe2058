import { formatTable } from "../../lib/values/markdown.ts";

/** Images per second of 224 × 224 pixels that a reader of JPEG files gives. */
export interface Rates {
  /** Of the reader alone. */
  readonly alone: number;
  /** Of ResNet-18's training step on the same batch again and again. `null` if it was not run. */
  readonly bare: number | null;
  /** Of that step beside the reader, which it waits for. `null` if it was not run. */
  readonly beside: number | null;
}

/** What a reader's process is asked for. */
export interface Reading {
  /** Number of worker threads, or of PyTorch's processes. */
  readonly workers: number;
  /** Number of timed steps. None are run if it is 0. */
  readonly steps: number;
}

/** The best rates of our reader and of torchvision's. */
export interface DataRates {
  readonly workers: number;
  readonly ours: Rates;
  /** `undefined` without torchvision. */
  readonly torch?: Rates;
}

/** Measures both readers in new processes, by turns. Each rate is the best of all rounds. */
export async function dataRates(
  reading: Reading,
  rounds: number,
  ours: (reading: Reading) => Promise<Rates>,
  torch: ((reading: Reading) => Promise<Rates>) | undefined,
): Promise<DataRates> {
  const own: Rates[] = [];
  const theirs: Rates[] = [];
  for (let round = 0; round < rounds; round++) {
    own.push(await ours(reading));
    if (torch) theirs.push(await torch(reading));
  }
  return { workers: reading.workers, ours: best(own), torch: torch && best(theirs) };
}

function best(rounds: readonly Rates[]): Rates {
  const most = (key: "bare" | "beside") => {
    const rates = rounds.map((rates) => rates[key]).filter((rate) => rate !== null);
    return rates.length > 0 ? Math.max(...rates) : null;
  };
  return {
    alone: Math.max(...rounds.map(({ alone }) => alone)),
    bare: most("bare"),
    beside: most("beside"),
  };
}

/** Formats rates as a table, in images per second. The ratio is of the readers alone. */
export function dataTable(all: readonly DataRates[]): string {
  const cells = (rates?: Rates) =>
    [rates?.alone, rates?.bare, rates?.beside].map((rate) => rate?.toFixed(1) ?? "");
  return formatTable(
    [
      "workers",
      "ours",
      "step alone",
      "step beside",
      "torchvision",
      "step alone",
      "step beside",
      "ratio",
    ],
    all.map(({ workers, ours, torch }) => [
      `${workers}`,
      ...cells(ours),
      ...cells(torch),
      torch ? (ours.alone / torch.alone).toFixed(2) : "",
    ]),
  );
}
