import type { LibraryFiles } from "./layout.ts";

/** Something TensorFlow can compute on. */
export interface Device {
  /** Its short name, e.g. `CPU:0`. */
  readonly name: string;
  /** Its kind, e.g. `CPU` or `GPU`. */
  readonly type: string;
}

/** The devices of a library that `findLibrary` found, asked of an empty session. Throws what TensorFlow says is wrong. */
export function devices({ cc }: LibraryFiles): Device[] {
  const { symbols: tf } = Deno.dlopen(cc, {
    TF_NewStatus: { parameters: [], result: "pointer" },
    TF_GetCode: { parameters: ["pointer"], result: "i32" },
    TF_Message: { parameters: ["pointer"], result: "pointer" },
    TF_DeleteStatus: { parameters: ["pointer"], result: "void" },
    TF_NewGraph: { parameters: [], result: "pointer" },
    TF_DeleteGraph: { parameters: ["pointer"], result: "void" },
    TF_NewSessionOptions: { parameters: [], result: "pointer" },
    TF_DeleteSessionOptions: { parameters: ["pointer"], result: "void" },
    TF_NewSession: { parameters: ["pointer", "pointer", "pointer"], result: "pointer" },
    TF_DeleteSession: { parameters: ["pointer", "pointer"], result: "void" },
    TF_SessionListDevices: { parameters: ["pointer", "pointer"], result: "pointer" },
    TF_DeleteDeviceList: { parameters: ["pointer"], result: "void" },
    TF_DeviceListCount: { parameters: ["pointer"], result: "i32" },
    TF_DeviceListName: { parameters: ["pointer", "i32", "pointer"], result: "pointer" },
    TF_DeviceListType: { parameters: ["pointer", "i32", "pointer"], result: "pointer" },
  });
  const status = tf.TF_NewStatus();
  const checked = (result: Deno.PointerValue): Deno.PointerObject => {
    if (tf.TF_GetCode(status) === 0 && result) return result;
    throw new Error(`TensorFlow: ${Deno.UnsafePointerView.getCString(tf.TF_Message(status)!)}`);
  };
  const text = (result: Deno.PointerValue) => Deno.UnsafePointerView.getCString(checked(result));

  const graph = tf.TF_NewGraph(), options = tf.TF_NewSessionOptions();
  try {
    const session = checked(tf.TF_NewSession(graph, options, status));
    try {
      const list = checked(tf.TF_SessionListDevices(session, status));
      const found = Array.from({ length: tf.TF_DeviceListCount(list) }, (_, i): Device => ({
        name: text(tf.TF_DeviceListName(list, i, status)).replace(/^.*device:/, ""),
        type: text(tf.TF_DeviceListType(list, i, status)),
      }));
      tf.TF_DeleteDeviceList(list);
      return found;
    } finally {
      tf.TF_DeleteSession(session, status);
    }
  } finally {
    tf.TF_DeleteSessionOptions(options);
    tf.TF_DeleteGraph(graph);
    tf.TF_DeleteStatus(status);
  }
}
