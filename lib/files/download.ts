import { existsSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { Failure, systemMessageOf } from "../values/failure.ts";
import { type Checksum, checksum } from "./checksum.ts";
import { Leases } from "./lease.ts";
import { syncFile } from "./sync.ts";

/** A published file: its address, checksum and target. */
export interface Download {
  readonly url: string;
  /** Published checksum. Default: none. */
  readonly sum?: Checksum;
  /**
   * Target file. Its folder is created if needed. An incomplete download has this name with
   * `.part`, and a later attempt continues it.
   */
  readonly to: string;
  /** How to make Retort look elsewhere for the file: the end of every message. */
  readonly elsewhere: string;
}

/** The download stops if the server sends nothing for this many milliseconds. */
const PATIENCE = 60_000;

/**
 * Downloads a file unless it exists, and continues an earlier attempt. Logs a line for every tenth.
 * Of two processes at once, one downloads. Rejects with a `Failure` (exit 3) that names the file
 * and the fixes if there is no network or no disk space, if the connection ends early or if the
 * checksum is wrong. Leaves nothing behind if no data came.
 */
export async function download(
  { url, sum, to, elsewhere }: Download,
  log: (line: string) => void,
): Promise<void> {
  const part = `${to}.part`;
  const folder = resolve(dirname(to));
  const existing = nearestFolder(folder);
  const alternative = `or put the file there yourself: ${to} (${elsewhere})`;
  const refuse = (cause: unknown) =>
    new Failure(
      3,
      `cannot download ${url} to ${to} (${
        systemMessageOf(cause)
      }): run again to continue, ${alternative}`,
      { cause },
    );
  try {
    using _lease = await new Leases().wait(`${to}.lock`, log).catch(({ cause }) => {
      throw refuse(cause);
    });
    if (existsSync(to)) return;
    using file = await Deno.open(part, { create: true, append: true, read: true });
    try {
      await fetchInto(file, url, sum !== undefined, log);
      await syncFile(part);
      const actual = sum && await checksum(part, sum.algorithm);
      if (sum && actual !== sum.digits) {
        await Deno.remove(part);
        const problem = `${NAMES[sum.algorithm]} ${actual}, expected ${sum.digits}`;
        throw new Failure(
          3,
          `${url} has ${problem}; the download was deleted: run again, ${alternative}`,
        );
      }
      await Deno.rename(part, to);
    } finally {
      if (existsSync(part) && (await file.stat()).size === 0) await Deno.remove(part);
    }
  } catch (error) {
    await removeEmpty(folder, existing);
    throw error instanceof Failure ? error : refuse(error);
  }
}

/** Returns the folder, or its nearest existing ancestor. */
function nearestFolder(folder: string): string {
  return existsSync(folder) ? folder : nearestFolder(dirname(folder));
}

/** Removes a folder and its ancestors below `above`, as long as they are empty. */
async function removeEmpty(folder: string, above: string): Promise<void> {
  if (folder === above) return;
  await Deno.remove(folder).catch(() => {});
  await removeEmpty(dirname(folder), above);
}

const NAMES = { md5: "MD5", sha256: "SHA-256" } as const;

/**
 * Appends the missing bytes. Without a checksum, only the server knows if a part belongs to its
 * file: the part has the date of the file's last change, which the server compares (`if-range`).
 */
async function fetchInto(
  file: Deno.FsFile,
  url: string,
  isSummed: boolean,
  log: (line: string) => void,
): Promise<void> {
  const { size, mtime } = await file.stat();
  let have = size;
  const range = { range: `bytes=${have}-`, ...!isSummed && { "if-range": mtime!.toUTCString() } };
  const timeout = new AbortController();
  const giveUp = () => timeout.abort(new Error(`no data for ${PATIENCE / 1000} seconds`));
  let timer = setTimeout(giveUp, PATIENCE);
  try {
    const { status, statusText, headers, body } = await fetch(url, {
      signal: timeout.signal,
      headers: have > 0 ? range : {},
    });
    if (status !== 200 && status !== 206 || !body) {
      await body?.cancel();
      // 416: no bytes follow the part, so it is complete or belongs to another file.
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
    const changed = isSummed ? null : headers.get("last-modified");
    for await (const bytes of body) {
      clearTimeout(timer);
      timer = setTimeout(giveUp, PATIENCE);
      for (let done = 0; done < bytes.length;) done += await file.write(bytes.subarray(done));
      // Each time, since a kill may be next.
      if (changed) await file.utime(new Date(), new Date(changed));
      report(have += bytes.length);
    }
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Logs the progress at the start and at every tenth, or at every 16 MB if the server does not send
 * the length.
 */
function progress(url: string, total: number, log: (line: string) => void): (have: number) => void {
  const megabytes = (bytes: number) => (bytes / 1e6).toFixed(1);
  const step = total > 0 ? total / 10 : 16e6;
  let last = -1;
  return (have) => {
    const now = Math.floor(have / step);
    if (now === last) return;
    last = now;
    log(`${url}: ${megabytes(have)} ${total > 0 ? `of ${megabytes(total)} ` : ""}MB`);
  };
}
