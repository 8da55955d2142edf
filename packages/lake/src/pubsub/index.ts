export { PUBSUB_SETTINGS, type PubSubDependencies, type PubSubSettings, runPubSub } from './pubsub.ts';
