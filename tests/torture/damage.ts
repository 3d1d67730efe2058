import { existsSync } from "node:fs";
import { isDeepStrictEqual } from "node:util";
import { Failure } from "../../lib/values/failure.ts";
import { loadCheckpoint } from "../../lib/weights/checkpoint.ts";
import type { Stream } from "../../lib/values/random.ts";
import { filesBelow } from "./files.ts";
import { type Ended, ended } from "../support/toy_runs.ts";
import { campaign, type Limits, type Outcome } from "./campaign.ts";
import { type Subject, wrongWords } from "./subject.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** The files that are read by people and other programs, not by a later run. */
const LOGS = /metrics\.jsonl|events\.|declaration\.json/;

/**
 * Flips a bit or cuts the end of a file that a run has left, in a run that is done and in one that
 * was killed, and runs again. All is as if nothing had happened, or one line says what is damaged
 * (exit 3), also of a file that is read later.
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
  return campaign("a flipped bit or a cut in a file of a run", limits, async () => {
    await subject.reset();
    await copy(states[random.below(2)], toys.folder);
    const files = filesBelow(toys.path("runs"));
    const path = files[random.below(files.length)];
    const sound = await Deno.readFile(path);
    const { damaged, how } = spoil(sound, random);
    await Deno.writeFile(path, damaged);
    const end = await ended(subject.start());
    const fault = await faultAfter(subject, end, path, damaged, sound);
    return fault && `${how} of ${path.slice(toys.folder.length + 1)}: ${fault}`;
  });
}

function spoil(sound: Bytes, random: Stream): { readonly damaged: Bytes; readonly how: string } {
  const at = random.below(Math.max(1, sound.length));
  if (sound.length === 0 || random.below(3) === 0) {
    return { damaged: sound.slice(0, at), how: `a cut after ${at} of ${sound.length} bytes` };
  }
  const damaged = sound.slice();
  damaged[at] ^= 1 << random.below(8);
  return { damaged, how: `a flip in byte ${at} of ${sound.length}` };
}

/** What is wrong after a run that met a damaged file. `undefined` if nothing is. */
async function faultAfter(
  subject: Subject,
  end: Ended,
  path: string,
  damaged: Bytes,
  sound: Bytes,
): Promise<string | undefined> {
  const wrong = wrongWords(end, [0, 3]);
  if (wrong) return wrong;
  if (end.code === 3) return end.err.includes("toy") ? undefined : "the message names no file";
  if (LOGS.test(path)) return undefined;
  // A claim that a dead process left is removed, damaged or not.
  const left = existsSync(path) ? await Deno.readFile(path) : undefined;
  if (isDeepStrictEqual(left, damaged) && !isDeepStrictEqual(damaged, sound)) {
    // It was not read. Whoever reads it later is told.
    if (path.endsWith(".safetensors") && await isRead(path)) return "it can be read";
    await Deno.writeFile(path, sound);
  }
  return await subject.difference();
}

const isRead = (path: string): Promise<boolean> =>
  loadCheckpoint(path).then(() => true, (error) => !(error instanceof Failure && error.exit === 3));

async function copy(from: string, to: string): Promise<void> {
  for (const path of filesBelow(from)) {
    const target = to + path.slice(from.length);
    await Deno.mkdir(target.slice(0, target.lastIndexOf("/")), { recursive: true });
    await Deno.copyFile(path, target);
  }
}
