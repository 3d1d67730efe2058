import { openCApi, type Pointer, withStatus } from "./c_api.ts";
import type { LibraryFiles } from "./library/layout.ts";

/** A device that TensorFlow can use. */
export interface Device {
  /** Short name, e.g. `CPU:0`. */
  readonly name: string;
  /** Kind, e.g. `CPU` or `GPU`. */
  readonly type: string;
}

/**
 * Lists the devices of a library that `findLibrary` found, with an empty session. Throws
 * TensorFlow's error if this fails.
 */
export function devices(library: LibraryFiles): Device[] {
  const api = openCApi(library);
  const graph = api.TF_NewGraph();
  const options = api.TF_NewSessionOptions();
  const query = (from: (status: Pointer) => Deno.PointerValue): Pointer =>
    withStatus(() => "listing devices", from)!;
  const text = (from: (status: Pointer) => Deno.PointerValue) =>
    Deno.UnsafePointerView.getCString(query(from));
  try {
    const session = query((status) => api.TF_NewSession(graph, options, status));
    try {
      const list = query((status) => api.TF_SessionListDevices(session, status));
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
