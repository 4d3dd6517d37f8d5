import { App } from 'aws-cdk-lib';
import { IvrStack } from './ivr-stack.ts';

const app = new App({ analyticsReporting: false });
new IvrStack(app, 'Ivr', { description: 'A menu in front of two agents' });
app.synth();
