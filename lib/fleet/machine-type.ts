import * as z from 'zod';

const upTo16 = ['medium', 'large', 'xlarge', '2xlarge', '4xlarge', '8xlarge', '12xlarge', '16xlarge'];

/** ARM families of EC2 with the sizes that we let a fleet have. The images are built for ARM. */
const sizesOf: Readonly<Record<string, readonly string[]>> = {
  t4g: ['small', 'medium', 'large', 'xlarge', '2xlarge'],
  c6g: upTo16,
  c6gn: upTo16,
  c7g: upTo16,
  c7gn: upTo16,
  c8g: upTo16,
  m6g: upTo16,
  m7g: upTo16,
  m8g: upTo16,
};

/** An instance type such as c7g.large. */
export const MachineType = z.string().superRefine((type, context) => {
  const [family = '', size = ''] = type.split('.');
  const sizes = sizesOf[family];
  if (sizes?.includes(size)) return;
  const message = sizes
    ? `"${type}" is no size of ${family}: it has ${sizes.join(', ')}`
    : `"${type}" is of no ARM family that is known, and the images are ARM: use one of ${Object.keys(sizesOf).join(', ')}, such as c7g.large`;
  context.addIssue({ code: 'custom', message });
});
