/**
 * `deno task torture` kills, starves and feeds Retort with broken files, and prints what was tried,
 * how often all was well afterwards, and what was lost. It takes an hour.
 *
 * @module
 */
import { runCommand } from "../../lib/terminal/command.ts";
import { helpText, parseFlags, type Spec } from "../../lib/terminal/flags.ts";
import { Failure } from "../../lib/values/failure.ts";
import { formatTable } from "../../lib/values/markdown.ts";
import { stream } from "../../lib/values/random.ts";
import { inTemporary } from "../support/temporary.ts";
import { bombs } from "./bombs.ts";
import type { Limits, Outcome } from "./campaign.ts";
import { crowds } from "./crowds.ts";
import { damage } from "./damage.ts";
import { endurance } from "./endurance.ts";
import { Faults } from "./faults.ts";
import { randomKills } from "./kills.ts";
import { narrow } from "./narrow.ts";
import { mutations } from "./readers.ts";
import { Subject } from "./subject.ts";

const PARTS = [
  "kills",
  "faults",
  "disks",
  "crowds",
  "damage",
  "readers",
  "bombs",
  "steps",
  "narrow",
] as const;

const FLAGS = {
  seed: { type: "integer", least: 0, help: "seed of all that is random. Default: 1" },
  minutes: {
    type: "integer",
    least: 1,
    help: "the most time, for all parts together. Default: 60",
  },
  only: { type: "string", choices: PARTS, help: "one part. Default: all" },
} as const satisfies Spec;

/** The share of the time that each part may take. The others take little. */
const SHARES: Partial<Record<typeof PARTS[number], number>> = {
  kills: 0.25,
  faults: 0.2,
  disks: 0.25,
  crowds: 0.1,
  damage: 0.1,
  readers: 0.1,
};

/** Runs the campaigns and prints their table. Rejects with a `Failure` (exit 1) if one has faults. */
export async function torture(
  args: readonly string[],
  print: (line: string) => void = console.log,
): Promise<void> {
  const { seed = 1, minutes = 60, only, help } = parseFlags(args, FLAGS);
  if (help) return print(helpText("deno task torture", FLAGS));
  const outcomes: Outcome[] = [];
  await inTemporary(async (folder) => {
    for await (const outcome of campaigns(folder, seed, only ? [only] : PARTS, minutes)) {
      outcomes.push(outcome);
      const { title, tried, survived, faults } = outcome;
      console.error(`${title}: ${survived} of ${tried}`);
      for (const fault of faults) console.error(`  ${fault}`);
    }
  });
  print(outcomeTable(outcomes));
  const count = outcomes.reduce((sum, { faults }) => sum + faults.length, 0);
  if (count > 0) throw new Failure(1, `${count} faults, listed above`);
}

async function* campaigns(
  folder: string,
  seed: number,
  parts: readonly typeof PARTS[number][],
  minutes: number,
): AsyncGenerator<Outcome> {
  const subject = once(async () => {
    await Deno.mkdir(`${folder}/project`);
    return await Subject.in(`${folder}/project`);
  });
  const faults = once(async () => await Faults.in(folder, await subject()));
  for (const part of parts) {
    const share = parts.length === 1 ? 1 : SHARES[part] ?? 0;
    const until = performance.now() + share * minutes * 60_000;
    const limits = (tries: number): Limits => ({ tries, until });
    const random = stream(seed, part);
    if (part === "kills") yield await randomKills(await subject(), random, limits(200));
    if (part === "faults" || part === "disks") {
      const single = await faults();
      // Where time ends early, calls from the whole run were tried.
      const order = (count: number) => random.permutation(count);
      if (!single) yield { title: `${part}: needs gcc`, tried: 0, survived: 0, faults: [] };
      else if (part === "faults") yield await single.kills(limits(Infinity), order);
      else yield await single.disks(limits(Infinity), order);
    }
    if (part === "crowds") {
      for (const count of [2, 8]) yield await crowds(await subject(), count, random, limits(10));
    }
    if (part === "damage") yield await damage(await subject(), random, limits(150));
    if (part === "readers") yield* mutations(folder, seed, limits(100_000));
    if (part === "bombs") yield await bombs(folder);
    if (part === "steps") yield await endurance(100_000);
    if (part === "narrow") yield* narrow(await subject());
  }
}

/** Makes something when it is first asked for. */
function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => made ??= make();
}

/** The outcomes as a markdown table. */
export function outcomeTable(outcomes: readonly Outcome[]): string {
  return formatTable(
    ["", "tried", "survived", "lost"],
    outcomes.map(({ title, tried, survived, faults }) => [
      title,
      tried.toLocaleString("en"),
      survived.toLocaleString("en"),
      tried === 0 ? "not tried" : faults.length === 0 ? "nothing" : `${faults.length}, see above`,
    ]),
  );
}

if (import.meta.main) await runCommand(() => torture(Deno.args));
