import type { Stream } from "../../lib/values/random.ts";
import { filesBelow } from "./files.ts";
import { ended } from "../support/toy_runs.ts";
import { campaign, type Limits, type Outcome } from "./campaign.ts";
import { type Subject, wrongWords } from "./subject.ts";

/** The files that are read by people and other programs, not by a later run. */
const LOGS = /metrics\.jsonl|events\.|declaration\.json/;

/**
 * Flips a bit or cuts the end of a file that a run has left, in a run that is done and in one that
 * was killed, and runs again. All is as if nothing had happened, or one line says what is damaged
 * (exit 3).
 */
export async function damage(subject: Subject, random: Stream, limits: Limits): Promise<Outcome> {
  const { toys } = subject;
  const states = [`${toys.folder}.done`, `${toys.folder}.half`];
  await subject.reset();
  await subject.finish();
  await copy(toys.folder, states[0]);
  await subject.reset();
  await subject.kill(0.8 * subject.duration);
  await copy(toys.folder, states[1]);
  const title = "a flipped bit or a cut in a file of a run";
  return campaign(title, limits, async () => {
    await subject.reset();
    await copy(states[random.below(2)], toys.folder);
    const files = filesBelow(toys.folder).filter((path) => /\/(runs|toy)\//.test(path));
    const path = files[random.below(files.length)];
    const bytes = await Deno.readFile(path);
    const what = random.below(3) === 0 ? "cut" : "flip";
    const at = random.below(Math.max(1, bytes.length));
    if (what === "flip" && bytes.length > 0) bytes[at] ^= 1 << random.below(8);
    await Deno.writeFile(path, what === "cut" ? bytes.subarray(0, at) : bytes);
    const end = await ended(subject.start());
    const fault = wrongWords(end, [0, 3]) ??
      (end.code === 3 || LOGS.test(path) ? undefined : await subject.difference());
    const name = path.slice(toys.folder.length + 1);
    if (fault) return `${what} at byte ${at} of ${bytes.length} of ${name}: ${fault}`;
    if (end.code === 3 && !/toy/.test(end.err)) return `${name}: the message names no file`;
  });
}

async function copy(from: string, to: string): Promise<void> {
  for (const path of filesBelow(from)) {
    const target = to + path.slice(from.length);
    await Deno.mkdir(target.slice(0, target.lastIndexOf("/")), { recursive: true });
    await Deno.copyFile(path, target);
  }
}
