import { Failure, messageOf } from "../../values/failure.ts";
import type { LibraryFiles } from "./layout.ts";
import { withStderrMuted } from "./mute_stderr.ts";
import { waysOut } from "./ways_out.ts";

const text = (value: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(value + "\0");

/** A library in this process. */
interface Loaded {
  readonly cc: string;
  readonly version: string;
  /** C's `_exit`, which the library itself calls. */
  readonly exit: ((code: number) => void) | null;
}

let loaded: Loaded | undefined;

/**
 * Loads TensorFlow's library into this process permanently and returns its version, e.g. `2.21.0`.
 * Throws a `Failure` (exit 3) if a file is not a TensorFlow library that can be loaded here, or if
 * the process has loaded another one, since two of them crash it. A `quiet` library logs nothing
 * but what ends the process. Default: it logs warnings.
 */
export function loadTensorflow({ cc, framework }: LibraryFiles, quiet = false): string {
  if (loaded && loaded.cc !== cc) {
    throw new Failure(3, `this process has loaded ${loaded.cc}: ${cc} needs a process of its own`);
  }
  loaded ??= load(cc, framework, quiet);
  return loaded.version;
}

/**
 * Ends the process at once, whatever TensorFlow is doing. `Deno.exit` destroys what TensorFlow's
 * threads use, which crashes the process if a step runs.
 */
export function exitAtOnce(code: number): never {
  loaded?.exit?.(code);
  Deno.exit(code);
}

function load(cc: string, framework: string, quiet: boolean): Loaded {
  // TensorFlow reads this while it loads. It then shows warnings but no notes, unless the user sets
  // another level.
  const userLevel = Deno.env.get("TF_CPP_MIN_LOG_LEVEL");
  if (!userLevel) Deno.env.set("TF_CPP_MIN_LOG_LEVEL", quiet ? "3" : "1");
  requireOneDnn();
  try {
    // The system's loader does not check this and would end the process.
    const incomplete = [framework, cc].find(isCutOff);
    if (incomplete) throw new Error(`${incomplete} is cut off`);
    const open = () => Deno.dlopen(framework, {});
    if (userLevel) open();
    else withStderrMuted(open);
    const { symbols: tf } = Deno.dlopen(cc, {
      TF_Version: { parameters: [], result: "pointer" },
      TF_NewStatus: { parameters: [], result: "pointer" },
      TF_DeleteStatus: { parameters: ["pointer"], result: "void" },
      TF_LoadSharedLibrary: {
        parameters: ["buffer", "pointer"],
        result: "pointer",
        optional: true,
      },
      _exit: { parameters: ["i32"], result: "void", optional: true },
    });
    // Deno unloads every library at exit, and unloading TensorFlow crashes the process. A second
    // reference that is never released keeps it loaded.
    const status = tf.TF_NewStatus();
    tf.TF_LoadSharedLibrary?.(text(cc), status);
    tf.TF_DeleteStatus(status);
    return { cc, version: Deno.UnsafePointerView.getCString(tf.TF_Version()!), exit: tf._exit };
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) throw error;
    const why = messageOf(error).replace(/^(Could not open library: )+/, "");
    throw new Failure(
      3,
      `${cc} is not a TensorFlow library that can be used here: ${why}\n${waysOut()}`,
    );
  }
}

/**
 * Makes TensorFlow compute with oneDNN. By default it does so only on processors with AVX-512 VNNI
 * or newer. Its other kernels take up to twice as long on AVX2, and have no gradients of grouped
 * convolutions.
 */
function requireOneDnn(): void {
  const set = Deno.env.get("TF_ENABLE_ONEDNN_OPTS");
  if (set && !/^(1|true)$/i.test(set)) {
    throw new Failure(2, `TF_ENABLE_ONEDNN_OPTS=${set}: Retort needs oneDNN, unset the variable`);
  }
  Deno.env.set("TF_ENABLE_ONEDNN_OPTS", "1");
}

/**
 * Whether a Linux library lacks its end, as after an incomplete download. The header contains the
 * position of the section table, which comes last. False for any other type of file.
 */
function isCutOff(path: string): boolean {
  using file = Deno.openSync(path);
  const header = new DataView(new ArrayBuffer(64));
  const length = file.readSync(new Uint8Array(header.buffer));
  const isElf = length === 64 && header.getUint32(0) === 0x7f454c46;
  if (!isElf) return false;
  const sections = Number(header.getBigUint64(40, true));
  const entrySize = header.getUint16(58, true);
  return file.statSync().size < sections + entrySize * header.getUint16(60, true);
}
