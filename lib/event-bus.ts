import { Duration, type RemovalPolicy } from 'aws-cdk-lib';
import { EventBus } from 'aws-cdk-lib/aws-events';
import { Construct } from 'constructs';
import { sources } from '../contracts/envelope.ts';

export interface TrunklineBusProps {
  readonly name: string;
  /** How long events can be replayed. */
  readonly archiveDays: number;
  readonly removalPolicy: RemovalPolicy;
}

/** The bus on which everything is said, and an archive of what edges and functions said. */
export class TrunklineBus extends Construct {
  readonly bus: EventBus;

  constructor(scope: Construct, id: string, props: TrunklineBusProps) {
    super(scope, id);
    this.bus = new EventBus(this, 'Bus', { eventBusName: props.name });
    this.bus.applyRemovalPolicy(props.removalPolicy);
    this.bus.archive('Archive', {
      description: 'Events of calls and edges, for replay into new or repaired functions',
      eventPattern: { source: [sources.edge, sources.control] },
      retention: Duration.days(props.archiveDays),
    });
  }
}
