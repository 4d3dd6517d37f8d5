import { UserData } from 'aws-cdk-lib/aws-ec2';
import { promptsFolder, sysctls } from './units.ts';

export interface FirstBoot {
  /** JSON of a MachinePlan. */
  readonly plan: string;
  /** systemd units by file name. */
  readonly units: Readonly<Record<string, string>>;
  /** Host of the registry that the images are in. */
  readonly registry: string;
  /** A ZIP file in S3 with recordings. */
  readonly prompts: { readonly bucket: string; readonly key: string } | undefined;
}

/** Writes the files of a machine and starts what they name. There are no secrets here: anyone on the machine can read it. */
export function userData({ plan, units, registry, prompts }: FirstBoot): UserData {
  const data = UserData.forLinux();
  const write = (path: string, text: string) =>
    data.addCommands(`cat > ${path} <<'END_OF_FILE'`, text.trimEnd(), 'END_OF_FILE');
  data.addCommands(
    'set -euo pipefail',
    'install -d /etc/trunkline /var/lib/trunkline /root/.docker',
    // The release of the machine's image decides the versions: dnf of Amazon Linux stays within it.
    'dnf install -y docker amazon-ecr-credential-helper aws-cfn-bootstrap',
  );
  write('/etc/trunkline/machine.json', plan);
  write('/etc/sysctl.d/90-trunkline.conf', sysctls);
  write('/etc/tmpfiles.d/trunkline.conf', 'd /run/trunkline 0700 root root');
  write('/root/.docker/config.json', `{"credHelpers":{"${registry}":"ecr-login"}}`);
  for (const [name, text] of Object.entries(units)) write(`/etc/systemd/system/${name}`, text);
  if (prompts)
    data.addCommands(
      'dnf install -y unzip',
      `aws s3 cp --only-show-errors s3://${prompts.bucket}/${prompts.key} /root/prompts.zip`,
      `unzip -q -o /root/prompts.zip -d ${promptsFolder}`,
    );
  data.addCommands(
    'sysctl --system',
    'systemd-tmpfiles --create',
    'systemctl daemon-reload',
    'systemctl enable --now docker',
    `systemctl enable --now ${Object.keys(units)
      .filter((name) => units[name]?.includes('[Install]'))
      .join(' ')}`,
  );
  return data;
}
