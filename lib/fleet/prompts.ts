import { Stack } from 'aws-cdk-lib';
import type { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { Asset } from 'aws-cdk-lib/aws-s3-assets';
import { Construct } from 'constructs';
import { allow } from '../permissions.ts';

/** Recordings of the operator's folder, from where machines fetch them: edges look whether one is there, rtpengines play it. */
export class Prompts extends Construct {
  private readonly asset: Asset | undefined;

  constructor(scope: Construct, id: string, path: string | undefined) {
    super(scope, id);
    this.asset = path === undefined ? undefined : new Asset(this, 'Folder', { path });
  }

  get exist(): boolean {
    return this.asset !== undefined;
  }

  get place() {
    return this.asset && { bucket: this.asset.s3BucketName, key: this.asset.s3ObjectKey };
  }

  reading(): PolicyStatement[] {
    if (!this.asset) return [];
    const { s3BucketName: resource, s3ObjectKey: resourceName } = this.asset;
    const arn = { service: 's3', region: '', account: '', resource, resourceName };
    return [allow(['s3:GetObject'], Stack.of(this).formatArn(arn))];
  }
}
