import { RemovalPolicy, Validations } from 'aws-cdk-lib';
import { type ITopic, Topic } from 'aws-cdk-lib/aws-sns';
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import { Construct } from 'constructs';
import type { Care } from '../care.ts';
import type { Settings } from '../settings.ts';
import { Alarms } from './alarms.ts';
import { Dashboards } from './dashboards.ts';
import type { Watched } from './watched.ts';

export interface WatchingProps {
  readonly watched: Watched;
  readonly care: Care;
  readonly settings: Settings;
}

/** Dashboards, alarms and where alarms go. */
export class Watching extends Construct {
  readonly topic: ITopic;

  constructor(scope: Construct, id: string, { watched, care, settings }: WatchingProps) {
    super(scope, id);
    const { topicArn, email } = settings.alarms;
    this.topic =
      topicArn === undefined ? this.ownTopic(care, email) : Topic.fromTopicArn(this, 'Topic', topicArn);
    const edgeIds = settings.alarms.edges ? settings.edges : [];
    const { minEdges } = settings.fleet ?? {};
    const comeAndGo = settings.alarms.edges && minEdges !== undefined && minEdges < settings.edges.length;
    const { all } = new Alarms(this, 'Alarms', {
      ...{ watched, topic: this.topic, edgeIds },
      leastEdges: comeAndGo ? minEdges : undefined,
    });
    if (settings.dashboards) new Dashboards(this, 'Dashboards', watched, all);
  }

  private ownTopic({ prefix, key }: Care, email: string | undefined): Topic {
    const topic = new Topic(this, 'Topic', {
      topicName: `${prefix}-alarms`,
      enforceSSL: true,
      ...(key ? { masterKey: key } : {}),
    });
    topic.applyRemovalPolicy(RemovalPolicy.DESTROY);
    if (email !== undefined) topic.addSubscription(new EmailSubscription(email));
    if (!key)
      Validations.of(topic).acknowledge({
        id: 'AwsSolutions-SNS2',
        reason:
          'CloudWatch cannot publish to a topic under the key of SNS itself; give encryptionKeyArn for one of yours.',
      });
    return topic;
  }
}
