import { status } from "../../terminal/status.ts";

/** Shows how far a download has got. */
export interface DownloadProgress {
  /** Takes the number of bytes that are there by now. */
  update(done: number): void;
  /** Ends it, done or not. */
  close(): void;
}

const megabytes = (bytes: number): string => `${Math.round(bytes / 1e6)} MB`;

/**
 * Progress in plain lines, one as each quarter of `total` bytes is there; the end is for the caller
 * to tell.
 */
export function lineProgress(
  label: string,
  total: number,
  log: (line: string) => void,
): DownloadProgress {
  let shown = 0;
  return {
    update(done) {
      const quarter = Math.min(3, Math.floor(4 * done / total));
      if (quarter > shown) log(`${label}: ${megabytes(done)} of ${megabytes(total)}`);
      shown = Math.max(shown, quarter);
    },
    close() {},
  };
}

/**
 * Progress in lines to `log`; without one, a bar on standard error where that is a terminal, lines
 * where it is not.
 */
export function progress(
  label: string,
  total: number,
  log?: (line: string) => void,
): DownloadProgress {
  if (log || !Deno.stderr.isTerminal()) return lineProgress(label, total, log ?? console.error);
  const { update, close } = status();
  return {
    update: (done) =>
      update(Math.min(1, done / total), `${label}: ${megabytes(done)} of ${megabytes(total)}`),
    close,
  };
}
