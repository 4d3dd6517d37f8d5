/** What AWS would count for its bill. */
export interface Metered {
  /** EventBridge: a custom event counts once for each 64 KiB. `bytes` is what an archive keeps. */
  readonly events: { readonly units: number; readonly bytes: number };
  /**
   * Lambda, by function: runs, their time as measured here, each in whole ms as AWS bills it, the calls of the AWS SDK in them, and
   * the lines of their logs.
   */
  readonly functions: Readonly<
    Record<
      string,
      {
        readonly runs: number;
        readonly ms: number;
        readonly sdkCalls: number;
        readonly memoryMb: number;
        readonly logBytes: number;
      }
    >
  >;
  /** X-Ray: traces that came with events, each once, and those that Lambda began for runs without one. */
  readonly traces: { readonly told: number; readonly begun: number };
  /** DynamoDB, on demand: capacity units, those of indexes apart. */
  readonly tables: {
    readonly readUnits: number;
    readonly writeUnits: number;
    readonly indexWriteUnits: number;
  };
  /** SQS: requests, each once for each 64 KiB. */
  readonly queueRequests: number;
}

export interface Meter {
  event(bytes: number): void;
  run(name: string, ms: number, memoryMb: number): void;
  sdkCall(name: string): void;
  /** Of an invocation; undefined where none came with it. */
  trace(header: string | undefined): void;
  log(name: string, bytes: number): void;
  capacity(units: { readonly read?: number; readonly write?: number; readonly index?: number }): void;
  queueRequest(bytes: number): void;
  read(): Metered;
}

const CHUNK = 64 * 1024;
const chunks = (bytes: number) => Math.max(1, Math.ceil(bytes / CHUNK));

export function createMeter(): Meter {
  const events = { units: 0, bytes: 0 };
  const tables = { readUnits: 0, writeUnits: 0, indexWriteUnits: 0 };
  const fresh = () => ({ runs: 0, ms: 0, sdkCalls: 0, memoryMb: 0, logBytes: 0 });
  const functions = new Map<string, ReturnType<typeof fresh>>();
  const roots = new Set<string>();
  let begun = 0;
  const functionNamed = (name: string) => {
    const known = functions.get(name) ?? fresh();
    functions.set(name, known);
    return known;
  };
  let queueRequests = 0;
  return {
    event(bytes) {
      events.units += chunks(bytes);
      events.bytes += bytes;
    },
    run(name, ms, memoryMb) {
      const known = functionNamed(name);
      known.runs += 1;
      known.ms += Math.ceil(ms);
      known.memoryMb = memoryMb;
    },
    sdkCall(name) {
      functionNamed(name).sdkCalls += 1;
    },
    trace(header) {
      const root = /Root=([^;]+)/.exec(header ?? '')?.[1];
      if (root === undefined) begun += 1;
      else roots.add(root);
    },
    log(name, bytes) {
      functionNamed(name).logBytes += bytes;
    },
    capacity({ read = 0, write = 0, index = 0 }) {
      tables.readUnits += read;
      tables.writeUnits += write;
      tables.indexWriteUnits += index;
    },
    queueRequest(bytes) {
      queueRequests += chunks(bytes);
    },
    read: () => ({
      events: { ...events },
      functions: Object.fromEntries([...functions].map(([name, each]) => [name, { ...each }])),
      traces: { told: roots.size, begun },
      tables: { ...tables },
      queueRequests,
    }),
  };
}
