/** What a machine knows of itself. */
export interface Instance {
  readonly id: string;
  readonly zone: string;
}

/** The metadata service of the machine. */
export interface Metadata {
  instance(): Promise<Instance>;
  /** Ids of the network interfaces that are attached. */
  interfaces(): Promise<readonly string[]>;
  /** What the auto-scaling group wants of this machine: InService, Terminated and so on; undefined: it has not said. */
  targetState(): Promise<string | undefined>;
}

/** Seats are interfaces: attaching one takes it. */
export interface Attachments {
  /** False: another machine has it. */
  attach(eni: string, instanceId: string): Promise<boolean>;
}

/** The auto-scaling group waits for a machine at its start and at its end. */
export interface Lifecycle {
  /** Asks for more time. */
  stillBusy(hook: string): Promise<void>;
  /** Settles too where the group does not wait any more. */
  done(hook: string, result: 'CONTINUE' | 'ABANDON'): Promise<void>;
}

export interface Secrets {
  read(nameOrArn: string): Promise<string>;
}

/** What of a machine has calls: an edge or an rtpengine. */
export interface Worker {
  /** Whether it takes calls. */
  ready(): Promise<boolean>;
  /** No new calls. May be asked again. */
  drain(): Promise<void>;
  /** Whether its calls have ended. */
  idle(): Promise<boolean>;
}
