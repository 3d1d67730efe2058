import { Failure } from "../../values/failure.ts";
import type { LibraryFiles } from "./layout.ts";
import { withStderrMuted } from "./mute_stderr.ts";
import { waysOut } from "./ways_out.ts";

const aloud = <T>(body: () => T): T => body();
const text = (value: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(value + "\0");

let loaded: { readonly cc: string; readonly version: string } | undefined;

/**
 * Loads TensorFlow's library into this process for good and returns its version, e.g. `2.21.0`.
 * Fails with exit code 3 where a file is no library that can be loaded here or not TensorFlow's,
 * and where the process has loaded another one: two of them crash it.
 */
export function loadTensorflow({ cc, framework }: LibraryFiles): string {
  if (loaded && loaded.cc !== cc) {
    throw new Failure(3, `this process has loaded ${loaded.cc}: ${cc} needs a process of its own`);
  }
  loaded ??= { cc, version: load(cc, framework) };
  return loaded.version;
}

function load(cc: string, framework: string): string {
  // Read by TensorFlow when it is loaded: warnings are shown, notes are not, unless the user asks
  // for them.
  const asked = Deno.env.get("TF_CPP_MIN_LOG_LEVEL");
  if (!asked) Deno.env.set("TF_CPP_MIN_LOG_LEVEL", "1");
  try {
    // The system's loader does not check: it would end the process.
    const cut = [framework, cc].find(isCutOff);
    if (cut) throw new Error(`${cut} is cut off`);
    (asked ? aloud : withStderrMuted)(() => Deno.dlopen(framework, {}));
    const { symbols: tf } = Deno.dlopen(cc, {
      TF_Version: { parameters: [], result: "pointer" },
      TF_NewStatus: { parameters: [], result: "pointer" },
      TF_DeleteStatus: { parameters: ["pointer"], result: "void" },
      TF_LoadSharedLibrary: {
        parameters: ["buffer", "pointer"],
        result: "pointer",
        optional: true,
      },
    });
    // Deno unloads every library at the end, and unloading TensorFlow crashes the process: a second
    // hold, which nobody releases, keeps it there.
    const status = tf.TF_NewStatus();
    tf.TF_LoadSharedLibrary?.(text(cc), status);
    tf.TF_DeleteStatus(status);
    return Deno.UnsafePointerView.getCString(tf.TF_Version()!);
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) throw error;
    const why = (error instanceof Error ? error.message : String(error)).replace(
      /^(Could not open library: )+/,
      "",
    );
    throw new Failure(
      3,
      `${cc} is not a TensorFlow library that can be used here: ${why}\n${waysOut}`,
    );
  }
}

/**
 * Whether a Linux library lacks its end, as after half a download: its header says where the table
 * of its sections is, which comes last. False for any other kind of file.
 */
export function isCutOff(path: string): boolean {
  using file = Deno.openSync(path);
  const header = new DataView(new ArrayBuffer(64));
  const got = file.readSync(new Uint8Array(header.buffer));
  const isElf = got === 64 && header.getUint32(0) === 0x7f454c46;
  if (!isElf) return false;
  const sections = Number(header.getBigUint64(40, true));
  const each = header.getUint16(58, true);
  return file.statSync().size < sections + each * header.getUint16(60, true);
}
