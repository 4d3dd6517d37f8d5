#!/usr/bin/env node
import { register } from 'tsx/esm/api';

// Said once a process, on stderr, by each SDK client; package.json says which Node we need.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';
register();
await import('./trunkline.ts');
