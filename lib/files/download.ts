import { existsSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { Failure, messageOf } from "../values/failure.ts";
import { type Checksum, checksum } from "./checksum.ts";

/** A published file: where from, what it is, where to. */
export interface Download {
  /** The address. */
  readonly url: string;
  /** What its publisher says it is; absent where nothing is said. */
  readonly sum?: Checksum;
  /**
   * The file it becomes; its folder is made where there is none. Until it is whole it is this name
   * with `.part`, which a later attempt goes on from.
   */
  readonly to: string;
  /** How to have the file looked for elsewhere; the end of every message. */
  readonly elsewhere: string;
}

/** A server that sends nothing for so many milliseconds is given up. */
const PATIENCE = 60_000;

/**
 * Downloads a file unless it is there, going on where an earlier attempt ended, with a line on
 * `log` for every tenth. Two processes at once do it once. Rejects with a `Failure` (exit 3) that
 * names the file and the ways out when there is no network, no room, an early end or a wrong
 * checksum; where nothing came, nothing is left behind.
 */
export async function download(
  { url, sum, to, elsewhere }: Download,
  log: (line: string) => void,
): Promise<void> {
  const part = `${to}.part`;
  const folder = resolve(dirname(to));
  const before = nearest(folder);
  const instead = `or put the file there yourself: ${to} (${elsewhere})`;
  try {
    using file = await locked(part);
    try {
      if (existsSync(to)) return;
      await fetchInto(file, url, sum !== undefined, log);
      await file.sync();
      const found = sum && await checksum(part, sum.algorithm);
      if (found !== sum?.digits) {
        await Deno.remove(part);
        const problem = `${NAMES[sum!.algorithm]} ${found}, expected ${sum!.digits}`;
        throw new Failure(
          3,
          `${url} came with ${problem}; it was thrown away: run again, ${instead}`,
        );
      }
      await Deno.rename(part, to);
    } finally {
      if (existsSync(part) && (await file.stat()).size === 0) await Deno.remove(part);
    }
  } catch (error) {
    await removeEmpty(folder, before);
    if (error instanceof Failure) throw error;
    throw new Failure(
      3,
      `cannot download ${url} to ${to} (${
        messageOf(error)
      }): run again to go on where it ended, ${instead}`,
      { cause: error },
    );
  }
}

/**
 * Opens a file for this process alone. One that another removed or renamed in the meantime is not
 * the file of that name.
 */
async function locked(path: string): Promise<Deno.FsFile> {
  await Deno.mkdir(dirname(path), { recursive: true });
  const file = await Deno.open(path, { create: true, append: true, read: true });
  await file.lock(true);
  const named = await Deno.stat(path).catch(() => undefined);
  if (named?.ino === (await file.stat()).ino) return file;
  file.close();
  return await locked(path);
}

/** The folder, or the nearest one above it that is there. */
function nearest(folder: string): string {
  return existsSync(folder) ? folder : nearest(dirname(folder));
}

/** Removes a folder and those between it and `above`, as long as they are empty. */
async function removeEmpty(folder: string, above: string): Promise<void> {
  if (folder === above) return;
  await Deno.remove(folder).catch(() => {});
  await removeEmpty(dirname(folder), above);
}

const NAMES = { md5: "MD5", sha256: "SHA-256" } as const;

/**
 * Appends what the file does not have yet. Where no checksum tells, only the server knows whether a
 * part is one of its file.
 */
async function fetchInto(
  file: Deno.FsFile,
  url: string,
  isSummed: boolean,
  log: (line: string) => void,
): Promise<void> {
  let have = (await file.stat()).size;
  const stalled = new AbortController();
  const giveUp = () => stalled.abort(new Error(`nothing came for ${PATIENCE / 1000} seconds`));
  let timer = setTimeout(giveUp, PATIENCE);
  try {
    const { status, statusText, headers, body } = await fetch(url, {
      signal: stalled.signal,
      headers: have > 0 ? { range: `bytes=${have}-` } : {},
    });
    if (status !== 200 && status !== 206 || !body) {
      await body?.cancel();
      // 416: nothing follows what is there, so it is whole, or not a part of this file.
      if (status === 416 && have > 0) {
        if (isSummed || headers.get("content-range")?.endsWith(`/${have}`)) return;
        await file.truncate(0);
        return await fetchInto(file, url, isSummed, log);
      }
      throw new Error(`the server answers ${status} ${statusText}`);
    }
    if (status === 200) await file.truncate(have = 0);
    const length = Number(headers.get("content-length"));
    const report = progress(url, length && have + length, log);
    for await (const bytes of body) {
      clearTimeout(timer);
      timer = setTimeout(giveUp, PATIENCE);
      for (let done = 0; done < bytes.length;) done += await file.write(bytes.subarray(done));
      report(have += bytes.length);
    }
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Says how far it is, at the beginning and at every tenth; at every 16 MB where the server keeps
 * the length to itself.
 */
function progress(url: string, total: number, log: (line: string) => void): (have: number) => void {
  const megabytes = (bytes: number) => (bytes / 1e6).toFixed(1);
  const step = total > 0 ? total / 10 : 16e6;
  let said = -1;
  return (have) => {
    const now = Math.floor(have / step);
    if (now === said) return;
    said = now;
    log(`${url}: ${megabytes(have)} ${total > 0 ? `of ${megabytes(total)} ` : ""}MB`);
  };
}
