import { Duration, type RemovalPolicy } from 'aws-cdk-lib';
import { Archive, EventBus } from 'aws-cdk-lib/aws-events';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { Construct } from 'constructs';
import { sources } from '../contracts/envelope.ts';

export interface TrunklineBusProps {
  readonly name: string;
  /** How long events can be replayed. */
  readonly archiveDays: number;
  readonly removalPolicy: RemovalPolicy;
  readonly key: IKey | undefined;
}

/** The bus on which everything is said, and an archive of what edges and functions said. */
export class TrunklineBus extends Construct {
  readonly bus: EventBus;

  constructor(scope: Construct, id: string, props: TrunklineBusProps) {
    super(scope, id);
    const encrypted = props.key ? { kmsKey: props.key } : {};
    this.bus = new EventBus(this, 'Bus', { eventBusName: props.name, ...encrypted });
    this.bus.applyRemovalPolicy(props.removalPolicy);
    const archive = new Archive(this, 'Archive', {
      sourceEventBus: this.bus,
      description: 'Events of calls and edges, for replay into new or repaired functions',
      eventPattern: { source: [sources.edge, sources.control] },
      retention: Duration.days(props.archiveDays),
      ...encrypted,
    });
    archive.applyRemovalPolicy(props.removalPolicy);
  }
}
