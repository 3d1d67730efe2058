/**
 * Output of a command at work: plain lines and, on a terminal, one status line below them with a
 * bar and the remaining time. All of it goes to stderr. Stdout is for results.
 *
 * @module
 */

/** Output options of a status. */
export interface StatusOptions {
  /** Whether the output can redraw a line. */
  readonly terminal: boolean;
  /** Whether the bar is coloured. */
  readonly color: boolean;
  /** Returns the number of characters per line. Called at each redraw. */
  readonly columns: () => number;
  readonly write: (text: string) => void;
  /** Whether to print nothing. */
  readonly quiet: boolean;
  /** A clock in milliseconds. */
  readonly now: () => number;
}

/** A status line and the plain lines above it. */
export interface Status {
  /**
   * Redraws the status line, at most ten times a second: the finished fraction, 0 … 1, and a text.
   */
  update(fraction: number, text: string): void;
  /** Prints a plain line above the status line. */
  line(text: string): void;
  /** Removes the status line. */
  close(): void;
}

const CELLS = 20;
const PERIOD = 100;
const CLEAR = "\r\x1b[2K";

/**
 * Creates a status on stderr. The default terminal and colour options follow Deno and `NO_COLOR`.
 */
export function status(options: Partial<StatusOptions> = {}): Status {
  const { terminal, color, columns, write, quiet, now } = { ...stderr(), ...options };
  if (quiet) return { update: () => {}, line: () => {}, close: () => {} };
  if (!terminal) return { update: () => {}, line: (text) => write(`${text}\n`), close: () => {} };

  let current = "";
  let drawnAt = -Infinity;
  let start: { fraction: number; at: number } | undefined;
  return {
    update(fraction, text) {
      const at = now();
      if (!start || fraction < start.fraction) start = { fraction, at };
      if (at - drawnAt < PERIOD) return;
      drawnAt = at;
      const left = (at - start.at) / 1000 * (1 - fraction) / (fraction - start.fraction);
      const gauge = bar(fraction, CELLS);
      // Keeps one column free: a terminal may begin the next line after it fills the last column.
      const line = `${gauge} ${Math.floor(fraction * 100)}% eta ${clock(left)} ${text}`.slice(
        0,
        columns() - 1,
      );
      current = color
        ? `\x1b[36m${line.slice(0, gauge.length)}\x1b[39m${line.slice(gauge.length)}`
        : line;
      write(CLEAR + current);
    },
    line: (text) => write(current ? `${CLEAR}${text}\n${current}` : `${text}\n`),
    close() {
      if (current) write(CLEAR);
      current = "";
      start = undefined;
    },
  };
}

/** Returns the options of this process's stderr. */
const stderr = (): StatusOptions => ({
  terminal: Deno.stderr.isTerminal(),
  color: !Deno.noColor,
  columns: terminalColumns,
  write: writeError,
  quiet: false,
  now: () => performance.now(),
});

/** The width of the terminal. 80 if it does not know its width, or is closed. */
function terminalColumns(): number {
  try {
    return Deno.consoleSize().columns || 80;
  } catch {
    return 80;
  }
}

/** Writes to stderr. What nobody can read any more, as in `2>&1 | head -1`, ends no command. */
function writeError(text: string): void {
  const bytes = new TextEncoder().encode(text);
  try {
    for (let written = 0; written < bytes.length;) {
      written += Deno.stderr.writeSync(bytes.subarray(written));
    }
  } catch {
    // Like a line that `console.error` cannot print.
  }
}

/**
 * Draws a bar of `width` characters between its ends, filled to an eighth of a character. Limits
 * the fraction to 0 … 1.
 */
export function bar(fraction: number, width: number): string {
  const eighths = Math.round(Math.min(1, Math.max(0, fraction || 0)) * width * 8);
  const filled = "█".repeat(Math.floor(eighths / 8)) +
    ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"][eighths % 8];
  return `▕${filled.padEnd(width)}▏`;
}

/**
 * Formats seconds as `hh:mm:ss`, with more digits for the hours if needed. `--:--:--` if unknown.
 */
export function clock(seconds: number): string {
  if (!Number.isFinite(seconds) || seconds < 0) return "--:--:--";
  const whole = Math.round(seconds);
  return [whole / 3600, whole / 60 % 60, whole % 60].map((part) =>
    String(Math.floor(part)).padStart(2, "0")
  ).join(":");
}
