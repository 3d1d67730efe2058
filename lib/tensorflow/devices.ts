import { openCApi, type Pointer, withStatus } from "./c_api.ts";
import type { LibraryFiles } from "./library/layout.ts";

/** Something TensorFlow can compute on. */
export interface Device {
  /** Its short name, e.g. `CPU:0`. */
  readonly name: string;
  /** Its kind, e.g. `CPU` or `GPU`. */
  readonly type: string;
}

/**
 * The devices of a library that `findLibrary` found, asked of an empty session. Throws what
 * TensorFlow says is wrong.
 */
export function devices(library: LibraryFiles): Device[] {
  const api = openCApi(library);
  const graph = api.TF_NewGraph();
  const options = api.TF_NewSessionOptions();
  const ask = (from: (status: Pointer) => Deno.PointerValue): Pointer =>
    withStatus(() => "listing devices", from)!;
  const text = (from: (status: Pointer) => Deno.PointerValue) =>
    Deno.UnsafePointerView.getCString(ask(from));
  try {
    const session = ask((status) => api.TF_NewSession(graph, options, status));
    try {
      const list = ask((status) => api.TF_SessionListDevices(session, status));
      const found = Array.from({ length: api.TF_DeviceListCount(list) }, (_, i): Device => ({
        name: text((status) => api.TF_DeviceListName(list, i, status)).replace(/^.*device:/, ""),
        type: text((status) => api.TF_DeviceListType(list, i, status)),
      }));
      api.TF_DeleteDeviceList(list);
      return found;
    } finally {
      withStatus(() => "closing a session", (status) => api.TF_DeleteSession(session, status));
    }
  } finally {
    api.TF_DeleteSessionOptions(options);
    api.TF_DeleteGraph(graph);
  }
}
